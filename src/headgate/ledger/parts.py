"""Sums of rows: those of a part of one hour, and which requests lie across its two ends."""

from __future__ import annotations

import json
from collections import OrderedDict
from typing import NamedTuple

from headgate.ledger.rollups import SPEND, Cube
from headgate.ledger.statements import Ask, Row
from headgate.ledger.store import REACH_US
from headgate.ledger.totals import HOUR_US, LATENCY_BOUNDS

__all__ = ["Part", "Parts", "sums_of_hour", "sums_of_part"]

MOST_REMEMBERED = 256
"""Parts whose sums are kept at hand: the open hours of some windows, four kinds of sums each."""


class Part(NamedTuple):
    """A window within one hour, the end not included, microseconds since 1970."""

    since_us: int
    until_us: int

    @property
    def hour(self) -> int:
        """Hours since 1970."""
        return self.since_us // HOUR_US


class _Across(NamedTuple):
    """Requests that have attempts in a part and beyond it; a request belongs where it began."""

    early: list[str]
    """Began before the part."""
    late: list[str]
    """Began within it, and went on after it."""


def sums_of_part(ask: Ask, cube: Cube, part: Part, across: _Across | None = None) -> list[Row]:
    """The sums of the requests that began within a part: the hour, all dimensions, measures."""
    if cube is SPEND:  # counts attempts by when they were sent
        rows = ask(cube.name, since=part.since_us, until=part.until_us)
    else:
        across = across or _across(ask, part)
        rows = ask(
            cube.name,
            since=part.since_us,
            until=part.until_us,
            early=across.early,
            late=across.late,
            bounds=list(LATENCY_BOUNDS),
        )
    return [(part.hour, *row) for row in rows]


def sums_of_hour(ask: Ask, cubes: tuple[Cube, ...], hour: int) -> dict[Cube, list[Row]]:
    """All sums of one hour's rows, as its rolled rows hold them behind `hour` and `sealed`."""
    part = Part(hour * HOUR_US, (hour + 1) * HOUR_US)
    across = _across(ask, part)
    return {cube: [row[1:] for row in sums_of_part(ask, cube, part, across)] for cube in cubes}


def _across(ask: Ask, part: Part) -> _Across:
    """Asked of the database, which keeps no more of a busy hour at hand than the answer."""
    # Two values: a thread that fetches row by row asks for the interpreter's lock at each.
    ((early, late),) = ask(
        "across",
        reach_since=part.since_us - REACH_US,
        since=part.since_us,
        until=part.until_us,
        reach_until=part.until_us + REACH_US,
    )
    before = _ids(early)
    return _Across(sorted(before), sorted(_ids(late) - before))


def _ids(found: object) -> set[str]:
    return set(json.loads(found)) if isinstance(found, str) else set()


class Parts:
    """The sums of the parts that were asked for last, for as long as no row comes to their hour.

    A dashboard asks the same open hours for several things, and asks again in a moment.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[Cube, Part], tuple[int, list[Row]]] = OrderedDict()
        self._across: OrderedDict[Part, tuple[int, _Across]] = OrderedDict()

    def __call__(self, ask: Ask, cube: Cube, part: Part, changes: int) -> list[Row]:
        """`changes` are those of the part's hour, in the state of the store that `ask` reads."""
        kept = self._kept.get((cube, part))
        if kept is not None and kept[0] == changes:
            self._kept.move_to_end((cube, part))
            return kept[1]
        across = None if cube is SPEND else self._over_the_ends(ask, part, changes)
        rows = sums_of_part(ask, cube, part, across)
        self._kept[cube, part] = changes, rows
        if len(self._kept) > MOST_REMEMBERED:
            self._kept.popitem(last=False)
        return rows

    def _over_the_ends(self, ask: Ask, part: Part, changes: int) -> _Across:
        """The same for all kinds of sums; a row in the hour beside changes the part's hour too."""
        kept = self._across.get(part)
        if kept is not None and kept[0] == changes:
            return kept[1]
        across = _across(ask, part)
        self._across[part] = changes, across
        if len(self._across) > MOST_REMEMBERED:
            self._across.popitem(last=False)
        return across
