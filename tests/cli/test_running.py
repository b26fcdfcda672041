"""running: where a process's log goes, and what its event loop is."""

import asyncio
import logging

import uvloop

from headgate.cli.running import log_to_stderr, run


def test_it_runs_on_uvloop_to_the_end():
    seen: list[asyncio.AbstractEventLoop] = []

    async def main() -> None:
        seen.append(asyncio.get_running_loop())

    run(main())
    assert isinstance(seen[0], uvloop.Loop)
    assert seen[0].is_closed()


def test_a_log_line_says_when_how_bad_and_whose_it_is(monkeypatch, capsys):
    root = logging.Logger("root")
    monkeypatch.setattr(logging, "root", root)
    log_to_stderr()
    root.info("it %s", "serves")
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith(" INFO root it serves\n")
    assert root.level == logging.INFO
