"""crashes: a run fails where a worker crashes, whenever it does, and ends with the closing line."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFTEST = """
from tests.crashes import Crashes

def pytest_configure(config):
    config.pluginmanager.register(Crashes())
"""


def ran(folder: Path, test: str) -> tuple[int, str]:
    """Exit code and output of a run with one worker over a file of tests."""
    (folder / "conftest.py").write_text(CONFTEST)
    (folder / "test_one.py").write_text(f"import atexit, os\n\ndef test_one():\n    {test}\n")
    (folder / "pytest.toml").touch()  # none of this clone's settings
    command = [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider"]
    command += ["-c", str(folder / "pytest.toml"), str(folder)]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    return done.returncode, done.stdout


@pytest.mark.parametrize(
    ("test", "code", "says", "closes"),
    [
        ("pass", 0, "1 worker", "1 passed"),
        ("os._exit(3)", 1, "crashed while running", "1 failed"),
        ("atexit.register(os.abort)", 1, "ended with exit code -6", "1 passed"),
    ],
)
def test_a_run_fails_where_a_worker_crashes(tmp_path, test, code, says, closes):
    found, told = ran(tmp_path, test)
    assert found == code
    assert says in told
    assert re.search(rf"^=* ?{closes} in .*", told.splitlines()[-1])
