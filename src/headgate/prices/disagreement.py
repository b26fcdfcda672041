"""Where the user's own prices differ from the list: both numbers, both sources, likely slips."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal

import msgspec

from headgate.prices.book import Book, Override
from headgate.prices.card import Card, usd_per_million
from headgate.values import ModelRef

__all__ = ["UNIT_SLIP", "Disagreement", "disagreements"]

UNIT_SLIP = 1000
"""An own price this many times the list's, or that part of it, is likely in another unit."""

_KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


class Disagreement(msgspec.Struct, frozen=True, kw_only=True):
    """One kind of token that the user's file and the list price differently, pico-dollars each."""

    model: ModelRef
    kind: str
    own: int
    listed: int
    own_source: str
    own_line: int | None
    list_source: str

    @property
    def factor(self) -> Decimal | None:
        """Own price over list price; None where the list's is 0."""
        return Decimal(self.own) / Decimal(self.listed) if self.listed else None

    @property
    def doubtful(self) -> bool:
        """Whether it is so far off that the unit is most likely another one."""
        low, high = sorted((self.own, self.listed))
        return low > 0 and high >= low * UNIT_SLIP

    @property
    def suspicion(self) -> str:
        """What was most likely meant, in a sentence."""
        if self.own < self.listed:
            per = "token" if self.listed >= self.own * 100_000 else "1,000 tokens"
            return f"It looks like US dollars per {per}; prices are per million tokens."
        return "It looks like another unit or currency; prices are US dollars per million tokens."

    def __str__(self) -> str:
        return (
            f"{self.kind} is ${usd_per_million(self.own)} in {self.own_source}, "
            f"${usd_per_million(self.listed)} in {self.list_source}"
        )


def disagreements(
    book: Book, on: date, prices_of: Mapping[str, str] | None = None
) -> Iterator[Disagreement]:
    """Every own price that is not the list's on a day; models that no list has cannot differ.

    `prices_of` says whose list holds for a provider of another name.
    """
    for override in _begun(book, on):
        listed = book.listed(
            override.model, on, prices_of=(prices_of or {}).get(override.model.provider)
        )
        if listed is not None:
            yield from _differences(override, listed)


def _begun(book: Book, on: date) -> Iterator[Override]:
    """The own prices in force: of one model the first that has begun."""
    seen: set[ModelRef] = set()
    for override in book.overrides:
        begun = override.valid_from is None or override.valid_from <= on
        if begun and override.model not in seen:
            seen.add(override.model)
            yield override


def _differences(override: Override, listed: Card) -> Iterator[Disagreement]:
    for kind in _KINDS:
        own, theirs = getattr(override.rates, kind), getattr(listed.rates, kind)
        if own is not None and theirs is not None and own != theirs:
            yield Disagreement(
                model=override.model,
                kind=kind,
                own=own,
                listed=theirs,
                own_source=override.source,
                own_line=override.line,
                list_source=listed.source,
            )
