"""Counts of requests by hour and by what they have in common: what a creep is explained from."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headgate.monitor.attribution import DIMENSIONS, NONE, Levels
from headgate.stats.changepoint import Count

__all__ = ["HOUR_US", "MOST_HOURS", "MOST_LEVELS", "REST", "Hours", "HoursState"]

HOUR_US = 3_600_000_000
MOST_HOURS = 400 * 24
"""Hours that are remembered."""
MOST_LEVELS = 100
"""Names that are told apart along a dimension; callers choose some of them."""
REST = "(others)"
"""What further names are counted as."""

MOST_KINDS = 1_000
"""Kinds of requests that wait to be counted at most; nearly all requests are of a few."""

_Counts = tuple[dict[str, list[int]], ...]
_Kind = tuple[int, tuple[str | None, ...]]
"""An hour, and the levels of a request in it."""


class HoursState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the counts remember, to be stored and gone on from."""

    hours: dict[int, tuple[dict[str, tuple[int, int]], ...]]
    names: tuple[tuple[str, ...], ...]


class Hours:
    """The last `MOST_HOURS` hours that had requests, each counted along every dimension by itself.

    Counts of combinations would grow with their number; an attribution needs none. Requests that
    agree in all of it are added up before they are counted along each dimension.
    """

    def __init__(self) -> None:
        self._hours: dict[int, _Counts] = {}
        self._names: tuple[set[str], ...] = tuple(set() for _ in DIMENSIONS)
        self._waiting: dict[_Kind, list[int]] = {}
        """Kinds in the order in which they came up: names are counted by theirs."""

    @property
    def state(self) -> HoursState:
        """What to store; `resume` goes on from there."""
        self._settle()
        return HoursState(
            hours={
                hour: tuple(
                    {name: (n, hits) for name, (n, hits) in counts.items()} for counts in levels
                )
                for hour, levels in self._hours.items()
            },
            names=tuple(tuple(sorted(names)) for names in self._names),
        )

    def resume(self, state: HoursState) -> None:
        """Go on from a state."""
        self._waiting.clear()
        self._hours = {
            hour: tuple({name: [*count] for name, count in counts.items()} for counts in levels)
            for hour, levels in state.hours.items()
        }
        self._names = tuple(map(set, state.names))

    def __bool__(self) -> bool:
        return bool(self._hours or self._waiting)

    def __len__(self) -> int:
        self._settle()
        return len(self._hours)

    def add(self, at_us: int, levels: tuple[str | None, ...], hit: bool) -> None:
        """Count one request, its level along each dimension given in their order; None is none."""
        kind = (at_us // HOUR_US, levels)
        count = self._waiting.get(kind)
        if count is None:
            if len(self._waiting) >= MOST_KINDS:
                self._settle()
            count = self._waiting[kind] = [0, 0]
        count[0] += 1
        count[1] += hit

    def _settle(self) -> None:
        """Count what waits."""
        for (hour, levels), (n, hits) in self._waiting.items():
            self._count(hour, levels, n, hits)
        self._waiting.clear()

    def _count(self, at: int, levels: tuple[str | None, ...], n: int, hits: int) -> None:
        hour = self._hours.get(at)
        if hour is None:
            hour = self._hours[at] = tuple({} for _ in DIMENSIONS)
        for counts, names, level in zip(hour, self._names, levels, strict=True):
            name = level or NONE
            if name not in names:
                if len(names) < MOST_LEVELS:
                    names.add(name)
                else:
                    name = REST
            count = counts.setdefault(name, [0, 0])
            count[0] += n
            count[1] += hits

    def forget(self) -> None:
        """Drop the hours beyond those that are remembered."""
        self._settle()
        for hour in sorted(self._hours)[:-MOST_HOURS]:
            del self._hours[hour]

    def series(self, since: int) -> tuple[int, list[Count]]:
        """The first hour (since 1970) from `since` on, and the count of every hour from there."""
        self._settle()
        first = max(min(self._hours), since)
        return first, [self._whole(hour) for hour in range(first, max(self._hours) + 1)]

    def _whole(self, hour: int) -> Count:
        counts = self._hours.get(hour)
        return _sum(counts[0].values()) if counts else Count(0, 0)

    def levels(self, since: int, until: int | None = None) -> Levels:
        """Counts along each dimension over the hours from `since` up to, not including, `until`."""
        self._settle()
        found: list[dict[str, Count]] = [{} for _ in DIMENSIONS]
        for hour, dimensions in self._hours.items():
            if since <= hour and (until is None or hour < until):
                for levels, counts in zip(found, dimensions, strict=True):
                    for name, (n, hits) in counts.items():
                        old = levels.get(name, _NOTHING)
                        levels[name] = Count(old.n + n, old.hits + hits)
        return found


_NOTHING = Count(0, 0)


def _sum(counts: Iterable[Iterable[int]]) -> Count:
    n = hits = 0
    for more, further in counts:
        n, hits = n + more, hits + further
    return Count(n, hits)
