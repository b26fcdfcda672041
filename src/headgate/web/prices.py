"""Prices with their source, date and history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, Protocol

from headgate.monitor.endings import Ending
from headgate.prices.card import Card, Rates, usd_per_million
from headgate.prices.catalogue import Found, Held
from headgate.render.table import Column, Table, csv_text
from headgate.web.templates import Templates
from headgate.web.visit import CSV, Answer, Visit, as_json, download, query_of

__all__ = ["PriceList", "Prices"]

KINDS = {
    "input": "in",
    "output": "out",
    "cache_read": "cache read",
    "cache_write_5m": "write 5m",
    "cache_write_1h": "write 1h",
}
MOST = 100


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

    def ending(self, name: str) -> Ending | None:
        """What is announced of a model's end."""

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
        text, model, found = self._asked(visit)
        rows = [
            (
                query_of({"q": text, "model": name} if text else {"model": name}),
                name,
                one.card.name,
                _rates(one.card.rates),
                "" if one.card.context_window is None else f"{one.card.context_window:,}",
                str(one.card.valid_from or "–"),
                f"your own, {one.card.source}" if one.card.overridden else "the list",
                _mark(one.card, self._prices.ending(name)),
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
            saved=query_of({"q": text} if text else {}),
            history=_history(self._prices.history(model), model) if model else None,
        )
        return Answer(body)

    def json(self, visit: Visit) -> Answer:
        """All models that fit, US dollars per million tokens as decimal text."""
        *_, found = self._asked(visit)
        told = {
            "source": self._prices.source,
            "at": str(self._prices.today),
            "models": [_document(one) for one in found],
        }
        return as_json(told)

    def csv(self, visit: Visit) -> Answer:
        """The same, a row each; a price that is not known is empty."""
        *_, found = self._asked(visit)
        documents = [_document(one) for one in found]
        names = tuple(documents[0]) if documents else ("model",)
        rows = tuple(
            tuple("" if value is None else str(value) for value in one.values())
            for one in documents
        )
        text = csv_text(Table(tuple(map(Column, names)), rows))
        return download(text, CSV, "prices.csv")

    def _asked(self, visit: Visit) -> tuple[str, str, Sequence[Found]]:
        """The text searched for, the model asked about, and what fits the text."""
        text = visit.query.get("q", "").strip()[:100]
        return text, visit.query.get("model", "").strip()[:200], self._prices.search(text)


def _document(one: Found) -> dict[str, Any]:
    card = one.card
    rates = {kind: getattr(card.rates, kind) for kind in KINDS}
    return {
        "model": f"{card.provider}/{card.model}",
        "name": card.name,
        **{kind: None if pico is None else usd_per_million(pico) for kind, pico in rates.items()},
        "context_window": card.context_window,
        "since": None if card.valid_from is None else str(card.valid_from),
        "source": card.source,
        "own": card.overridden,
        "deprecated": card.deprecated,
    }


def _mark(card: Card, ending: Ending | None) -> str:
    """What stands behind a model's title."""
    if ending is not None:
        return f"ends on {ending.day}"
    return "deprecated" if card.deprecated else ""


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
