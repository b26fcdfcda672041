"""Looking a price up without knowing a model's exact name: search, order, and a model's history."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headgate.prices.book import Book, likeness
from headgate.prices.card import Card, Rates
from headgate.prices.table import Dated, Model
from headgate.values import ModelRef

__all__ = ["Filters", "Found", "Held", "Mix", "Order", "blended", "history", "search"]

NEAR_ENOUGH = 0.72
MAKER = 0.05

Order: TypeAlias = Literal["match", "price", "name", "window"]

_WORDS = re.compile(r"[\s/_:@.-]+")


class Mix(NamedTuple):
    """How many tokens a call reads and writes: what prices are blended by."""

    input: int = 1000
    output: int = 400


class Filters(NamedTuple):
    """What a model must be to be shown; None and the empty text ask nothing."""

    provider: str = ""
    dearest: int | None = None
    """Pico-dollars per token, blended."""
    window: int | None = None
    """Tokens that its context must hold."""
    deprecated: bool = True


class Found(msgspec.Struct, frozen=True):
    """A model that a search found."""

    card: Card
    blended: Fraction | None
    """Pico-dollars per token at the mix; None where the card lacks a price that the mix needs."""
    rank: float
    """How well it matches: 0..1, and a little more for a maker's own list."""


class Held(msgspec.Struct, frozen=True):
    """Prices and the days on which they hold."""

    start: date | None
    """None: from the beginning, or the source does not say."""
    end: date | None
    """The last day; None: still, or until further notice."""
    dated: Dated


def blended(rates: Rates, mix: Mix) -> Fraction | None:
    """The average price of a token at a mix, pico-dollars; None where a needed rate is missing."""
    total = Fraction(0)
    for tokens, rate in ((mix.input, rates.input), (mix.output, rates.output)):
        if tokens:
            if rate is None:
                return None
            total += tokens * rate
    return total / (mix.input + mix.output) if mix.input + mix.output else None


def search(
    book: Book,
    text: str,
    at: date,
    *,
    mix: Mix = Mix(),  # noqa: B008 - it cannot be changed
    filters: Filters = Filters(),  # noqa: B008
    order: Order = "match",
) -> list[Found]:
    """The models whose name, provider or title fits a text, best first; all for an empty text.

    Every word must occur; where no model has them all, the names that are spelt much alike count.
    """
    cards = [card for card in book.cards(at) if _allowed(card, filters)]
    words = [word for word in _WORDS.split(text.lower()) if word]
    ranked = [(card, _rank(card, text, words)) for card in cards]
    found = [(card, rank) for card, rank in ranked if rank > 0]
    if not found:
        alike = ((card, _alikeness(card, text)) for card in cards)
        found = [(card, rank) for card, rank in alike if rank > NEAR_ENOUGH]
    # a list that others fall back to is the maker's: before resellers of the same model
    makers = {name for entry in book.table.index.providers for name in entry.fallback}
    priced = [
        Found(card, blended(card.rates, mix), rank + (MAKER if card.provider in makers else 0))
        for card, rank in found
    ]
    if filters.dearest is not None:
        priced = [one for one in priced if one.blended and one.blended <= filters.dearest]
    return _ordered(priced, order)


def history(model: Model) -> list[Held]:
    """All prices of a model with the days on which they hold, the oldest first."""
    ends = [dated.start - timedelta(days=1) for dated in model.prices[1:] if dated.start]
    return [
        Held(dated.start, end, dated)
        for dated, end in zip(model.prices, [*ends, None], strict=True)
    ]


def _allowed(card: Card, filters: Filters) -> bool:
    return (
        (not filters.provider or card.provider == filters.provider)
        and (filters.window is None or (card.context_window or 0) >= filters.window)
        and (filters.deprecated or not card.deprecated)
    )


def _rank(card: Card, text: str, words: list[str]) -> float:
    """1 for the very name, less the more a name holds beside the words; 0 where one is missing."""
    name = str(ModelRef(card.provider, card.model)).lower()
    if not words:
        return 1.0
    if text.lower() in (name, card.model.lower()):
        return 1.0
    known = f"{name} {card.name.lower()}"
    if not all(word in known for word in words):
        return 0.0
    parts = set(_WORDS.split(known))
    whole = sum(word in parts for word in words) / len(words)
    tight = min(sum(map(len, words)) / len(card.model), 1.0)
    return 0.2 + 0.4 * whole + 0.3 * tight


def _alikeness(card: Card, text: str) -> float:
    text = text.lower()
    named = likeness(text, card.model)
    return max(named, likeness(text, str(ModelRef(card.provider, card.model))))


def _ordered(found: Iterable[Found], order: Order) -> list[Found]:
    def name(one: Found) -> str:
        return f"{one.card.provider}/{one.card.model}"

    def price(one: Found) -> tuple[bool, Fraction]:
        return one.blended is None, one.blended or Fraction(0)

    match order:
        case "match":
            return sorted(found, key=lambda one: (-one.rank, price(one), name(one)))
        case "price":
            return sorted(found, key=lambda one: (price(one), name(one)))
        case "window":
            return sorted(found, key=lambda one: (-(one.card.context_window or 0), name(one)))
        case "name":
            return sorted(found, key=name)
