"""Counts what the gateway refuses by itself: a metric at once, and an event a minute for a key."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from headgate.ledger.event import Event
from headgate.ledger.refused import refusal_event
from headgate.values import Clock

__all__ = ["TELL_SECONDS", "Refusals"]

TELL_SECONDS = 60.0
"""How long refusals of keys are added up before the ledger hears of them."""


class Refusals:
    """The refusals of one process. A refusal costs a few additions, whoever sends how many.

    Args:
        counted: told of each one's reason, an error's code.
        note: keeps an event, without making the event loop wait.
        clock: the time.
        holder: a name for this process that no other has had.
    """

    def __init__(
        self,
        counted: Callable[[str], None],
        note: Callable[[Event], None],
        clock: Clock,
        *,
        holder: str,
    ) -> None:
        self._counted = counted
        self._note = note
        self._clock = clock
        self._holder = holder
        self._by_key: dict[str, dict[str, int]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def take(self, reason: str, key: str | None) -> None:
        """A request was refused; `key` is the id of its key, where it came with one that is known.

        Nothing that a caller can make up is kept: reasons are the gateway's words, keys its own.
        """
        self._counted(reason)
        if key is None:
            return
        reasons = self._by_key.setdefault(key, {})
        reasons[reason] = reasons.get(reason, 0) + 1
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TELL_SECONDS, self.tell)

    def tell(self) -> None:
        """Write down what has not been yet."""
        for event in self.events():
            self._note(event)

    def events(self) -> list[Event]:
        """What has not been written down yet, for whoever does that now; then it counts as told."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        told, self._by_key = self._by_key, {}
        at_us = int(self._clock.time() * 1e6)
        return [refusal_event(self._holder, key, reasons, at_us) for key, reasons in told.items()]
