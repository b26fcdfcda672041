"""The escalation budget: is the rate within it, and if not, since when and because of whom?

Outcomes are folded in one by one, in the order the ledger stored them, and never kept: what remains
is a detector for all requests and one for each route, counts by hour, and the last outcome's
sequence number. An outcome that was folded in already is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import log
from typing import Literal

import msgspec

from headgate.ledger.store import Outcome
from headgate.monitor.attribution import Attribution, Cell, attribute
from headgate.stats.changepoint import Count, locate
from headgate.stats.intervals import wilson
from headgate.stats.sequential import Detector, DetectorState, confidence_sequence, threshold

__all__ = [
    "ALARM_AT",
    "FALSE_ALARMS",
    "FALSE_ALARM_REQUESTS",
    "FAST_PARTS",
    "Assessment",
    "Burn",
    "Creep",
    "EscalationBudget",
    "Route",
]

FALSE_ALARMS, FALSE_ALARM_REQUESTS = 0.05, 100_000
"""The chance of any false alarm, and for how many requests it is stated."""

ALARM_AT = threshold(FALSE_ALARMS / 2, FALSE_ALARM_REQUESTS)
"""One half of the chance is for all requests together. The other is for the routes: each may give a
false alarm in proportion to its own requests, and these add up to all of them."""

FAST_PARTS = 28
"""The fast window is this part of the slow one: 6 hours of 7 days."""

HOUR_US, MINUTE_US = 3_600_000_000, 60_000_000
MOST_HOURS = 400 * 24
"""Hours that are remembered, for the beginning and the reasons of a creep."""
FORGET_EVERY = 100_000
"""Outcomes between two clearances, so that one long fold stays small too."""
HOURS_ENOUGH = 48
"""Windows of so many hours are counted by the hour, shorter ones by the minute."""


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a window spends the budget."""

    span_seconds: float
    served: int
    escalated: int
    rate: float | None
    low: float
    high: float
    """The 95 % Wilson interval: for one look, not for all."""
    burn: float | None
    """Rate by budget: 1 spends it exactly; None without a budget or without requests."""


class Creep(msgspec.Struct, frozen=True, kw_only=True):
    """When the rate began to leave its old level, and where it went."""

    shape: Literal["step", "ramp"]
    began_us: int
    earliest_us: int
    latest_us: int
    """The 95 % interval of when it began, to the hour."""
    before: float
    after: float


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """One route against the same budget."""

    route: str
    served: int
    escalated: int
    low: float
    high: float
    """The 95 % confidence sequence of its rate since the beginning."""
    window: Burn
    alarm_us: int | None
    """When its alarm was raised; None where there is none now."""


class Assessment(msgspec.Struct, frozen=True, kw_only=True):
    """The budget at one moment."""

    budget: float | None
    first_us: int | None
    last_us: int | None
    served: int
    escalated: int
    rate: float | None
    low: float
    high: float
    """The 95 % confidence sequence of the rate since the beginning: for every look at once."""
    evidence: float
    """What speaks for a breach, or in an alarm for its end, as the share of the threshold's
    logarithm: 0 is nothing, 1 changes the state."""
    alarm_us: int | None
    """When the alarm was raised; None where there is none now."""
    cleared_us: int | None
    """When the last alarm was cleared."""
    creep: Creep | None
    """In an alarm: what it found."""
    attribution: Attribution | None
    """In an alarm: the rate since the creep began, at most a window back, against that before."""
    fast: Burn
    slow: Burn
    routes: tuple[Route, ...]
    """The busiest first; empty where there is but one."""

    @property
    def breached(self) -> bool:
        """The alarm is on."""
        return self.alarm_us is not None


