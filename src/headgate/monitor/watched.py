"""One rate under watch: its counts by time, its burn, its detector if it has a budget."""

from __future__ import annotations

from collections.abc import Iterable
from math import log

import msgspec

from headgate.monitor.blocked import Unit, over_time, share
from headgate.monitor.hours import HOUR_US
from headgate.stats.blocks import Block
from headgate.stats.changepoint import Count
from headgate.stats.intervals import wilson
from headgate.stats.sequential import Detector, DetectorState

__all__ = ["Burn", "WatchedRate", "WatchedState"]


LEAST_HOURS = 4
"""Hours of equal weight that a window's interval is over, or more: the fast window has but six
(`benchmarks.dependence`)."""


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a window spends the budget."""

    span_seconds: float
    """At most as long as there has been anything to see."""
    served: int
    escalated: int
    rate: float | None
    low: float
    high: float
    """The 95 % interval: for one look, not for all; over days or hours, else Wilson's."""
    burn: float | None
    """Rate by budget: 1 spends it exactly; None without a budget or without requests."""
    by: Unit = "request"
    """What the interval takes as independent of each other."""


class WatchedState(msgspec.Struct, frozen=True, kw_only=True):
    """All that a watched rate remembers, to be stored and gone on from."""

    detector: DetectorState | None
    recent: dict[int, tuple[int, int]]
    n: int
    hits: int
    first_us: int | None
    alarm_us: int | None
    cleared_us: int | None


class WatchedRate:
    """Requests that are counted together, and their detector where there is a budget to exceed.

    Args:
        budget: the rate that is kept to; with None, 0 or 1 there is no detector.
        unit_us: the grain of the counts by time, microseconds.
        alarm_at: the evidence that raises the alarm, or clears it.
    """

    def __init__(self, budget: float | None, unit_us: int, alarm_at: float) -> None:
        self.budget = budget
        self._unit = unit_us
        self._alarm_at = alarm_at
        self._detector = self._fresh()
        self._recent: dict[int, list[int]] = {}
        self._n = self._hits = 0
        self._first_us: int | None = None
        self.alarm_us: int | None = None
        """When the alarm was raised; None where there is none now."""
        self.cleared_us: int | None = None

    def _fresh(self) -> Detector | None:
        if self.budget is None or not 0 < self.budget < 1:
            return None
        return Detector(DetectorState(budget=self.budget, threshold=self._alarm_at))

    @property
    def whole(self) -> Count:
        """All requests so far."""
        return Count(self._n, self._hits)

    @property
    def evidence(self) -> float:
        """Logarithm of the evidence by that of what changes the state: 0 is nothing, 1 enough."""
        if self._detector is None or self._detector.evidence <= 1:
            return 0.0
        return log(self._detector.evidence) / log(self._alarm_at)

    def update(self, at_us: int, hit: bool, *, decided: bool = True) -> None:
        """Take one request, sent at a time, escalated or not.

        One that was not `decided` by itself, but goes on with a conversation, is counted only.
        """
        if self._first_us is None or at_us < self._first_us:
            self._first_us = at_us
        self._n += 1
        self._hits += hit
        recent = self._recent.setdefault(at_us // self._unit, [0, 0])
        recent[0] += 1
        recent[1] += hit
        if self._detector is not None:
            change = self._detector.update(hit) if decided else None
            if change == "raised":
                self.alarm_us = at_us
            elif change == "cleared":
                self.alarm_us, self.cleared_us = None, at_us
        elif decided and self.budget == 0 and hit and self.alarm_us is None:
            self.alarm_us = at_us

    @property
    def state(self) -> WatchedState:
        """What to store; `resume` goes on from there, bit for bit."""
        return WatchedState(
            detector=None if self._detector is None else self._detector.state,
            recent={at: (n, hits) for at, (n, hits) in self._recent.items()},
            n=self._n,
            hits=self._hits,
            first_us=self._first_us,
            alarm_us=self.alarm_us,
            cleared_us=self.cleared_us,
        )

    def resume(self, state: WatchedState) -> None:
        """Go on from a state of the same budget, with this one's threshold from now on."""
        if self._detector is not None and state.detector is not None:
            detector = msgspec.structs.replace(state.detector, threshold=self._alarm_at)
            self._detector = Detector(detector)
        self._recent = {at: [*counts] for at, counts in state.recent.items()}
        self._n, self._hits, self._first_us = state.n, state.hits, state.first_us
        self.alarm_us, self.cleared_us = state.alarm_us, state.cleared_us

    def copy(self, alarm_at: float) -> WatchedRate:
        """Another one in the same state, with its own threshold from now on."""
        twin = WatchedRate(self.budget, self._unit, alarm_at)
        twin.resume(self.state)
        return twin

    def restart(self, at_us: int) -> None:
        """Forget what spoke for an alarm, and end one that is on: something else holds from now."""
        self._detector = self._fresh()
        if self.alarm_us is not None:
            self.alarm_us, self.cleared_us = None, at_us

    def forget(self, before_us: int) -> None:
        """Drop the counts by time of before a moment."""
        for at in [at for at in self._recent if at < before_us // self._unit]:
            del self._recent[at]

    def burn(self, now_us: int, span_us: int) -> Burn:
        """How fast the last `span_us` microseconds spent the budget."""
        since = (now_us - span_us) // self._unit
        within = [(at, counts) for at, counts in self._recent.items() if at > since]
        n, hits = _sum(counts for _, counts in within)
        rate = hits / n if n else None
        hourly = [
            (at * self._unit // HOUR_US, Block(float(hit), float(served)))
            for at, (served, hit) in within
        ]
        alone = wilson(hits, n)
        found = over_time(alone, hourly, least_hours=LEAST_HOURS)
        low, high = share(found.interval or alone)
        if n and self._first_us is not None:  # of the first minutes nothing is said about an hour
            span_us = max(min(span_us, now_us - self._first_us), 1)
        return Burn(
            span_seconds=span_us / 1_000_000,
            served=n,
            escalated=hits,
            rate=rate,
            low=low,
            high=high,
            burn=rate / self.budget if rate is not None and self.budget else None,
            by=found.by,
        )


def _sum(counts: Iterable[Iterable[int]]) -> Count:
    n = hits = 0
    for more, further in counts:
        n, hits = n + more, hits + further
    return Count(n, hits)
