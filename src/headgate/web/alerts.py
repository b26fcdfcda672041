"""What happened: alarms, what was done about them, reloads, changes of keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from headgate.ledger.event import Event
from headgate.monitor.feedback import FEEDBACK
from headgate.monitor.quality import COMPARED
from headgate.render.table import Column, Table, csv_text
from headgate.web.event_words import particulars, words_of
from headgate.web.ledger_page import LedgerPage
from headgate.web.period import PERIODS, Period, moment_text
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["Alerts"]

FREQUENT = frozenset({COMPARED, FEEDBACK})
"""Kinds that come with traffic: thousands of them would bury an alarm, so they are asked for."""


MOST = 500
"""Events on the page."""


class Alerts(LedgerPage):
    """The page at `/alerts`: the events of the ledger, newest first."""

    def show(self, visit: Visit) -> Answer:
        """The events of a period, the frequent ones only by their kind; alone for a script."""
        period, kind, found, fitting = self._asked(visit)
        kinds = sorted({event.kind for event in found} | ({kind} if kind else set()))
        rows = [_event(event) for event in fitting[:MOST]]
        shown = {"rows": rows, "left": len(fitting) - len(rows)}
        if visit.wants_fragment:
            return Answer(self._templates("alerts_live.html", **shown))
        return Answer(
            self._templates(
                "alerts.html",
                title="Alerts",
                csrf=visit.csrf,
                kinds=[(name, words_of(name)) for name in kinds],
                kind=kind,
                periods=PERIODS,
                period=period,
                saved=query_of({**period.query(), **({"kind": kind} if kind else {})}),
                **shown,
            )
        )

    def json(self, visit: Visit) -> Answer:
        """All events that fit, as the ledger has them."""
        *_, fitting = self._asked(visit)
        told = {"events": [_document(event) for event in fitting]}
        return as_json(told)

    def csv(self, visit: Visit) -> Answer:
        """The same, a row each; particulars are JSON."""
        *_, fitting = self._asked(visit)
        rows = tuple((*list(_document(event).values())[:-1], event.detail) for event in fitting)
        names = ("at", "kind", "words", "subject", "detail")
        text = csv_text(Table(tuple(map(Column, names)), rows))
        return download(text, CSV, "alerts.csv")

    def _asked(self, visit: Visit) -> tuple[Period, str, Sequence[Event], Sequence[Event]]:
        """The period, the kind, the period's events, and those that fit; the newest first."""
        period = self._period(visit, "90d")
        kind = visit.query.get("kind", "")
        found = self._observer.events(period.window)
        fitting = [
            event for event in found if (event.kind == kind if kind else event.kind not in FREQUENT)
        ]
        return period, kind, found, fitting


def _document(event: Event) -> dict[str, Any]:
    at = datetime.fromtimestamp(event.at_us / 1e6, tz=UTC)
    try:
        detail = json.loads(event.detail)
    except ValueError:
        detail = event.detail
    return {
        "at": at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "kind": event.kind,
        "words": words_of(event.kind),
        "subject": event.subject,
        "detail": detail,
    }


def _event(event: Event) -> tuple[str, str, str, str, str, list[tuple[str, str]]]:
    """Moment, words, kind, subject, mood, particulars."""
    told = particulars(event.detail)
    words = words_of(event.kind) or event.kind
    return moment_text(event.at_us), words, event.kind, event.subject, _mood(event.kind), told


def _mood(kind: str) -> str:
    word = kind.rpartition(".")[2]
    if word in ("raised", "refused", "exhausted", "failed", "stale", "breached"):
        return "bad"
    return "good" if word in ("cleared", "released") else ""
