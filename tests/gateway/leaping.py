"""An event loop whose time leaps over every wait: what a test waits for comes at its exact time."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Coroutine
from typing import Any, TypeVar

__all__ = ["run_leaping"]

T = TypeVar("T")


class _Selector(selectors.DefaultSelector):
    """Waits for nothing but what is there already, and counts what it would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = super().select(0)
        if not ready:
            assert timeout is not None, "everything waits, and nothing is due at any time"
            self.waited += max(timeout, 0)
        return ready


class _Loop(asyncio.SelectorEventLoop):
    def __init__(self) -> None:
        self._leaping = _Selector()
        super().__init__(self._leaping)

    def time(self) -> float:
        return self._leaping.waited


def run_leaping(main: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`; the loop's time begins at 0 and goes on while everything waits, at once."""
    with asyncio.Runner(loop_factory=_Loop) as runner:
        return runner.run(main)
