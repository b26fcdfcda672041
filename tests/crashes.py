"""Sees that no worker of a run on several processors crashes unseen, even after its last test."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import pytest

__all__ = ["Crashes"]


class Crashes:
    """What a worker does at its very end no report tells: its exit code does.

    A crash in a test or between two is a failed test; pytest-xdist sees to that. One later, as when
    a compiled module is unloaded, would break a run in one process and shall break this one.
    """

    def __init__(self) -> None:
        self._workers: list[Any] = []
        self._ended_badly: dict[str, int] = {}

    @pytest.hookimpl(optionalhook=True)  # it is pytest-xdist's
    def pytest_testnodeready(self, node: Any) -> None:
        """A worker is there."""
        self._workers.append(node.gateway)

    @pytest.hookimpl(wrapper=True, trylast=True)  # before the terminal's, which sums up
    def pytest_sessionfinish(self, session: pytest.Session) -> Generator[None, object, object]:
        """All of them have ended, once the other plugins are through."""
        answer = yield
        codes = {worker.id: worker._io.wait() for worker in self._workers}
        self._ended_badly = {worker: code for worker, code in codes.items() if code}
        if self._ended_badly and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        return answer

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Say so before the closing line."""
        for worker, code in self._ended_badly.items():
            terminalreporter.section("a worker has crashed", red=True)
            terminalreporter.line(f"{worker} ended with exit code {code}")
