"""Requests: a search of the ledger, newest first."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.web.brief import brief
from headgate.web.ledger_page import LedgerPage
from headgate.web.observer import Observer, Search
from headgate.web.period import PERIODS, period_of
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit

__all__ = ["Requests"]

FIELDS = ("text", "tier", "model", "route", "key", "reason")
OUTCOMES = {
    "": "any outcome",
    "served": "served",
    "escalated": "escalated",
    "retried": "retried",
    "failed": "failed",
}


class Requests(LedgerPage):
    """The page at `/requests`.

    Args:
        observer: looks at the ledger.
        templates: how it looks.
        now_us: the time, microseconds since 1970.
        tiers: cheapest first; what gives each its colour.
    """

    def __init__(
        self,
        observer: Observer,
        templates: Templates,
        now_us: Callable[[], int],
        tiers: Sequence[str],
    ) -> None:
        super().__init__(observer, templates, now_us)
        self._tiers = tuple(tiers)

    def show(self, visit: Visit) -> Answer:
        """What fits the search."""
        problem = None
        found: Sequence[Sequence[Entry]] = ()
        try:
            period = self._period(visit, "7d")
        except ConfigError as error:
            period, problem = period_of({}, self._now_us(), usual="7d"), str(error)
        asked = {name: visit.query.get(name, "").strip()[:200] for name in FIELDS}
        outcome = visit.query.get("outcome", "")
        if problem is None:
            search = Search(
                window=period.window,
                outcome=outcome if outcome in OUTCOMES else "",
                text=asked["text"],
                tier=asked["tier"],
                model=asked["model"],
                route=asked["route"],
                key=asked["key"],
                reason=asked["reason"],
            )
            found = self._observer.requests(search)
        body = self._templates(
            "requests.html",
            title="Requests",
            csrf=visit.csrf,
            asked=asked,
            outcome=outcome,
            outcomes=OUTCOMES,
            periods=PERIODS,
            period=period,
            problem=problem,
            tiers=self._tiers,
            rows=[brief(entries, self._tiers) for entries in found],
            most=100,
        )
        return Answer(body, status=422 if problem else 200)
