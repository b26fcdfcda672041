"""What the ledger complains of in the log: the same trouble once a minute, however often it is."""

from __future__ import annotations

import logging
from collections.abc import Callable

from headgate.values import Clock

__all__ = ["COMPLAIN_SECONDS", "Complaints"]

_log = logging.getLogger("headgate.ledger")

COMPLAIN_SECONDS = 60.0
"""The same trouble is logged once in this time."""


class Complaints:
    """Logs trouble; the numbers beside it, which `standing` gives, tell the rest."""

    def __init__(self, clock: Clock, standing: Callable[[], str]) -> None:
        self._clock = clock
        self._standing = standing
        self._last: dict[str, float] = {}

    def __call__(self, event: str, what: object, *, defect: Exception | None = None) -> None:
        """Log an event, with the traceback of a defect, unless it was logged a moment ago."""
        now = self._clock.monotonic()
        if now - self._last.get(event, float("-inf")) < COMPLAIN_SECONDS:
            return
        self._last[event] = now
        _log.error("%s: %s (%s)", event, what, self._standing(), exc_info=defect)
