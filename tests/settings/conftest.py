"""A desk for every test that reads settings files."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.settings.files import Desk


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    """A desk in a directory of its own."""
    return Desk(tmp_path)
