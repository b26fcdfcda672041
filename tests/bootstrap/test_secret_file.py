"""secret_file: made once, read by its user only, agreed on by processes that start at once."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest

from headgate.bootstrap.secret_file import beside_ledger, chosen, kept, made
from headgate.errors import ConfigError


def keep(path):
    return kept(path, "pepper", instead="Name a variable.")


def test_a_secret_is_made_once_and_only_its_user_can_read_it(tmp_path):
    file = tmp_path / "a.pepper"
    first = keep(file)
    assert len(first) >= 43
    assert keep(file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["a.pepper"], "no draft is left"
    assert made("hga_").startswith("hga_")
    assert made() != made()


def test_processes_that_start_at_once_agree(tmp_path):
    program = (
        "import sys; from pathlib import Path; from headgate.bootstrap.secret_file import kept\n"
        "print(kept(Path(sys.argv[1]), 'pepper', instead=''))"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "pepper")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate(timeout=60)[0] for process in started}) == 1


def test_what_cannot_be_used_is_said_and_never_shown(tmp_path):
    file = tmp_path / "pepper"
    secret = keep(file)
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="read by other users") as caught:
        keep(file)
    assert secret not in str(caught.value)
    file.chmod(0o600)
    file.write_text("")
    with pytest.raises(ConfigError, match="holds no pepper"):
        keep(file)
    with pytest.raises(ConfigError, match=r"cannot be used.*Name a variable"):
        keep(tmp_path / "none" / "pepper")


def test_a_chosen_secret_is_set_and_long():
    assert chosen({"A": "0123456789abcdef"}, "A", "[x] y") == "0123456789abcdef"
    with pytest.raises(ConfigError, match=r"\[x\] y names, is not set"):
        chosen({}, "A", "[x] y")
    with pytest.raises(ConfigError, match="fewer than 16") as caught:
        chosen({"A": "tooshort"}, "A", "[x] y")
    assert "tooshort" not in str(caught.value)


def test_it_lies_beside_the_ledger():
    assert str(beside_ledger("sqlite:////var/h.db", "x")) == "/var/h.db.x"
    assert str(beside_ledger("postgresql://u@h/d", "x")) == "headgate.x"
    assert beside_ledger("memory:", "x") is None