class EscalationBudget:
    """The running account of who escalates.

    Args:
        budget: share of served routed requests that may go to the premium tier, 0 to 1; None
            watches without judging. Budgets of 0 and 1 are no rates that could be exceeded by
            chance: the first is breached by the first escalation, the second never.
        window_us: the slow window, microseconds.
    """

    def __init__(self, budget: float | None, window_us: int) -> None:
        self.budget = budget
        self.window_us = window_us
        self.cursor = 0
        """Sequence number of the last outcome that was folded in."""
        self._unit = HOUR_US if window_us >= HOURS_ENOUGH * HOUR_US else MINUTE_US
        self._all = _Watched(budget, self._unit)
        self._routes: dict[str, _Watched] = {}
        self._first_route: str | None = None
        self._hours: dict[int, dict[tuple[str, ...], list[int]]] = {}
        self.first_us: int | None = None
        self.last_us: int | None = None

    def fold(self, outcomes: Iterable[Outcome]) -> int:
        """Take in what is new among these; return how many were."""
        new = 0
        for outcome in outcomes:
            if outcome.sequence > self.cursor:
                self._add(outcome)
                new += 1
                if new % FORGET_EVERY == 0:
                    self._forget()
        self._forget()
        return new

    def _add(self, outcome: Outcome) -> None:
        sequence, at_us, route, *_, hit = outcome
        self.cursor = sequence
        if self.first_us is None or at_us < self.first_us:
            self.first_us = at_us
        if self.last_us is None or at_us > self.last_us:
            self.last_us = at_us
        self._watch_route(route, at_us, hit)
        self._all.update(at_us, hit)
        cells = self._hours.setdefault(at_us // HOUR_US, {})
        count = cells.setdefault(outcome[2:7], [0, 0])
        count[0] += 1
        count[1] += hit

    def _watch_route(self, route: str, at_us: int, hit: bool) -> None:
        """While there is one route only, the detector of all requests is its own too."""
        if self._first_route is None:
            self._first_route = route
        if not self._routes and route == self._first_route:
            return
        if not self._routes:
            self._routes[self._first_route] = self._all.copy()
        if route not in self._routes:
            self._routes[route] = _Watched(self.budget, self._unit)
        self._routes[route].update(at_us, hit)

    def _forget(self) -> None:
        """Keep the last hours and windows only, so that memory does not grow with the ledger."""
        for hour in sorted(self._hours)[:-MOST_HOURS]:
            del self._hours[hour]
        if self.last_us is not None:
            for watched in (self._all, *self._routes.values()):
                watched.forget(self.last_us - self.window_us)

    def assess(self, now_us: int) -> Assessment:
        """Where the budget stands at a moment, all that was folded in considered."""
        watched = self._all
        creep = self._creep()
        rate = watched.whole.hits / watched.whole.n if watched.whole.n else None
        low, high = confidence_sequence(watched.whole.hits, watched.whole.n)
        fast_us = max(self.window_us // FAST_PARTS, MINUTE_US)
        routes = sorted(self._routes.items(), key=lambda one: (-one[1].whole.n, one[0]))
        return Assessment(
            budget=self.budget,
            first_us=self.first_us,
            last_us=self.last_us,
            served=watched.whole.n,
            escalated=watched.whole.hits,
            rate=rate,
            low=low,
            high=high,
            evidence=watched.evidence,
            alarm_us=watched.alarm_us,
            cleared_us=watched.cleared_us,
            creep=creep,
            attribution=None if creep is None else self._attribution(creep, now_us),
            fast=watched.burn(now_us, fast_us),
            slow=watched.burn(now_us, self.window_us),
            routes=tuple(self._route(name, one, now_us) for name, one in routes),
        )

    def _route(self, name: str, watched: _Watched, now_us: int) -> Route:
        low, high = confidence_sequence(watched.whole.hits, watched.whole.n)
        return Route(
            route=name,
            served=watched.whole.n,
            escalated=watched.whole.hits,
            low=low,
            high=high,
            window=watched.burn(now_us, self.window_us),
            alarm_us=watched.alarm_us,
        )

    def _creep(self) -> Creep | None:
        """The rise that raised the alarm, looked for since the last one was cleared."""
        if self._all.alarm_us is None or not self._hours:
            return None
        first = max(min(self._hours), (self._all.cleared_us or 0) // HOUR_US)
        bins = [
            _sum(self._hours.get(hour, {}).values()) for hour in range(first, max(self._hours) + 1)
        ]
        found = locate(bins)
        if found is None or found.after <= found.before:
            return None
        return Creep(
            shape=found.shape,
            began_us=(first + found.at) * HOUR_US,
            earliest_us=(first + int(found.interval.low)) * HOUR_US,
            latest_us=(first + int(found.interval.high) + 1) * HOUR_US,
            before=found.before,
            after=found.after,
        )

    def _attribution(self, creep: Creep, now_us: int) -> Attribution | None:
        began = creep.began_us // HOUR_US
        cleared = (self._all.cleared_us or 0) // HOUR_US
        recent = max(began, (now_us - self.window_us) // HOUR_US)
        before = self._cells(cleared, began)
        return attribute(before, self._cells(recent)) or attribute(before, self._cells(began))

    def _cells(self, since: int, until: int | None = None) -> Mapping[Cell, Count]:
        """Counts by cell over the hours from `since` up to, not including, `until`."""
        found: dict[Cell, Count] = {}
        for hour, cells in self._hours.items():
            if since <= hour and (until is None or hour < until):
                for key, (n, hits) in cells.items():
                    cell = Cell(*key)
                    old = found.get(cell, _NOTHING)
                    found[cell] = Count(old.n + n, old.hits + hits)
        return found


_NOTHING = Count(0, 0)


class _Watched:
    """Requests that are counted together, and their detector where there is a budget to exceed."""

    def __init__(self, budget: float | None, unit_us: int) -> None:
        self._budget = budget
        self._unit = unit_us
        self._detector: Detector | None = None
        if budget is not None and 0 < budget < 1:
            self._detector = Detector(DetectorState(budget=budget, threshold=ALARM_AT))
        self._recent: dict[int, list[int]] = {}
        self._n = self._hits = 0
        self.alarm_us: int | None = None
        self.cleared_us: int | None = None

    @property
    def whole(self) -> Count:
        return Count(self._n, self._hits)

    @property
    def evidence(self) -> float:
        if self._detector is None or self._detector.evidence <= 1:
            return 0.0
        return log(self._detector.evidence) / log(ALARM_AT)

    def update(self, at_us: int, hit: bool) -> None:
        self._n += 1
        self._hits += hit
        recent = self._recent.setdefault(at_us // self._unit, [0, 0])
        recent[0] += 1
        recent[1] += hit
        if self._detector is not None:
            change = self._detector.update(hit)
            if change == "raised":
                self.alarm_us = at_us
            elif change == "cleared":
                self.alarm_us, self.cleared_us = None, at_us
        elif self._budget == 0 and hit and self.alarm_us is None:
            self.alarm_us = at_us

    def copy(self) -> _Watched:
        twin = _Watched(self._budget, self._unit)
        if self._detector is not None:
            twin._detector = Detector(self._detector.state)
        twin._recent = {at: [*counts] for at, counts in self._recent.items()}
        twin._n, twin._hits = self._n, self._hits
        twin.alarm_us, twin.cleared_us = self.alarm_us, self.cleared_us
        return twin

    def forget(self, before_us: int) -> None:
        for at in [at for at in self._recent if at < before_us // self._unit]:
            del self._recent[at]

    def burn(self, now_us: int, span_us: int) -> Burn:
        since = (now_us - span_us) // self._unit
        n, hits = _sum(counts for at, counts in self._recent.items() if at > since)
        rate = hits / n if n else None
        low, high = wilson(hits, n)
        return Burn(
            span_seconds=span_us / 1_000_000,
            served=n,
            escalated=hits,
            rate=rate,
            low=low,
            high=high,
            burn=rate / self._budget if rate is not None and self._budget else None,
        )


def _sum(counts: Iterable[Iterable[int]]) -> Count:
    n = hits = 0
    for more, further in counts:
        n, hits = n + more, hits + further
    return Count(n, hits)
