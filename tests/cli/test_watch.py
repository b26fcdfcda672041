"""watch: the status again and again, on a terminal, in a log, until Ctrl-C."""

import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from headgate.cli.watch import repeat, watch
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import StoreError
from tests.cli.test_status import TOML, answered
from tests.cli.test_status_page import ALARM, made

SCREEN_ON, SCREEN_OFF = "\x1b[?1049h", "\x1b[?1049l"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with settings and a ledger whose budget is kept."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(TOML)
    store = SqliteStore(tmp_path / "headgate.db")
    store.append(answered(500, 50))
    store.close()
    return tmp_path


def run(*args: str) -> Any:
    found = CliRunner().invoke(watch, args, standalone_mode=False)
    if found.exception is not None:
        raise found.exception
    return found


def start(here: Path, *args: str, **streams: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "headgate", "watch", "--every", "0.1s", *args],
        cwd=here,
        env={**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "40"},
        text=True,
        **streams,
    )


def test_without_a_terminal_each_look_is_a_line(here):
    found = run("--count", "2", "--every", "0.1s")
    first, second = found.stdout.splitlines()
    assert "all is well · routing yes · escalation 10.0 % over 3.0 h · budget 15.0 %" in first
    assert second[22:] == first[22:]
    assert (found.return_value, found.stderr) == (0, "")


def test_a_plan_that_is_missing_is_told_once(here):
    (here / "headgate.toml").write_text(TOML.replace("claude-haiku-4-5", "claude-secret-1"))
    found = run("--count", "3", "--every", "0.1s")
    assert found.return_value == 0
    assert len(found.stdout.splitlines()) == 3
    assert found.stderr.count("no plan to compare with") == 1


def test_with_json_each_look_is_a_document_on_a_line(here):
    found = run("--count", "2", "--every", "0.1s", "--json")
    first, second = map(json.loads, found.stdout.splitlines())
    assert first["ok"] is second["ok"] is True
    assert first["looked_at"] < second["looked_at"]


def test_the_last_look_gives_the_exit_code(here):
    assert run("--count", "1", "--set", "escalation.budget=0.02").return_value == 1


def test_ctrl_c_ends_it_without_a_word(here):
    with start(here, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert "all is well" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")


def read_until(terminal: int, text: str, seconds: float = 60.0) -> str:
    """What the terminal was sent, up to a text."""
    got, deadline = "", time.monotonic() + seconds
    while text not in got and time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.1)[0]:
            try:
                got += os.read(terminal, 65_536).decode()
            except OSError:  # Linux's word for the other end being closed
                break
    return got


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM])
def test_on_a_terminal_it_has_its_own_screen_and_leaves_the_last_page_behind(here, ending):
    terminal, inner = pty.openpty()
    process = start(here, stdout=inner, stderr=inner, stdin=inner)
    os.close(inner)
    try:
        screen = read_until(terminal, "Tripwire")
        process.send_signal(ending)
        after = read_until(terminal, "Tripwire" * 99)  # to its end
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        os.close(terminal)
    assert SCREEN_ON in screen
    left = after[after.index(SCREEN_OFF) :]
    assert "Headgate status" in click.unstyle(left)
    assert "Traceback" not in screen + after


@pytest.mark.parametrize("every", ["soon", "0.01s"])
def test_a_pause_that_is_none_is_wrong_use(here, every):
    with pytest.raises(click.BadParameter):
        run("--every", every)


def test_a_ledger_that_does_not_answer_is_looked_at_again(capsys):
    answers = iter([StoreError("The ledger is locked.", fix="Wait."), made()])

    def look() -> Any:
        answer = next(answers)
        if isinstance(answer, StoreError):
            raise answer
        return answer

    shown: list[Any] = []
    last = repeat(look, shown.append, lambda: None, range(2))
    assert shown == [last]
    assert capsys.readouterr().err == "The ledger is locked. Wait. It is tried again.\n"


def test_there_is_a_pause_between_two_looks_and_none_before_the_first():
    said: list[str] = []
    repeat(made, lambda _: said.append("look"), lambda: said.append("pause"), range(3))
    assert said == ["look", "pause", "look", "pause", "look"]


def test_ctrl_c_during_a_pause_keeps_the_last_look():
    def interrupted() -> None:
        raise KeyboardInterrupt

    def forever() -> Iterator[int]:
        number = 0
        while True:
            yield number
            number += 1

    last = repeat(lambda: made(ALARM), lambda _: None, interrupted, forever())
    assert last is not None
    assert not last.answer
