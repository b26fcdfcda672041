"""What happened: alarms, what was done about them, reloads, changes of keys."""

from __future__ import annotations

from headgate.ledger.event import Event
from headgate.monitor.feedback import FEEDBACK
from headgate.monitor.quality import COMPARED
from headgate.web.event_words import particulars, words_of
from headgate.web.ledger_page import LedgerPage
from headgate.web.period import PERIODS, moment_text
from headgate.web.visit import Answer, Visit

__all__ = ["Alerts"]

FREQUENT = frozenset({COMPARED, FEEDBACK})
"""Kinds that come with traffic: thousands of them would bury an alarm, so they are asked for."""


class Alerts(LedgerPage):
    """The page at `/alerts`: the events of the ledger, newest first."""

    def show(self, visit: Visit) -> Answer:
        """The events of a period, the frequent ones only by their kind; alone for a script."""
        period = self._period(visit, "90d")
        kind = visit.query.get("kind", "")
        found = self._observer.events(period.window)
        kinds = sorted({event.kind for event in found} | ({kind} if kind else set()))
        rows = [
            _event(event)
            for event in found
            if (event.kind == kind if kind else event.kind not in FREQUENT)
        ][:500]
        shown = {"rows": rows}
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
                **shown,
            )
        )


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
