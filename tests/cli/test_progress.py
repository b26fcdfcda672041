"""progress: quiet lines where there is no terminal, a bar where there is one."""

import io
import sys

import pytest

from headgate.cli.progress import progress


@pytest.mark.parametrize(
    ("total", "said"),
    [(1, [1]), (2, [1, 2]), (8, [2, 4, 6, 8]), (300, [75, 150, 225, 300])],
)
def test_without_a_terminal_there_is_a_line_for_every_quarter(total, said, capsys):
    with progress("Sending", total) as step:
        for _ in range(total):
            step()
    output = capsys.readouterr()
    assert output.err.splitlines() == [f"Sending: {count}" for count in said]
    assert output.out == ""


def test_on_a_terminal_there_is_a_bar_that_ends_full(monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    with progress("Sending", 3) as step:
        for _ in range(3):
            step()
    assert "3/3" in terminal.getvalue()
