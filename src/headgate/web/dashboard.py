"""The dashboard: is routing paying, is the budget kept, where did the bill go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from headgate.ledger.totals import HOUR_US
from headgate.monitor.unknown import told
from headgate.render.table import Column, Table, csv_text
from headgate.web.board import board
from headgate.web.ledger_page import LedgerPage
from headgate.web.observer import Observer, Seen, Underway
from headgate.web.period import DIMENSIONS, PERIODS, Period, moment_text
from headgate.web.templates import Templates
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["Dashboard"]

USUAL = "30d"


class Dashboard(LedgerPage):
    """The pages at `/`, and the same as JSON and CSV.

    Args:
        observer, templates, now_us: as those of every page of the ledger.
        glance: looks for the page, which does not wait for what takes long; a file does. None: the
            page waits, too.
    """

    def __init__(
        self,
        observer: Observer,
        templates: Templates,
        now_us: Callable[[], int],
        *,
        glance: Callable[[Period], Seen | Underway] | None = None,
    ) -> None:
        super().__init__(observer, templates, now_us)
        self._glance = glance or observer.look

    def show(self, visit: Visit) -> Answer:
        """The whole page, or the part that changes for a script."""
        period = self._period(visit, USUAL)
        seen = self._glance(period)
        shown: dict[str, Any] = (
            {"underway": round(seen.seconds), "period": period}
            if isinstance(seen, Underway)
            else {"board": board(seen, period), "period": period}
        )
        if visit.wants_fragment:
            return Answer(self._templates("dashboard_live.html", **shown))
        return Answer(
            self._templates(
                "dashboard.html",
                title="Dashboard",
                csrf=visit.csrf,
                choices=_choices(seen, period),
                query=query_of(period.query()),
                chips=[
                    (query_of({**period.only, "since": name}), title, name == period.since)
                    for name, (_, title) in PERIODS.items()
                ],
                **shown,
            )
        )

    def json(self, visit: Visit) -> Answer:
        """What is seen, as one JSON document: amounts in nano-USD, times in microseconds."""
        seen = self._observer.look(self._period(visit, USUAL))
        return as_json(told(msgspec.to_builtins(seen, enc_hook=float)))

    def csv(self, visit: Visit) -> Answer:
        """The routed requests hour by hour, as CSV."""
        seen = self._observer.look(self._period(visit, USUAL))
        names = ("hour", "served", "escalated", "left_out", "paid_nano", "baseline_nano")
        rows = tuple(
            (
                moment_text(hour.hour * HOUR_US),
                *(str(getattr(hour, name)) for name in names[1:4]),
                *(str(getattr(hour, name)) if hour.known else "" for name in names[4:]),
            )
            for hour in seen.hours
        )
        text = csv_text(Table(tuple(map(Column, names)), rows))
        return download(text, CSV, "hours.csv")


def _choices(seen: Seen | Underway, period: Period) -> list[tuple[str, str, list[str]]]:
    """What the period can be narrowed to: (dimension, chosen, values)."""
    found = []
    groups = {} if isinstance(seen, Underway) else seen.groups
    for name in DIMENSIONS:
        values = [group.name for group in groups.get(name, ()) if group.name]
        chosen = period.only.get(name, "")
        if chosen and chosen not in values:
            values.append(chosen)
        if values:
            found.append((name, chosen, values))
    return found
