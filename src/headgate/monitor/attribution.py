"""Why the escalation rate moved: who sends more of the traffic, and who escalates more of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

import msgspec

from headgate.stats.changepoint import Count

__all__ = [
    "DIMENSIONS",
    "NONE",
    "Attribution",
    "Cell",
    "Dimension",
    "Levels",
    "Part",
    "attribute",
    "attribute_levels",
]

Dimension = Literal[
    "route", "alias", "reason", "model", "settings", "policy", "router", "category", "key"
]
DIMENSIONS: tuple[Dimension, ...] = (
    "route",
    "alias",
    "reason",
    "model",
    "settings",
    "policy",
    "router",
    "category",
    "key",
)

NONE = "(none)"
"""The level of requests that have none along a dimension; it is never a cause."""

Levels = Sequence[Mapping[str, Count]]
"""Counts by level, a mapping for each dimension, in their order; each adds up to all requests."""

_NAMED_BY = ("reason", "category", "key", "alias", "route", "policy", "router", "settings")
"""Where a cause is looked for, the most telling first. A model is none: which tier it belongs to
says already whether its answers are escalations."""


class Cell(NamedTuple):
    """What the requests of a cell have in common; the fields are the dimensions, in their order."""

    route: str
    alias: str
    reason: str
    model: str
    settings: str
    policy: str = ""
    router: str = ""
    category: str = ""
    key: str = ""


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """What one level of a dimension has to do with the change of the rate."""

    name: str
    share_before: Fraction
    share_after: Fraction
    """Of the served routed requests, 0 to 1."""
    rate_before: Fraction | None
    rate_after: Fraction | None
    """Of this level's own requests; None where it had none."""
    rate_shift: Fraction
    """What its own rate did, its share being what it was on average."""
    mix_shift: Fraction
    """What its share did, held against the average rate."""

    @property
    def total(self) -> Fraction:
        """Both together."""
        return self.rate_shift + self.mix_shift


class Attribution(msgspec.Struct, frozen=True, kw_only=True):
    """A change of the rate, taken apart along each dimension; the parts of each add up exactly."""

    served_before: int
    served_after: int
    rate_before: Fraction
    rate_after: Fraction
    dimensions: Mapping[Dimension, tuple[Part, ...]]
    """The largest part first."""

    @property
    def change(self) -> Fraction:
        """Rate after less rate before."""
        return self.rate_after - self.rate_before

    @property
    def cause(self) -> tuple[Dimension, Part] | None:
        """The smallest group of requests that explains at least half of the change, if any does."""
        found = [
            (dimension, part)
            for dimension in DIMENSIONS
            if dimension in _NAMED_BY
            for part in self.dimensions.get(dimension, ())
            if part.name not in ("", NONE)
            and self.change
            and part.total / self.change >= Fraction(1, 2)
        ]
        return min(
            found,
            key=lambda one: (max(one[1].share_before, one[1].share_after), _NAMED_BY.index(one[0])),
            default=None,
        )


def attribute(before: Mapping[Cell, Count], after: Mapping[Cell, Count]) -> Attribution | None:
    """Take the change between two periods apart; None where one of them has no requests.

    With shares s and rates r of the levels of a dimension, R the rate of all, and a bar for the
    mean of both periods, a level's part is s̄·Δr for its rate and Δs·(r̄ − R̄) for its share. The sum
    over levels is ΔR exactly; R̄ does not change it, since the Δs add up to 0, and makes a level's
    growth count by how much it escalates more than others do. A level that is missing in one period
    has in it the rate of the other, so that its coming or going is mix alone.

    Kitagawa (1955), "Components of a difference between two rates", JASA 50.
    """
    return attribute_levels(_levels(before), _levels(after))


def attribute_levels(before: Levels, after: Levels) -> Attribution | None:
    """As `attribute`, from counts that were kept for each dimension by itself."""
    whole_before, whole_after = _sum(before[0].values()), _sum(after[0].values())
    if not whole_before.n or not whole_after.n:
        return None
    return Attribution(
        served_before=whole_before.n,
        served_after=whole_after.n,
        rate_before=_rate(whole_before),
        rate_after=_rate(whole_after),
        dimensions={
            dimension: _parts(before[index], after[index], whole_before, whole_after)
            for index, dimension in enumerate(DIMENSIONS)
        },
    )


def _parts(
    before: Mapping[str, Count], after: Mapping[str, Count], whole_before: Count, whole_after: Count
) -> tuple[Part, ...]:
    middle = (_rate(whole_before) + _rate(whole_after)) / 2
    none = Count(0, 0)
    parts = []
    for name in sorted({*before, *after}):
        old, new = before.get(name, none), after.get(name, none)
        old_rate = _rate(old) if old.n else _rate(new)
        new_rate = _rate(new) if new.n else _rate(old)
        old_share, new_share = Fraction(old.n, whole_before.n), Fraction(new.n, whole_after.n)
        parts.append(
            Part(
                name=name,
                share_before=old_share,
                share_after=new_share,
                rate_before=_rate(old) if old.n else None,
                rate_after=_rate(new) if new.n else None,
                rate_shift=(old_share + new_share) / 2 * (new_rate - old_rate),
                mix_shift=(new_share - old_share) * ((old_rate + new_rate) / 2 - middle),
            )
        )
    return tuple(sorted(parts, key=lambda part: -abs(part.total)))


def _levels(cells: Mapping[Cell, Count]) -> Levels:
    found: list[dict[str, Count]] = [{} for _ in DIMENSIONS]
    for cell, count in cells.items():
        for levels, name in zip(found, cell, strict=True):
            levels[name] = _sum((levels.get(name, Count(0, 0)), count))
    return found


def _sum(counts: Iterable[Count]) -> Count:
    n = hits = 0
    for count in counts:
        n, hits = n + count.n, hits + count.hits
    return Count(n, hits)


def _rate(count: Count) -> Fraction:
    return Fraction(count.hits, count.n)
