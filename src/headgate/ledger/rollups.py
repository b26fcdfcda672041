"""Rollups: which sums are kept by the hour, and which part of a window they can answer for.

Rows are the truth. The sums of an hour are those of its rows, computed by the very statement that
a report would ask; they hold as long as no row has come to the hour since. A report reads them for
the whole hours of its window, and the rows themselves for what is left: ragged ends, and hours that
have changed. An hour whose rows were pruned has *sealed* sums, to which rows that come late add.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from headgate.ledger.totals import HOUR_US

__all__ = [
    "ATTEMPTS",
    "CUBES",
    "DAILY",
    "LATENCIES",
    "REQUESTS",
    "SPEND",
    "Cube",
    "Split",
    "merged",
    "split",
]

Row = tuple[Any, ...]

_Fold = Callable[[Any, Any], Any]


def _add(one: Any, other: Any) -> Any:
    return one + other


class Cube(NamedTuple):
    """One kind of sums: what they are told apart by, and how two of them become one."""

    name: str
    """Of its statements: `NAME` sums rows, `rolled_NAME` reads sums, `roll_NAME` keeps them; the
    same of days are `daily_NAME` and `roll_day_NAME`."""
    dimensions: tuple[str, ...]
    """All but the hour, in the order of the table's columns."""
    folds: tuple[_Fold, ...]
    """For each measure, in the order of the table's columns."""


ATTEMPTS = Cube(
    "attempts",
    (
        "routed", "role", "tier", "premium", "priced", "provider", "model", "route", "key", "team",
        "policy", "reason", "error",
    ),
    (_add,) * 10,
)  # fmt: skip
REQUESTS = Cube(
    "requests",
    ("routed", "route", "key", "team", "policy", "model"),
    (*(_add,) * 9, min, max),
)
LATENCIES = Cube("latencies", ("tier", "provider", "model", "measure", "from_us"), (_add,))
SPEND = Cube("spend", (), (_add,) * 3)

CUBES = (ATTEMPTS, REQUESTS, LATENCIES, SPEND)
DAILY = (ATTEMPTS, REQUESTS, LATENCIES)
"""Those of which sums are kept by the day too; the others have but one row an hour."""


class Split(NamedTuple):
    """A window taken apart."""

    first: int
    """The first whole hour of the window, in hours since 1970."""
    end: int
    """The hour after its last whole one."""
    ceiling: int
    """The hour after the last one that begins within it: sealed sums count where they begin."""
    raw: tuple[tuple[int, int], ...]
    """Where rows have to be read, each within one hour: from, and up to, microseconds."""


def split(since_us: int, until_us: int, hours: Iterable[tuple[int, int, bool]]) -> Split:
    """Take a window apart, given the hours that may hold rows: hour, changes, sums hold."""
    first, end = -(-since_us // HOUR_US), until_us // HOUR_US
    ceiling = -(-until_us // HOUR_US)
    raw: list[tuple[int, int]] = []
    for hour, _, fresh in hours:
        if fresh and first <= hour < end:
            continue
        begin = max(hour * HOUR_US, since_us)
        until = min((hour + 1) * HOUR_US, until_us)
        if begin < until:
            raw.append((begin, until))
    return Split(first, max(first, end), ceiling, tuple(raw))


def merged(rows: Iterable[Row], width: int, folds: Sequence[_Fold]) -> list[Row]:
    """Rows that agree in their first `width` values become one; in the order of these values."""
    found: dict[Row, list[Any]] = {}
    for row in rows:
        key, measures = row[:width], row[width:]
        before = found.get(key)
        found[key] = (
            list(measures)
            if before is None
            else [fold(*pair) for fold, *pair in zip(folds, before, measures, strict=True)]
        )
    return [(*key, *found[key]) for key in sorted(found)]
