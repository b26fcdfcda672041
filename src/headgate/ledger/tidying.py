"""Deletes prompts that have been kept for long enough, a few at a time, between groups of rows."""

from __future__ import annotations

from headgate.ledger.store import Store
from headgate.values import Clock

__all__ = ["TIDY_SECONDS", "Tidying"]

TIDY_SECONDS = 600.0
"""How often to look for prompts that are older than they are kept."""


class Tidying:
    """Looks now and then; where there are more than are deleted at a time, the next turn goes on.

    Args:
        store: where the prompts are.
        clock: the time.
        last: seconds that a prompt is kept; None: for ever.
    """

    def __init__(self, store: Store, clock: Clock, last: float | None) -> None:
        self._store = store
        self._clock = clock
        self._last = last
        self._tidied = float("-inf")

    def turn(self) -> None:
        """Delete some of what is too old, if it is time to look and there is any.

        Raises:
            StoreError: the store does not answer.
        """
        now = self._clock.monotonic()
        if self._last is None or now - self._tidied < TIDY_SECONDS:
            return
        before = int((self._clock.time() - self._last) * 1e6)
        if not next(self._store.prune_prompts(before), 0):
            self._tidied = now
