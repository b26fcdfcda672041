"""A graded file and its router, made once for all tests of the commands over them."""

from __future__ import annotations

from pathlib import Path
from shutil import copy

import pytest

from tests.cli.graded_files import trained_file


@pytest.fixture(scope="session")
def _made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return trained_file(tmp_path_factory.mktemp("graded"))


@pytest.fixture
def trained_files(_made: tuple[Path, Path], tmp_path: Path) -> tuple[Path, Path]:
    """The graded file, and a router of the test's own."""
    graded, router = _made
    return graded, Path(copy(router, tmp_path / "router.headgate"))
