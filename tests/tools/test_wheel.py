"""The wheel: what a user installs holds all that is read at run time, and the compiled form."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src/headgate"
BUILT_FROM = ("LICENSE", "MANIFEST.in", "NOTICE", "README.md", "pyproject.toml", "setup.py", "src")


@pytest.fixture
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is packed, away from this clone: building writes beside it."""
    folder = tmp_path_factory.mktemp("source")
    passed_over = shutil.ignore_patterns("*.so", "__pycache__", "*.egg-info")
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name, ignore=passed_over)
        else:
            shutil.copy(ROOT / name, folder)
    return folder


def built(source: Path, into: Path, **env: str) -> tuple[str, set[str]]:
    """The wheel's name and what is in it."""
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    command += ["--no-build-isolation", "--wheel-dir", str(into), str(source)]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | env)
    (wheel,) = into.glob("*.whl")
    with ZipFile(wheel) as packed:
        return wheel.name, set(packed.namelist())


def names() -> set[str]:
    """Every file of the package that must be in a wheel."""
    return {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and path.suffix not in {".c", ".so", ".pyc"}
    }


def test_a_wheel_holds_the_whole_package_and_no_source_in_c(source, tmp_path):
    name, packed = built(source, tmp_path)
    assert names() - packed == set()
    assert not [file for file in packed if file.endswith(".c") or file.startswith("tests")]
    if shutil.which("cc") or shutil.which("gcc"):
        assert "-cp311-abi3-" in name, "one wheel for every Python from 3.11 on"
        assert "headgate/routing/_ngrams.abi3.so" in packed


def test_of_a_clone_that_is_in_use_nothing_goes_along(source, tmp_path):
    left = {
        "src/headgate/__pycache__/old.cpython-311.pyc",
        "src/headgate/ledger/__pycache__/old.cpython-311.pyc",
        "src/headgate/routing/_old.abi3.so",
    }
    for name in left:
        (source / name).parent.mkdir(exist_ok=True)
        (source / name).write_bytes(b"of another day")
    _, packed = built(source, tmp_path)
    assert not [file for file in packed if file.endswith((".pyc", "_old.abi3.so"))]
    assert names() - packed == set()


def test_where_there_is_no_compiler_a_wheel_is_built_without_the_compiled_form(source, tmp_path):
    _, packed = built(source, tmp_path, CC="false")
    assert names() - packed == set()
    assert not [file for file in packed if file.endswith(".so")]
