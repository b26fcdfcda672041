"""The dashboard: is routing paying, is the budget kept, where did the bill go."""

from __future__ import annotations

from typing import Any

import msgspec

from headgate.ledger.totals import HOUR_US
from headgate.monitor.unknown import told
from headgate.render.table import Column, Table, csv_text
from headgate.web.board import board
from headgate.web.ledger_page import LedgerPage
from headgate.web.observer import Seen
from headgate.web.period import DIMENSIONS, PERIODS, Period, moment_text
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["Dashboard"]

USUAL = "30d"


class Dashboard(LedgerPage):
    """The pages at `/`, and the same as JSON and CSV."""

    def show(self, visit: Visit) -> Answer:
        """The whole page, or the part that changes for a script."""
        period = self._period(visit, USUAL)
        seen = self._observer.look(period)
        shown: dict[str, Any] = {"board": board(seen, period), "period": period}
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


def _choices(seen: Seen, period: Period) -> list[tuple[str, str, list[str]]]:
    """What the period can be narrowed to: (dimension, chosen, values)."""
    found = []
    for name in DIMENSIONS:
        values = [group.name for group in seen.groups.get(name, ()) if group.name]
        chosen = period.only.get(name, "")
        if chosen and chosen not in values:
            values.append(chosen)
        if values:
            found.append((name, chosen, values))
    return found
