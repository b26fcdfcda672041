"""Prices with their source, date and history; and what happened: alarms, actions, keys."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Protocol

from headgate.ledger.event import Event
from headgate.monitor.feedback import FEEDBACK
from headgate.monitor.quality import COMPARED
from headgate.prices.card import Rates, usd_per_million
from headgate.prices.catalogue import Found, Held
from headgate.render.table import Column, Table
from headgate.web.ledger_page import LedgerPage
from headgate.web.period import PERIODS, moment_text
from headgate.web.templates import Templates
from headgate.web.visit import Answer, Visit, query_of

__all__ = ["Alerts", "PriceList", "Prices"]

KINDS = {
    "input": "in",
    "output": "out",
    "cache_read": "cache read",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
}
MOST = 100

FREQUENT = frozenset({COMPARED, FEEDBACK})
"""Kinds that come with traffic: thousands of them would bury an alarm, so they are asked for."""


class PriceList(Protocol):
    """Knows prices."""

    @property
    def source(self) -> str:
        """Whose list, and as of when."""

    @property
    def today(self) -> date:
        """The day that prices are shown for."""

    def search(self, text: str) -> Sequence[Found]:
        """Models that fit a text, best first; all for an empty text."""

    def history(self, name: str) -> Sequence[Held]:
        """All prices of a model, the oldest first; none for a model that the list does not know."""


class Prices:
    """The page at `/prices`.

    Args:
        prices: knows them.
        templates: how it looks.
    """

    def __init__(self, prices: PriceList, templates: Templates) -> None:
        self._prices = prices
        self._templates = templates

    def show(self, visit: Visit) -> Answer:
        """A search, and the history of the model that is asked about."""
        text = visit.query.get("q", "").strip()[:100]
        model = visit.query.get("model", "").strip()[:200]
        found = self._prices.search(text)
        rows = [
            (
                query_of({"q": text, "model": name} if text else {"model": name}),
                name,
                one.card.name,
                _rates(one.card.rates),
                "" if one.card.context_window is None else f"{one.card.context_window:,}",
                str(one.card.valid_from or "–"),
                f"your own, {one.card.source}" if one.card.overridden else "the list",
                one.card.deprecated,
            )
            for one in found[:MOST]
            for name in (f"{one.card.provider}/{one.card.model}",)
        ]
        body = self._templates(
            "prices.html",
            title="Prices",
            csrf=visit.csrf,
            text=text,
            model=model,
            kinds=tuple(KINDS.values()),
            rows=rows,
            total=len(found),
            source=self._prices.source,
            history=_history(self._prices.history(model), model) if model else None,
        )
        return Answer(body)


def _rates(rates: Rates) -> list[str]:
    found = [getattr(rates, kind) for kind in KINDS]
    return ["" if pico is None else usd_per_million(pico) for pico in found]


def _history(held: Sequence[Held], model: str) -> Table | None:
    if not held:
        return None
    rows = tuple(
        (
            str(one.start or "the beginning"),
            str(one.end or "today"),
            *_rates(one.dated.rates),
        )
        for one in reversed(held)
    )
    heads = (Column("from"), Column("to"), *(Column(kind, right=True) for kind in KINDS.values()))
    return Table(heads, rows, title=f"{model} over time, US dollars per million tokens")


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
                kinds=kinds,
                kind=kind,
                periods=PERIODS,
                period=period,
                **shown,
            )
        )


def _event(event: Event) -> tuple[str, str, str, str, list[tuple[str, str]]]:
    """Moment, kind, subject, mood, particulars."""
    try:
        detail = json.loads(event.detail)
    except ValueError:
        detail = {}
    told = [(str(name), _told(value)) for name, value in detail.items()] if detail else []
    return moment_text(event.at_us), event.kind, event.subject, _mood(event.kind), told


def _told(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _mood(kind: str) -> str:
    word = kind.rpartition(".")[2]
    if word in ("raised", "refused", "exhausted", "failed", "stale", "breached"):
        return "bad"
    return "good" if word in ("cleared", "released") else ""
