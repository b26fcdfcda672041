"""Sums of whole days, put together from those of their hours: in the store, and at hand."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Sequence

from headgate.ledger.rollups import DAILY, Cube, Split
from headgate.ledger.statements import Ask, Row

__all__ = ["Days", "Hour", "whole"]

Hour = tuple[int, int, bool]
"""Hours since 1970, how many times rows came to it or went, and whether its sums hold."""

MOST_ROWS = 200_000
"""Sums kept at hand: some 60 MB at most; a month by tier, key and latency has a tenth of them."""

_Key = tuple[Cube, tuple[str, ...], int]
_State = tuple[Hour, ...]


def whole(hours: Iterable[Hour]) -> dict[int, int]:
    """The days of whose hours all sums hold, and what the changes of these hours add up to.

    Changes only grow: while they add up to the same, none of the hours has changed.
    """
    found: dict[int, int] = {}
    broken: set[int] = set()
    for hour, changes, fresh in hours:
        day = hour // 24
        found[day] = found.get(day, 0) + changes
        if not fresh:
            broken.add(day)
    return {day: changes for day, changes in found.items() if day not in broken}


class Days:
    """Answers from the sums of hours; a day that has not changed since is not read again."""

    def __init__(self) -> None:
        self._kept: OrderedDict[_Key, tuple[_State, list[Row]]] = OrderedDict()
        self._rows = 0

    def __call__(
        self, ask: Ask, cube: Cube, by: Sequence[str], parts: Split, hours: Iterable[Hour]
    ) -> list[Row]:
        """The kept sums within a window, by `by`; not yet merged.

        `hours` are those of the window, in the state of the store that `ask` reads.
        """
        begin, end = -(-parts.first // 24), parts.end // 24
        if begin >= end:
            return _rolled(ask, cube, by, parts.first, parts.end, parts.ceiling)
        states: dict[int, _State] = {}
        for hour in hours:
            day = hour[0] // 24
            if begin <= day < end:
                states[day] = (*states.get(day, ()), hour)
        rows = _rolled(ask, cube, by, parts.first, begin * 24, begin * 24)
        rows += self._whole(ask, cube, tuple(by), states)
        rows += _rolled(ask, cube, by, end * 24, parts.end, parts.ceiling)
        return rows

    def _whole(
        self, ask: Ask, cube: Cube, by: tuple[str, ...], states: dict[int, _State]
    ) -> list[Row]:
        found: list[Row] = []
        missing: list[int] = []
        by_day = cube in DAILY and "hour" not in by
        for day, state in states.items():
            kept = self._kept.get((cube, by, day))
            if kept is None or kept[0] != state:
                missing.append(day)
            else:
                self._kept.move_to_end((cube, by, day))
                found += kept[1]
        summed = _summed(ask, missing, states) if by_day else frozenset()
        # A day at a time: sorting thirty small heaps takes half as long as one large one.
        for day in missing:
            if day in summed:
                rows = ask(f"daily_{cube.name}", by, day=day)
            else:
                rows = _rolled(ask, cube, by, day * 24, (day + 1) * 24, (day + 1) * 24)
            found += rows
            self._keep((cube, by, day), states[day], rows)
        return found

    def _keep(self, key: _Key, state: _State, rows: list[Row]) -> None:
        if key in self._kept:
            self._rows -= 1 + len(self._kept.pop(key)[1])
        self._kept[key] = state, rows
        self._rows += 1 + len(rows)  # a day without any takes room too
        while self._rows > MOST_ROWS:
            _, (_, oldest) = self._kept.popitem(last=False)
            self._rows -= 1 + len(oldest)


def _summed(ask: Ask, days: Sequence[int], states: dict[int, _State]) -> frozenset[int]:
    """Those of the days, in ascending order, of which the store has sums that hold."""
    if not days:
        return frozenset()
    now = whole(hour for day in days for hour in states[day])
    kept = ask("days", first=days[0], ceiling=days[-1] + 1)
    return frozenset(day for day, changes in kept if now.get(day) == changes)


def _rolled(
    ask: Ask, cube: Cube, by: Sequence[str], first: int, end: int, ceiling: int
) -> list[Row]:
    if first >= ceiling:
        return []
    return ask(f"rolled_{cube.name}", by, first=first, end=end, ceiling=ceiling)
