"""The easy/hard split of graded requests, and what it makes of the bill: build, or not, or wait.

A request is *hard* where the premium answer would do and the cheap one would not: there alone does
escalating buy anything. Where both fail it is money for nothing, and where both do it is wasted.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import msgspec

from headgate.analysis.pairs import Halves, Names, Pair, human_of, pair_of
from headgate.analysis.record import Record
from headgate.costs.model import Breakdown, evaluate
from headgate.costs.scenario import Scenario
from headgate.costs.tripwire import Tripwire, tripwire
from headgate.stats.corrected import Counts, corrected
from headgate.stats.grouped import Groups, independent
from headgate.stats.intervals import Interval

__all__ = [
    "MOST_NEEDED",
    "Cells",
    "Estimate",
    "Grades",
    "Split",
    "Verdict",
    "estimate",
    "needed",
]

MOST_NEEDED = 10_000_000
"""Requests beyond which grading more is no answer."""

Verdict: TypeAlias = Literal["build", "do not build", "not enough"]

_Key = TypeVar("_Key")


class Cells(NamedTuple):
    """Graded requests by which of both answers would do."""

    both: int = 0
    premium_only: int = 0
    """The hard ones."""
    cheap_only: int = 0
    neither: int = 0

    @property
    def n(self) -> int:
        """All of them."""
        return sum(self)


class Split(NamedTuple):
    """A share of hard requests, and the interval that holds the true one."""

    name: str
    """The stratum; empty for all."""
    cells: Cells
    """By the judge, where there is one."""
    share: float
    """π as observed, corrected by the human grades where a judge gave the others."""
    interval: Interval
    human: int = 0
    """Requests that a human graded beside the judge."""
    groups: int = 0
    """Conversations they are of; a request without one is one by itself."""
    independent: float = 0.0
    """How many independent requests would tell as much; `cells.n` where each is by itself."""

    @property
    def corrected(self) -> bool:
        """Whether human grades correct a judge's."""
        return self.human > 0


class Grades:
    """Graded requests, counted by stratum; grows by a record and merges in any order.

    Pairs come in one record, as a verdict, or as a record a model, joined by their `id`. Requests
    of one conversation are no independent ones, nor are pairs of one `id`: they make a group.

    Args:
        good: the least score of an answer that will do.
        names: what the cheap and the premium one are called in records of one model and verdicts.
        stratum: what tells requests apart.
    """

    def __init__(
        self,
        *,
        good: float = 0.5,
        names: Names = Names(),  # noqa: B008 - immutable
        stratum: Callable[[Record], str] = lambda record: record.category,
    ) -> None:
        self.good = good
        self.names = names
        self._stratum = stratum
        self.counts: dict[tuple[str, bool, bool], int] = {}
        self.halves = Halves(names)
        self.named: dict[str, str] = {}
        """Strata of requests whose grades come a model at a time, by id."""
        self.within: dict[str, str] = {}
        """Conversations of requests whose grades come a model at a time, by id."""
        self.grouped: dict[tuple[str, str], tuple[int, int]] = {}
        """Rows and hard ones among them, by stratum and group, of pairs that came whole. Those of
        no group are each by themselves, and counted together under an empty name."""
        self.human: dict[tuple[str, bool, bool], int] = {}
        """Requests that a judge and a human graded: by stratum, and whether each calls it hard."""
        self.by_model = 0
        """Requests that a judge graded which is a model, and no human."""
        self.other = 0
        """Verdicts over other models, or over models that were not named."""

    def add(self, record: Record) -> None:
        """Take what grades a record has."""
        human = human_of(record)
        pair = pair_of(record, self.names) or human
        if pair is not None:
            name = self._stratum(record)
            self._count(self.counts, (name, *self._will_do(pair)))
            group = record.conversation or record.id
            self._gather(self.grouped, (name, group), 1, self._hard(human or pair))
            if human is not None:
                self._count(self.human, (name, self._hard(pair), self._hard(human)))
            elif record.judge:
                self.by_model += 1
        elif record.winner is not None:
            self.other += 1
        elif record.id:
            name = self._stratum(record)
            if name:
                self._name(self.named, record.id, name)
            if record.conversation:
                self._name(self.within, record.id, record.conversation)
            self.halves.add(record)

    def _will_do(self, pair: Pair) -> tuple[bool, bool]:
        return pair.cheap >= self.good, pair.premium >= self.good

    def _hard(self, pair: Pair) -> bool:
        return self._will_do(pair) == (False, True)

    @staticmethod
    def _count(
        counts: dict[tuple[str, bool, bool], int], key: tuple[str, bool, bool], times: int = 1
    ) -> None:
        counts[key] = counts.get(key, 0) + times

    @staticmethod
    def _gather(groups: dict[_Key, tuple[int, int]], key: _Key, rows: int, hard: int) -> None:
        before = groups.get(key, (0, 0))
        groups[key] = (before[0] + rows, before[1] + hard)

    @staticmethod
    def _name(names: dict[str, str], request: str, name: str) -> None:
        """Of two names of one request the lesser counts, whichever came first."""
        names[request] = min(name, names.get(request, name))

    def merge(self, other: Grades) -> Grades:
        """Both as one; neither is changed. They must be graded alike."""
        both = Grades(good=self.good, names=self.names, stratum=self._stratum)
        both.halves = self.halves.merge(other.halves)
        both.other = self.other + other.other
        both.by_model = self.by_model + other.by_model
        for side in (self, other):
            for key, times in side.counts.items():
                both._count(both.counts, key, times)
            for key, times in side.human.items():
                both._count(both.human, key, times)
            for request, name in side.named.items():
                both._name(both.named, request, name)
            for request, name in side.within.items():
                both._name(both.within, request, name)
            for group, (rows, hard) in side.grouped.items():
                both._gather(both.grouped, group, rows, hard)
        return both

    def strata(self) -> dict[str, Cells]:
        """The cells of each stratum, by name; one without a name holds those that have none."""
        counts = dict(self.counts)
        for request, pair in self.halves.pairs():
            key = (self.named.get(request, ""), *self._will_do(pair))
            counts[key] = counts.get(key, 0) + 1
        return {
            name: Cells(
                counts.get((name, True, True), 0),
                counts.get((name, False, True), 0),
                counts.get((name, True, False), 0),
                counts.get((name, False, False), 0),
            )
            for name in sorted({name for name, _, _ in counts})
        }

    def groups(self) -> dict[str | None, Groups]:
        """The groups of each stratum, by name, and those of all requests under None."""
        found = dict(self.grouped)
        for request, pair in self.halves.pairs():
            key = (self.named.get(request, ""), self.within.get(request, ""))
            self._gather(found, key, 1, self._hard(pair))
        parts: dict[str | None, dict[str, tuple[int, int]]] = {None: {}}
        for (name, group), (rows, hard) in found.items():
            for part in (parts[None], parts.setdefault(name, {})):
                self._gather(part, group, rows, hard)
        return {
            name: Groups.of(part.values(), alone=part.pop("", (0, 0)))
            for name, part in parts.items()
        }

    def judged(self, cells: Cells, name: str | None = None) -> Counts:
        """What judge and humans say of a stratum with these cells; None: of all."""

        def both(judge: bool, human: bool) -> int:
            return sum(
                times
                for (stratum, *said), times in self.human.items()
                if said == [judge, human] and name in (None, stratum)
            )

        return Counts(
            cells.n,
            cells.premium_only,
            both(True, True),
            both(True, False),
            both(False, True),
            both(False, False),
        )

    @property
    def cells(self) -> Cells:
        """Over all strata."""
        found = self.strata().values()
        return Cells(*map(sum, zip(*found, strict=True))) if found else Cells()


class Estimate(msgspec.Struct, frozen=True, kw_only=True):
    """What the grades say of the plan."""

    whole: Split
    strata: tuple[Split, ...]
    """The largest first; empty where requests are not told apart."""
    confidence: float
    at: Breakdown
    """The plan at π as observed."""
    at_low: Breakdown
    at_high: Breakdown
    """The plan at both ends of the interval."""
    saving: tuple[Decimal, Decimal]
    """The least and the greatest saving over the interval, shares of the all-premium bill."""
    least_saving: Decimal
    """What must be saved for routing to be worth building, a share."""
    break_even: float | None
    """The π at which just that is saved; None where no π gives it, or every one more."""
    verdict: Verdict
    needed: int | None
    """Graded requests that would decide it, if π stays as it is; None: decided, or more than
    `MOST_NEEDED`."""
    wire: Tripwire
    """The break-even of the escalation rate, with its interval."""


def estimate(
    grades: Grades,
    scenario_at: Callable[[float], Scenario],
    *,
    confidence: float = 0.95,
    least_saving: Decimal = Decimal(0),
) -> Estimate:
    """Carry the split through the plan.

    Args:
        grades: at least one pair.
        scenario_at: the plan with that share of hard requests.
        confidence: of all intervals.
        least_saving: what must be saved, a share of the all-premium bill.

    Raises:
        ValueError: there is no pair.
        ConfigError: the plan cannot be made.
    """
    strata, groups = grades.strata(), grades.groups()
    cells = grades.cells
    whole = _split("", cells, grades.judged(cells), groups[None], confidence)
    low, high = whole.interval
    saving = _savings(scenario_at)
    ends = sorted(saving(end) for end in (low, high))
    verdict: Verdict = "not enough"
    if ends[0] > least_saving:
        verdict = "build"
    elif ends[1] <= least_saving:
        verdict = "do not build"
    limit = _limit(saving, least_saving)
    at = scenario_at(whole.share)
    rates = sorted(scenario_at(end).escalation_rate for end in (low, high))
    return Estimate(
        whole=whole,
        strata=tuple(
            sorted(
                (
                    _split(name, part, grades.judged(part, name), groups[name], confidence)
                    for name, part in strata.items()
                ),
                key=lambda split: (-split.cells.n, split.name),
            )
        )
        if len(strata) > 1
        else (),
        confidence=confidence,
        at=evaluate(at),
        at_low=evaluate(scenario_at(low)),
        at_high=evaluate(scenario_at(high)),
        saving=(ends[0], ends[1]),
        least_saving=least_saving,
        break_even=limit,
        verdict=verdict,
        needed=needed(grades.judged(cells), limit, confidence, whole.independent / cells.n)
        if verdict == "not enough" and limit is not None
        else None,
        wire=tripwire(at, "escalation", interval=(rates[0], rates[1])),
    )


def _split(name: str, cells: Cells, judged: Counts, groups: Groups, confidence: float) -> Split:
    if not cells.n:
        raise ValueError("no request is graded for both models")
    alone = independent(groups, confidence)
    found = corrected(judged, confidence, alone / cells.n)
    return Split(name, cells, *found, judged.human, groups.groups, alone)


def _savings(scenario_at: Callable[[float], Scenario]) -> Callable[[float], Decimal]:
    def saving(share: float) -> Decimal:
        found = evaluate(scenario_at(share)).realistic.saving
        return Decimal(0) if found is None else found

    return saving


def _limit(saving: Callable[[float], Decimal], least: Decimal) -> float | None:
    """Where the saving passes the least, as more requests are hard; by bisection."""
    low, high = 0.0, 1.0
    begins_above = saving(low) > least
    if begins_above == (saving(high) > least):
        return None
    for _ in range(40):
        middle = (low + high) / 2
        if (saving(middle) > least) == begins_above:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def needed(seen: Counts, limit: float, confidence: float = 0.95, worth: float = 1.0) -> int | None:
    """The requests that tell the share from `limit`, if they show the same as those seen.

    That is: the same share, by the same judge, the same part of them graded by humans, and each
    worth as many independent ones, for they come in conversations as those seen did. From
    the number seen on; the search is for one end of a run of numbers that do, good to a few
    requests, for the interval's ends move by whole requests. None: more than `MOST_NEEDED`.
    """

    def tells(n: int) -> bool:
        interval = corrected(_grown(seen, n), confidence, worth).interval
        return not interval.low <= limit <= interval.high

    low, high = seen.judged, seen.judged
    while not tells(high):
        low, high = high, high * 2
        if low > MOST_NEEDED:
            return None
    while low + 1 < high:
        middle = (low + high) // 2
        if tells(middle):
            high = middle
        else:
            low = middle
    return high if high <= MOST_NEEDED else None


def _grown(seen: Counts, n: int) -> Counts:
    """As if so many had been judged and shown the same."""
    grown = [round(part * n / seen.judged) for part in seen]
    human = sum(grown[2:])
    least, most = grown[2] + grown[3], n - human + grown[2] + grown[3]
    return Counts(n, min(max(grown[1], least), most), *grown[2:])
