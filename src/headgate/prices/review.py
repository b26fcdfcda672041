"""Holds a new price list against the one in use: what changed, and what is too odd to believe."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import msgspec

from headgate.prices.card import Rates, usd_per_million
from headgate.prices.table import Dated, Table
from headgate.values import percent

__all__ = ["JUMP", "MOST_LOST", "Change", "Review", "review"]

MOST_LOST = Decimal("0.10")
"""Share of the models in use that may be gone from a new list."""

JUMP = 10
"""A price that is this many times what it was, or that part of it, is more likely a slip."""

_KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


class Change(msgspec.Struct, frozen=True):
    """A price that is another one now, in pico-dollars per token; None where there is none."""

    model: str
    kind: str
    before: int | None
    after: int | None

    @property
    def jumped(self) -> bool:
        """Whether it is ten times as much or a tenth; something from nothing counts as well."""
        if self.before is None or self.after is None:
            return False
        low, high = sorted((self.before, self.after))
        return high >= low * JUMP and high > low

    def __str__(self) -> str:
        before, after = (
            "none" if pico is None else f"${usd_per_million(pico)}"
            for pico in (self.before, self.after)
        )
        return f"{self.model}: {self.kind} {before} -> {after} per million tokens"


class Review(msgspec.Struct, frozen=True, kw_only=True):
    """What a new list would change."""

    models: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changes: tuple[Change, ...]
    doubts: tuple[str, ...]
    """What speaks against it, one sentence each; none means that it may be used."""


def review(new: Table, held: Table, on: date) -> Review:
    """Compare the prices that two lists have for a day.

    Doubtful are: a list whose newest price is older, one that has lost more than a tenth of the
    models, and prices that jumped tenfold.
    """
    before, after = _entries(held), _entries(new)
    removed = tuple(name for name in before if name not in after)
    changes = tuple(
        change
        for name in before
        if name in after
        for change in _changes(name, _now(before[name], on), _now(after[name], on))
    )
    return Review(
        models=len(after),
        added=tuple(name for name in after if name not in before),
        removed=removed,
        changes=changes,
        doubts=tuple(_doubts(before, after, removed, changes)),
    )


_Entries = dict[str, tuple[Dated, ...]]


def _entries(table: Table) -> _Entries:
    """Every model's dated prices, the first of one name as lookups have it."""
    found: _Entries = {}
    for shelf, model in table.all():
        found.setdefault(f"{shelf}/{model.id}", model.prices)
    return found


def _now(prices: tuple[Dated, ...], on: date) -> Rates:
    held = Rates()
    for dated in prices:
        if dated.start is None or dated.start <= on:
            held = dated.rates
    return held


def _changes(model: str, before: Rates, after: Rates) -> Iterator[Change]:
    for kind in _KINDS:
        old, new = getattr(before, kind), getattr(after, kind)
        if old != new:
            yield Change(model, kind, old, new)


def _doubts(
    before: _Entries, after: _Entries, removed: tuple[str, ...], changes: tuple[Change, ...]
) -> Iterator[str]:
    latest = [_latest(entries) for entries in (before, after)]
    if latest[1] < latest[0]:
        yield (
            f"Its newest price began on {latest[1]}, that of the list in use on {latest[0]}: "
            "it is older."
        )
    if len(removed) > len(before) * MOST_LOST:
        yield (
            f"{len(removed):,} of {len(before):,} models are gone, more than "
            f"{percent(float(MOST_LOST), 0)}; such as {', '.join(removed[:3])}."
        )
    for change in changes:
        if change.jumped:
            yield f"{change}."


def _latest(entries: _Entries) -> date:
    return max(
        (dated.start for prices in entries.values() for dated in prices if dated.start),
        default=date.min,
    )
