"""What holds for every test: the price lists that a developer has fetched are not seen."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True, scope="session")
def _no_data_of_the_developer(tmp_path_factory: pytest.TempPathFactory):
    """An empty data directory, for this process and for those that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield
