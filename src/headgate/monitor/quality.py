"""The quality that cheap answers keep: comparisons folded one by one, an interval, an alarm.

A comparison is one request that the cheap tier has answered and premium was asked too, unseen by
the caller; a judge has graded both. Each is an event of the ledger, so the same ledger always gives
the same alarm.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from math import log
from typing import Literal

import msgspec

from headgate.ledger.event import Event
from headgate.ledger.store import DAY_US
from headgate.monitor.facts import fact_event, facts_of
from headgate.stats.blocks import LEAST_DAYS, Block, effect_over, equal_blocks
from headgate.stats.bounded import Grades, MeanEvidence, kept_sequence
from headgate.stats.sequential import threshold

__all__ = [
    "COMPARED",
    "DIMENSIONS",
    "FALSE_ALARMS",
    "FALSE_ALARM_COMPARISONS",
    "Comparison",
    "Funnel",
    "Outcome",
    "Quality",
    "QualityWatch",
    "Scope",
    "State",
    "comparison_event",
    "comparisons",
]

COMPARED = "quality.compared"
"""The kind of the event that a comparison is."""

FALSE_ALARMS, FALSE_ALARM_COMPARISONS = 0.05, 10_000
ALARM_AT = threshold(FALSE_ALARMS, FALSE_ALARM_COMPARISONS)
"""The evidence at which the alarm is raised, and at which it is cleared again."""

MOST_SCOPES = 20
"""Routes, policies and keys that are told apart, of each; the busiest."""

DIMENSIONS = ("route", "policy", "key")
Outcome = Literal["decided", "unread", "failed", "unfit", "unpaid"]
State = Literal["kept", "not kept", "not yet known"]


class Comparison(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of one sampled request."""

    request_id: str
    at_us: int
    outcome: Outcome
    """`decided`: both were graded. Else why not: the judge's words could not be read (`unread`), a
    call failed (`failed`), the request cannot be asked again (`unfit`), or the money for it was
    spent (`unpaid`)."""
    rate: float
    """The share of cheap-served requests that were sampled then."""
    cheap: float | None = None
    premium: float | None = None
    """Grades, 0..1: the mean of both orders."""
    swung: bool = False
    """The judge's preference turned with the order."""
    cost_nano: int | None = 0
    """What premium's answer and the judge have cost; None: not known."""
    route: str = ""
    policy: str = ""
    key: str | None = None
    category: str | None = None
    router: str | None = None
    score: float | None = None
    cheap_model: str = ""
    premium_model: str = ""
    judge: str = ""


msgspec.json.Decoder(Comparison)  # so that threads find it learned; see settings/reader.py


def comparison_event(comparison: Comparison) -> Event:
    """The event that keeps a comparison; of one request there is but one."""
    return fact_event(comparison, COMPARED, name=comparison.request_id)


def comparisons(events: Iterable[Event]) -> list[Comparison]:
    """The comparisons among events; those that a newer Headgate wrote otherwise are left out."""
    return facts_of(events, COMPARED, Comparison)


class Funnel(msgspec.Struct, frozen=True, kw_only=True):
    """How many sampled requests came how far, and what it cost."""

    sampled: int
    answered: int
    """Premium has answered too."""
    judged: int
    """The judge has been asked, and has said something."""
    decided: int
    unpaid: int
    cost_nano: int
    unpriced: int
    """Comparisons whose cost is not known; they are not in `cost_nano`."""


class Scope(msgspec.Struct, frozen=True, kw_only=True):
    """Comparisons of all requests, or of one route, policy or key."""

    kind: str
    """`all`, `route`, `policy` or `key`."""
    name: str
    decided: int
    kept: float | None
    """Mean grade of cheap by that of premium; None without comparisons."""
    low: float
    high: float
    """The 95 % confidence sequence of it, for every look at once."""
    days: int
    """It is over so many days, as if they weighed the same; 0 where they are too few: then over
    comparisons, each taken by itself."""
    cheap_wins: int
    ties: int
    premium_wins: int
    swung: int


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """The quality kept at one moment."""

    floor: float | None
    state: State
    """`kept` once the interval lies above the floor; `not kept` while the alarm is on."""
    all: Scope
    scopes: tuple[Scope, ...]
    funnel: Funnel
    evidence: float
    """What speaks for the floor being broken, or in an alarm for its end, as the share of the
    threshold's logarithm: 0 is nothing, 1 changes the state. 0 without a floor."""
    alarm_us: int | None
    """When the alarm was raised; None where there is none now."""
    last_us: int | None
    """When the last comparison was made."""


