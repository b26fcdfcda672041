"""tended: one process stores for all, everybody sees that it does, and its death ends it."""

import signal
import subprocess
import sys

import pytest

from headgate.ledger.tended import hold, is_tended, let_go

CHILD = """
import sys, time
from pathlib import Path
from headgate.ledger.tended import hold
print(hold(Path(sys.argv[1])) is not None, flush=True)
time.sleep(60)
"""


def test_one_holds_it_and_lets_it_go_without_a_trace(tmp_path):
    assert not is_tended(tmp_path)
    held = hold(tmp_path)
    assert held is not None
    assert is_tended(tmp_path)
    assert hold(tmp_path) is None
    let_go(tmp_path, held)
    assert not is_tended(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_it_dies_with_its_process(tmp_path):
    command = [sys.executable, "-c", CHILD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "True\n"
        assert is_tended(tmp_path)
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert not is_tended(tmp_path)
    held = hold(tmp_path)
    assert held is not None
    let_go(tmp_path, held)


def test_where_it_cannot_be_found_out_nobody_tends(tmp_path):
    (tmp_path / "tended").symlink_to(tmp_path / "tended")
    assert not is_tended(tmp_path)
    with pytest.raises(OSError, match="symbolic"):
        hold(tmp_path)
