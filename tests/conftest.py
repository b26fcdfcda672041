"""What holds for every test: no fetched prices, no time limits; PostgreSQL where it is wanted."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.databases import new_database, postgres_server

settings.register_profile("headgate", deadline=None)  # a busy machine is no defect
settings.load_profile("headgate")


@pytest.fixture(autouse=True, scope="session")
def _no_data_of_the_developer(tmp_path_factory: pytest.TempPathFactory):
    """An empty data directory, for this process and for those that tests start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        yield


@pytest.fixture(scope="session")
def _postgres():
    with postgres_server() as url:
        yield url


@pytest.fixture
def postgres_url(_postgres):
    """The URL of an empty database in a real PostgreSQL."""
    with new_database(_postgres) as url:
        yield url