class QualityWatch:
    """The running account of comparisons.

    Args:
        floor: share of the premium quality to keep, above 0 and at most 1; None watches without
            judging.
    """

    def __init__(self, floor: float | None) -> None:
        self.floor = floor
        self._whole = _Tally()
        self._scopes: dict[tuple[str, str], _Tally] = {}
        self._outcomes: Counter[str] = Counter()
        self._cost = 0
        self._unpriced = 0
        self._evidence = None if floor is None else MeanEvidence(floor)
        self._alarm_us: int | None = None
        self._seen: set[str] = set()
        self._last_us: int | None = None

    def fold(self, new: Iterable[Comparison]) -> int:
        """Take in comparisons in the order they were made; return how many were new."""
        before = len(self._seen)
        for comparison in new:
            if comparison.request_id not in self._seen:
                self._seen.add(comparison.request_id)
                self._add(comparison)
        return len(self._seen) - before

    def _add(self, comparison: Comparison) -> None:
        self._outcomes[comparison.outcome] += 1
        if comparison.cost_nano is None:
            self._unpriced += 1
        else:
            self._cost += comparison.cost_nano
        self._last_us = comparison.at_us
        if comparison.cheap is None or comparison.premium is None:
            return
        grades = Grades(comparison.cheap, comparison.premium)
        self._whole.add(grades, comparison)
        for kind in DIMENSIONS:
            name = getattr(comparison, kind)
            if name:
                self._scopes.setdefault((kind, name), _Tally()).add(grades, comparison)
        self._detect(grades, comparison.at_us)

    def _detect(self, grades: Grades, at_us: int) -> None:
        if self._evidence is None or self.floor is None:
            return
        if self._evidence.add(grades) < ALARM_AT:
            return
        self._alarm_us = at_us if self._alarm_us is None else None
        self._evidence = MeanEvidence(self.floor, "below" if self._alarm_us is None else "above")

    def assess(self) -> Quality:
        """Where the quality stands, all that was folded in considered."""
        whole = _scope("all", "", self._whole)
        by_kind: dict[str, list[Scope]] = {kind: [] for kind in DIMENSIONS}
        for (kind, name), tally in self._scopes.items():
            by_kind[kind].append(_scope(kind, name, tally))
        scopes = [
            scope
            for kind in DIMENSIONS
            if len(by_kind[kind]) > 1
            for scope in sorted(by_kind[kind], key=lambda one: (-one.decided, one.name))[
                :MOST_SCOPES
            ]
        ]
        return Quality(
            floor=self.floor,
            state=self._state(whole),
            all=whole,
            scopes=tuple(scopes),
            funnel=self._funnel(),
            evidence=0.0 if self._evidence is None else _progress(self._evidence.value),
            alarm_us=self._alarm_us,
            last_us=self._last_us,
        )

    def _state(self, whole: Scope) -> State:
        if self._alarm_us is not None:
            return "not kept"
        return "kept" if self.floor is not None and whole.low >= self.floor else "not yet known"

    def _funnel(self) -> Funnel:
        outcomes = self._outcomes
        judged = outcomes["decided"] + outcomes["unread"]
        return Funnel(
            sampled=outcomes.total(),
            answered=judged,
            judged=judged,
            decided=outcomes["decided"],
            unpaid=outcomes["unpaid"],
            cost_nano=self._cost,
            unpriced=self._unpriced,
        )


def _progress(value: float) -> float:
    return min(1.0, log(max(1.0, value)) / log(ALARM_AT))


class _Tally:
    """Comparisons that are counted together, and their grades by the day."""

    def __init__(self) -> None:
        self.counts: Counter[Grades] = Counter()
        self.swung = 0
        self._days: dict[int, Block] = {}

    def add(self, grades: Grades, comparison: Comparison) -> None:
        self.counts[grades] += 1
        self.swung += comparison.swung
        day = comparison.at_us // DAY_US
        before = self._days.get(day, Block(0.0, 0.0))
        self._days[day] = Block(before.x + grades.cheap, before.y + grades.premium)

    def worth(self, kept: float) -> tuple[float, int]:
        """How many independent comparisons each counts for, and over how many days that is.

        Comparisons of one day are alike: a model has bad days, and callers come with one task.
        """
        blocks = [*self._days.values()]
        weight = equal_blocks(blocks)
        if weight < LEAST_DAYS:
            return 1.0, 0
        squares = sum(
            n * (grades.cheap - kept * grades.premium) ** 2 for grades, n in self.counts.items()
        )
        return 1 / effect_over(blocks, squares), round(weight)


def _scope(kind: str, name: str, tally: _Tally) -> Scope:
    counts = tally.counts
    cheap = sum(grades.cheap * n for grades, n in counts.items())
    premium = sum(grades.premium * n for grades, n in counts.items())
    kept = cheap / premium if premium else None
    worth, days = (1.0, 0) if kept is None else tally.worth(kept)
    low, high = kept_sequence(counts, worth=worth)
    wins = {
        sign: sum(n for grades, n in counts.items() if _sign(grades) == sign) for sign in (-1, 0, 1)
    }
    return Scope(
        kind=kind,
        name=name,
        decided=sum(counts.values()),
        kept=kept,
        low=low,
        high=high,
        days=days,
        cheap_wins=wins[1],
        ties=wins[0],
        premium_wins=wins[-1],
        swung=tally.swung,
    )


def _sign(grades: Grades) -> int:
    return (grades.cheap > grades.premium) - (grades.cheap < grades.premium)
