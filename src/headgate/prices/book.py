"""The book: finds the price card that holds for a model at a moment, or near names if none does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

import msgspec

from headgate.prices.card import Card, Rates
from headgate.prices.table import Dated, Model, Table
from headgate.values import ModelRef

__all__ = ["Book", "Override", "likeness"]

CACHED_ANSWERS = 4096
"""Answers kept at most; names come from outside, so the memory they take must be bounded."""


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """A price that the user's own file states for a model; it stands for the whole card."""

    model: ModelRef
    rates: Rates
    source: str
    """The file that states it, such as `headgate.toml`."""
    valid_from: date | None = None
    """It holds from that day on; None: always."""
    line: int | None = None
    """Where in the file it stands."""


class _Day(NamedTuple):
    """A model's cards of one day: most of the day, and (from, before, card) where hours matter."""

    card: Card
    hours: tuple[tuple[int, int, Card], ...] = ()


class Book:
    """All price cards of one snapshot, with the user's overrides on top.

    An override of `anthropic/claude-haiku-4-5` holds for every spelling that the price list takes
    for the same model under the same provider name, dated ones included. A kind of token that it
    leaves out falls back as in `Rates`, not to the list's price. Of several for one model the first
    that has begun counts.

    >>> book = Book.shipped()
    >>> card = book.card(ModelRef.parse("anthropic/claude-sonnet-4-6"), date(2026, 11, 20))
    >>> card.id, card.rates.input, card.rates.output
    ('anthropic/claude-sonnet-4-6@2026-03-13', 3000000, 15000000)
    """

    def __init__(self, table: Table, overrides: Iterable[Override] = ()) -> None:
        self.table = table
        self.overrides = tuple(overrides)
        self._days: dict[tuple[ModelRef, date, str | None, str | None], _Day | None] = {}

    @classmethod
    def shipped(cls) -> Book:
        """The book that comes with Headgate."""
        return cls(Table.shipped())

    @property
    def source(self) -> str:
        """Whose prices, which release, and the day it was compiled: `genai-prices 0.2.3 (DATE)`."""
        index = self.table.index
        return f"{index.source} {index.version} ({index.compiled})"

    def card(
        self,
        ref: ModelRef,
        at: date,
        *,
        prices_of: str | None = None,
        variant: str | None = None,
    ) -> Card | None:
        """The card that holds for a model at a moment; None where no price per token is known.

        Args:
            ref: the model, by the provider name of the user's file.
            at: a day, or a moment (without a zone: UTC). Where the price depends on the hour, a day
                gets the dearest: who knows no hour must not count on the cheap ones.
            prices_of: id of the price list that holds, where the provider's name is not one.
            variant: `key=value` of the request, such as `processing=batch`; None is the answer
                where the source has no such price for the model. An override holds for every
                variant: it is the whole card.
        """
        minute = None
        if isinstance(at, datetime):
            moment = at.astimezone(UTC) if at.tzinfo else at
            at, minute = moment.date(), moment.hour * 60 + moment.minute
        key = (ref, at, prices_of, variant)
        try:
            day = self._days[key]
        except KeyError:
            if len(self._days) >= CACHED_ANSWERS:
                self._days.clear()
            day = self._days[key] = self._look_up(ref, at, prices_of, variant)
        if day is None:
            return None
        if not day.hours:
            return day.card
        if minute is None:
            return max((day.card, *(card for _, _, card in day.hours)), key=_dearness)
        return next((card for start, end, card in day.hours if start <= minute < end), day.card)

    def knows(self, ref: ModelRef, *, prices_of: str | None = None) -> bool:
        """Whether the price list has the model at all, be it without a price per token."""
        return self._find(ref, prices_of) is not None

    def cards(self, at: date) -> Iterator[Card]:
        """The card of every model that has a price on a day, in the order of the list.

        Own prices stand in the place of the list's; models that only they have come last.
        """
        own: dict[tuple[str, str], ModelRef] = {}
        for override in self.overrides:
            entry = self._find(override.model, None)
            if entry is not None and entry[0] == override.model.provider:
                own.setdefault((entry[0], entry[1].id), override.model)
        seen: set[tuple[str, str]] = set()
        for shelf, model in self.table.all():
            if (shelf, model.id) in seen:
                continue
            seen.add((shelf, model.id))
            mine = own.get((shelf, model.id))
            card: Card | None
            if mine is not None:
                card = self.card(mine, at)
            else:
                dated = _holding(model.prices, at)
                if dated is None or (dated.rates.input is None and dated.rates.output is None):
                    continue
                day = _list_day(shelf, model, dated, None, self.source)
                card = max((day.card, *(part for _, _, part in day.hours)), key=_dearness)
            if card is not None:
                yield card
        for ref in dict.fromkeys(override.model for override in self.overrides):
            card = None if self._find(ref, None) else self.card(ref, at)
            if card is not None:
                yield card

    def listed(self, ref: ModelRef, at: date, *, prices_of: str | None = None) -> Card | None:
        """What the price list says of a model, whatever the user's own prices are."""
        return Book(self.table).card(ref, at, prices_of=prices_of)

    def find(self, ref: ModelRef, *, prices_of: str | None = None) -> tuple[str, Model] | None:
        """The list and the entry that a name means, with all its prices; None where none does."""
        return self._find(ref, prices_of)

    def near(self, ref: ModelRef, n: int = 3, *, prices_of: str | None = None) -> list[str]:
        """Up to `n` priced names that may have been meant, nearest first.

        Names of the same price list come first; then the same model on other lists.
        """
        own = self.table.provider(prices_of or ref.provider)
        spelled = prices_of or ref.provider
        ranked: list[tuple[bool, float, str]] = []
        for shelf, model in self.table.all():
            mine = own is not None and shelf == own.id
            if model.prices[-1].rates.input is not None:
                alike = likeness(ref.model, model.id)
                if alike > (0.6 if mine else 0.75):
                    ranked.append((mine, alike, f"{spelled if mine else shelf}/{model.id}"))
        for override in self.overrides:
            alike = likeness(str(ref), str(override.model))
            if alike > 0.75:
                ranked.append((True, alike, str(override.model)))
        ranked.sort(key=lambda entry: (not entry[0], -entry[1], len(entry[2]), entry[2]))
        return list(dict.fromkeys(name for _, _, name in ranked))[:n]

    def _find(self, ref: ModelRef, prices_of: str | None) -> tuple[str, Model] | None:
        provider = self.table.provider(prices_of or ref.provider)
        return None if provider is None else self.table.find(provider, ref.model)

    def _look_up(
        self, ref: ModelRef, at: date, prices_of: str | None, variant: str | None
    ) -> _Day | None:
        found = self._find(ref, prices_of)
        override = self._override(ref, found, prices_of, at)
        if override is not None:
            return _Day(_own_card(override, found[1] if found else None))
        if found is None:
            return None
        shelf, model = found
        dated = _holding(model.prices if variant is None else model.variants.get(variant, ()), at)
        if dated is None or (dated.rates.input is None and dated.rates.output is None):
            return None
        return _list_day(shelf, model, dated, variant, self.source)

    def _override(
        self, ref: ModelRef, found: tuple[str, Model] | None, prices_of: str | None, at: date
    ) -> Override | None:
        begun = [own for own in self.overrides if own.valid_from is None or own.valid_from <= at]
        for override in begun:
            if override.model == ref:
                return override
        for override in begun:
            same = override.model.provider == ref.provider and found is not None
            if same and self._find(override.model, prices_of) == found:
                return override
        return None


