"""Sums up the hours that are over, one at a time, so that rows never wait long behind it."""

from __future__ import annotations

from headgate.ledger.store import Store
from headgate.values import Clock

__all__ = ["ROLL_SECONDS", "Rolling"]

ROLL_SECONDS = 60.0
"""How often to look for hours that are over and not summed up."""


class Rolling:
    """Looks now and then; where there are more hours than one, the next turn does the next."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._rolled = float("-inf")

    def turn(self) -> None:
        """Sum up an hour if it is time to look and there is one.

        Raises:
            StoreError: the store does not answer.
        """
        now = self._clock.monotonic()
        if now - self._rolled < ROLL_SECONDS:
            return
        if not self._store.roll(int(self._clock.time() * 1e6), most=1):
            self._rolled = now
