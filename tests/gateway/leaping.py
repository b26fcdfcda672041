"""An event loop whose time leaps over every wait: what a test waits for comes at its exact time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from concurrent.futures import Executor
from time import monotonic
from typing import Any, TypeVar

__all__ = ["run_leaping"]

T = TypeVar("T")
ON_ITS_WAY = 0.02
"""Seconds that the system may take to carry a byte from one socket of this process to another."""
PATIENCE = 60.0
"""Seconds after which what should come from a thread is not going to."""


class _Selector(selectors.DefaultSelector):
    """Waits for nothing but what is there or on its way, and counts what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0
        self.at_work = 0
        """How many threads work for the loop; as long as one does, time is the machine's."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            ready = super().select(PATIENCE)
            assert ready, "everything waits, and nothing is due at any time"
            return ready
        if self.at_work:
            began = monotonic()
            ready = super().select(timeout)
            self.waited += monotonic() - began
            return ready
        sockets = len(self.get_map()) > 1  # the loop has one to wake itself
        ready = super().select(ON_ITS_WAY if sockets and timeout > 0 else 0)
        if not ready:
            self.waited += max(timeout, 0)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Selector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.waited

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Any, *args: Any
    ) -> asyncio.Future[Any]:
        self._leaping.at_work += 1
        work: asyncio.Future[Any] = super().run_in_executor(executor, func, *args)
        work.add_done_callback(self._worked)
        return work

    async def shutdown_default_executor(self, *args: Any) -> None:
        """Its threads' end is waited for, too: from Python 3.12 on for 300 seconds at most."""
        self._leaping.at_work += 1
        try:
            await super().shutdown_default_executor(*args)
        finally:
            self._leaping.at_work -= 1

    def _worked(self, _: object) -> None:
        self._leaping.at_work -= 1


def run_leaping(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`; the loop's time begins at 0 and goes on while everything waits, at once.

    Sockets both of whose ends are in this loop, and what its executor does, are waited for: time
    does not go on before it is there, unless the system holds a byte for more than `ON_ITS_WAY`.
    What comes from another process or loop, or from a thread that somebody starts by himself (as
    for a look-up of a name), is none of this loop's business: there time leaps past.
    """
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