def likeness(wanted: str, name: str) -> float:
    """0..1; the order of a name's parts counts little: `gemini-flash-2.5` is `gemini-2.5-flash`."""
    from difflib import SequenceMatcher

    def ratio(one: str, other: str) -> float:
        matcher = SequenceMatcher(None, one, other, autojunk=False)
        return matcher.ratio() if matcher.real_quick_ratio() > 0.5 else 0.0  # a cheap upper bound

    def sorted_parts(text: str) -> str:
        return "-".join(sorted(_SEPARATORS.split(text)))

    wanted, name = wanted.lower(), name.lower()
    return max(ratio(wanted, name), ratio(sorted_parts(wanted), sorted_parts(name)))


_SEPARATORS = re.compile(r"[-./:@_]+")


def _dearness(card: Card) -> int:
    return (card.rates.input or 0) + (card.rates.output or 0)


def _holding(prices: Iterable[Dated], at: date) -> Dated | None:
    """The last entry that has begun."""
    last = None
    for dated in prices:
        if dated.start is None or dated.start <= at:
            last = dated
    return last


def _own_card(override: Override, listed: Model | None) -> Card:
    since = f"+{override.valid_from}" if override.valid_from else ""
    return Card(
        id=f"{override.model}@override:{override.source}{since}",
        provider=override.model.provider,
        model=override.model.model,
        name=listed.name if listed else override.model.model,
        rates=override.rates,
        valid_from=override.valid_from,
        source=override.source,
        context_window=listed.window if listed else None,
        deprecated=listed.deprecated if listed else False,
        overridden=True,
    )


def _list_day(shelf: str, model: Model, dated: Dated, variant: str | None, source: str) -> _Day:
    since = dated.start.isoformat() if dated.start else "undated"
    card = Card(
        id=f"{shelf}/{model.id}@{since}" + (f"+{variant}" if variant else ""),
        provider=shelf,
        model=model.id,
        name=model.name or model.id,
        rates=dated.rates,
        tiers=dated.tiers,
        valid_from=dated.start,
        source=source,
        context_window=model.window,
        deprecated=model.deprecated,
        left_out=dated.left_out,
    )
    hours = tuple(
        (
            part.start,
            part.end,
            msgspec.structs.replace(
                card,
                id=f"{card.id}+{part.start // 60:02d}:{part.start % 60:02d}",
                rates=part.rates,
                tiers=part.tiers,
            ),
        )
        for part in dated.hours
    )
    return _Day(card, hours)
