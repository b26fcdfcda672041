"""Deadlines for thousands of waits that nearly all end in time: one coarse timer serves them all.

An event loop's own timer is made, kept in order and closed for each wait, some 4 µs that a request
pays several times over. Here a deadline is an entry in a dictionary, and one timer looks through
them twenty times a second while there are any. So an action comes up to a twentieth of a second
late, and never early.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Self

import msgspec

__all__ = ["TICK", "Deadlines", "Within"]

TICK = 0.05
"""Seconds between two looks."""


class Deadlines:
    """The deadlines of one event loop. An owner, any hashable object, has one at a time."""

    __slots__ = ("_armed", "_ticking", "loop")

    def __init__(self) -> None:
        self._armed: dict[object, tuple[float, Callable[[], object]]] = {}
        self.loop: asyncio.AbstractEventLoop | None = None
        self._ticking = False

    def arm(self, owner: object, seconds: float, action: Callable[[], object]) -> None:
        """Do `action` in so many seconds, unless the owner arms again or disarms before."""
        loop = self.loop
        if loop is None:
            loop = self.loop = asyncio.get_running_loop()
        self._armed[owner] = (loop.time() + seconds, action)
        if not self._ticking:
            self._ticking = True
            loop.call_later(TICK, self._tick, loop)

    def disarm(self, owner: object) -> None:
        """The owner's action is not done; it need not have one."""
        self._armed.pop(owner, None)

    def within(self, seconds: float) -> Within:
        """A block that is cancelled after so many seconds, with TimeoutError outside of it.

        Where no time is left it is not entered.
        """
        if seconds <= 0:  # not even the twentieth that a look may be late
            raise TimeoutError
        loop = self.loop
        if loop is None:
            loop = self.loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        if task is None:
            raise RuntimeError("a deadline needs a task to cancel")
        if not self._ticking:
            self._ticking = True
            loop.call_later(TICK, self._tick, loop)
        return Within(self._armed, loop.time() + seconds, task, task.cancelling())

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        due = [(owner, action) for owner, (at, action) in self._armed.items() if at <= now]
        for owner, _ in due:
            del self._armed[owner]
        for _, action in due:
            loop.call_soon(action)  # by itself, so that one that fails takes no other with it
        self._ticking = bool(self._armed)
        if self._ticking:
            loop.call_later(TICK, self._tick, loop)


class Within(msgspec.Struct, eq=False):
    """`with deadlines.within(3.0):` — as `asyncio.timeout`, at a fraction of its price.

    A cancellation from elsewhere stays one, also when it comes together with the deadline.
    """

    _armed: dict[object, tuple[float, Callable[[], object]]]
    """The deadlines of its event loop: it is entered and taken out without a call."""
    _at: float
    _task: asyncio.Task[object]
    _before: int
    """How often its task had been cancelled when it began."""
    _expired: bool = False

    def __enter__(self) -> Self:
        self._armed[self] = (self._at, self._expire)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        _: TracebackType | None,
    ) -> None:
        self._armed.pop(self, None)
        if not self._expired:
            self._expired = True  # an action that is on its way comes too late
            return
        if self._task.uncancel() <= self._before and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def _expire(self) -> None:
        if not self._expired:
            self._expired = True
            self._task.cancel()
