"""What the pages that look at the ledger have in common: who looks, when, and how it is shown."""

from __future__ import annotations

from collections.abc import Callable

from headgate.web.observer import Observer
from headgate.web.period import Period, period_of
from headgate.web.templates import Templates
from headgate.web.visit import Visit

__all__ = ["LedgerPage"]


class LedgerPage:
    """A page of the ledger.

    Args:
        observer: looks at the ledger.
        templates: how it looks.
        now_us: the time, microseconds since 1970.
    """

    def __init__(self, observer: Observer, templates: Templates, now_us: Callable[[], int]) -> None:
        self._observer = observer
        self._templates = templates
        self._now_us = now_us

    def _period(self, visit: Visit, usual: str) -> Period:
        """The period that is asked about.

        Raises:
            ConfigError: it is none.
        """
        return period_of(visit.query, self._now_us(), usual=usual)
