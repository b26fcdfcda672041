"""Is traffic still like the sample that a router was certified on? Each part of it is watched.

A part is a bin of scores, a bin of lengths, or a kind of task. It has kept to the sample while its
share of the requests is at most `factor` times, and at least 1/`factor` of, what the sample says:
the ends of an interval for its share there, wide enough to hold for all parts at once.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

import msgspec

from headgate.ledger.store import Outcome
from headgate.routing.reference import OTHER, Histogram, Reference
from headgate.stats.intervals import clopper_pearson

__all__ = [
    "ALARM_AT",
    "FALSE_STALE",
    "FALSE_STALE_HOURS",
    "HOUR_US",
    "LEAST_HOURS",
    "Drift",
    "DriftState",
    "DriftWatch",
    "Facet",
    "Shift",
]

Facet = Literal["scores", "tokens", "categories"]

HOUR_US = 3_600_000_000
FALSE_STALE = 0.05
"""The chance that a certificate is ever called stale within a year though its traffic has kept to
the sample; `_SAMPLE` of it is for the sample's own chance, the rest for the traffic's."""
FALSE_STALE_HOURS = 8_766
_SAMPLE = 0.01
ALARM_AT = FALSE_STALE_HOURS / (FALSE_STALE - _SAMPLE)
"""The evidence from which a certificate is stale."""

ODDS_RATIOS = (1.3, 2.0, 4.0)
"""The shares that are bet on, as ratios of their odds to the bound's; for shares that have fallen,
their inverses."""
RECENT_HOURS = 168
"""Hours with traffic that the present shares are of."""
LEAST_HOURS = 24
"""Hours with traffic before anything is bet on: fewer do not tell how alike requests are."""


class Shift(msgspec.Struct, frozen=True, kw_only=True):
    """One part that has moved beyond what is allowed."""

    facet: Facet
    part: str
    """The bin, as in `0.31 to 0.44`, or the kind of task."""
    share_then: float
    """In the certificate's sample."""
    share_now: float
    """Of the last hours."""
    low: float
    high: float
    """What was allowed: the sample's interval, and the factor beyond it."""


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate against the traffic that its router has scored."""

    router: str
    rows: int
    """Of the certificate's sample."""
    requests: int
    """Scored by this router so far."""
    hours: int
    """With traffic, that have ended and were judged."""
    evidence: float
    """Logarithm of the evidence by that of what makes it stale: 0 is nothing, 1 enough."""
    stale_us: int | None
    """When it became stale, until the router is certified anew; None while it is not."""
    shifts: tuple[Shift, ...]
    """What is beyond its bounds now, the farthest first."""
    unwatched: tuple[Facet, ...]
    """What the sample does not know, or the traffic does not say."""


class DriftState(msgspec.Struct, frozen=True, kw_only=True):
    """All that the watch of one router remembers, to be stored and gone on from."""

    cursor: int
    hour: int | None
    hours: int
    requests: int
    stale_us: int | None
    facets: tuple[tuple[tuple[int, ...], tuple[tuple[int, ...], ...], tuple[float, ...]], ...]
    """Of each: counts of the hour under way, those of the last hours, and the bets."""


class DriftWatch:
    """Folds outcomes of one router, and judges each hour once it has ended.

    For every part and either side of its bounds, bets are placed against the share having kept to
    the bound. With h of n requests in the part, a bet on the share q against the bound b multiplies
    its stake by (q/b)^h · ((1−q)/(1−b))^(n−h), which gains nothing on average while each request's
    chance, given the past, is within the bound. Before every hour one more dollar is put in, spread
    over all bets of all parts: the mixture Shiryaev-Roberts procedure, as for the budget, by hours.
    All bets together reach c within m hours with a chance of at most m/c (Doob's inequality), so
    looking at many parts costs no further correction. The sample's own chance is covered by exact
    intervals at a level shared by all parts (Bonferroni).

    Turns of one conversation, and requests of one hour, are alike: their chances, given the past,
    are not the sample's. So the logarithm of what a bet gains is divided by the part's design
    effect, by how much more its counts by the hour have strayed lately than a binomial's would.
    That is not exact, and measured (`benchmarks.dependence`); where nothing strays it changes
    little.

    Args:
        router: the version whose outcomes count.
        reference: what its certificate's rows looked like.
        factor: how many times more, or fewer, a part may become.
    """

    def __init__(self, router: str, reference: Reference, factor: float) -> None:
        self.router = router
        self.reference = reference
        self.factor = factor
        self.cursor = 0
        self._facets = _facets(reference, factor)
        self._hour: int | None = None
        self._hours = 0
        self._requests = 0
        self._stale_us: int | None = None

    @property
    def state(self) -> DriftState:
        """What to store; `resume` goes on from there, bit for bit."""
        return DriftState(
            cursor=self.cursor,
            hour=self._hour,
            hours=self._hours,
            requests=self._requests,
            stale_us=self._stale_us,
            facets=tuple(facet.state for facet in self._facets),
        )

    def resume(self, state: DriftState) -> None:
        """Go on from a state of the same router, reference and factor."""
        self.cursor, self._hour, self._hours = state.cursor, state.hour, state.hours
        self._requests, self._stale_us = state.requests, state.stale_us
        for facet, remembered in zip(self._facets, state.facets, strict=True):
            facet.resume(remembered)

    def fold(self, outcomes: Iterable[Outcome]) -> None:
        """Take in what is new among these and was scored by the router."""
        for outcome in outcomes:
            if outcome.sequence > self.cursor:
                self.cursor = outcome.sequence
                if outcome.router == self.router and outcome.score is not None:
                    self._add(outcome)

    def _add(self, outcome: Outcome) -> None:
        hour = outcome.at_us // HOUR_US
        if self._hour is None:
            self._hour = hour
        elif hour > self._hour:  # rows that come late count where they are stored
            self._judge()
            self._hour = hour
        self._requests += 1
        for facet in self._facets:
            facet.count(outcome)

    def _judge(self) -> None:
        assert self._hour is not None  # noqa: S101 - an hour has begun
        self._hours += 1
        for facet in self._facets:
            facet.judge(sum(len(other.parts) for other in self._facets))
        if self._stale_us is None and self._evidence() >= math.log(ALARM_AT):
            self._stale_us = (self._hour + 1) * HOUR_US

    def _evidence(self) -> float:
        return _log_sum(bet for facet in self._facets for bet in facet.bets)

    def assess(self, now_us: int) -> Drift:
        """How it stands, an hour that has gone by judged; what is folded in stays as it is."""
        if self._hour is not None and now_us // HOUR_US > self._hour:
            twin = DriftWatch(self.router, self.reference, self.factor)
            twin.resume(self.state)
            twin._judge()
            twin._hour = None
            return twin.assess(now_us)
        shifts = sorted(
            (shift for facet in self._facets for shift in facet.shifts()),
            key=lambda shift: -_distance(shift),
        )
        watched = {facet.name for facet in self._facets if sum(map(sum, facet.recent))}
        names: tuple[Facet, ...] = ("scores", "tokens", "categories")
        return Drift(
            router=self.router,
            rows=self.reference.rows,
            requests=self._requests,
            hours=self._hours,
            evidence=max(0.0, self._evidence() / math.log(ALARM_AT)),
            stale_us=self._stale_us,
            shifts=tuple(shifts),
            unwatched=tuple(name for name in names if name not in watched),
        )


class _Part(NamedTuple):
    name: str
    share: float
    low: float
    high: float


class _Facet:
    """The parts of one facet, what has been counted of them, and the bets on them."""

    def __init__(self, name: Facet, parts: Sequence[_Part], bins: Histogram | None) -> None:
        self.name = name
        self.parts = tuple(parts)
        self._bins = bins
        self._places = {part.name: place for place, part in enumerate(parts)}
        self._counts = [0] * len(parts)
        self.recent: deque[list[int]] = deque(maxlen=RECENT_HOURS)
        self._strays = _Strays(len(parts))
        self.bets = [-math.inf] * (len(parts) * 2 * len(ODDS_RATIOS))
        """Logarithms of what they are worth."""

    @property
    def state(self) -> tuple[tuple[int, ...], tuple[tuple[int, ...], ...], tuple[float, ...]]:
        return tuple(self._counts), tuple(map(tuple, self.recent)), tuple(self.bets)

    def resume(
        self, state: tuple[tuple[int, ...], tuple[tuple[int, ...], ...], tuple[float, ...]]
    ) -> None:
        counts, recent, bets = state
        self._counts, self.bets = [*counts], [*bets]
        self.recent = deque(map(list, recent), maxlen=RECENT_HOURS)
        self._strays = _Strays(len(self.parts))
        for hour in self.recent:
            self._strays.take(hour)

    def count(self, outcome: Outcome) -> None:
        place = self._place(outcome)
        if place is not None:
            self._counts[place] += 1

    def _place(self, outcome: Outcome) -> int | None:
        if self.name == "categories":
            if outcome.category is None:
                return None
            return self._places.get(outcome.category, self._places[OTHER])
        value = outcome.score if self.name == "scores" else outcome.tokens or None
        assert self._bins is not None  # noqa: S101 - scores and lengths have bins
        return None if value is None else self._bins.bin(value)

    def judge(self, parts: int) -> None:
        """Settle the bets for the hour; `parts` is the number of parts of all facets."""
        n = sum(self._counts)
        stake = -math.log(parts * 2 * len(ODDS_RATIOS))
        bounds = (bound for part in self.parts for bound in (part.high, part.low))
        betting = len(self.recent) >= LEAST_HOURS
        effects = self._strays.effects() if betting else [1.0] * len(self.parts)
        at = 0
        for number, bound in enumerate(bounds):
            hits = self._counts[number // 2]
            for ratio in ODDS_RATIOS:
                if betting and 0 < bound < 1:
                    worth = _log_sum((self.bets[at], stake))
                    gain = _log_gain(bound, ratio if number % 2 == 0 else 1 / ratio, hits, n)
                    self.bets[at] = worth + gain / effects[number // 2]
                at += 1
        if n:
            if len(self.recent) == RECENT_HOURS:
                self._strays.take(self.recent[0], sign=-1)
            self.recent.append(self._counts)
            self._strays.take(self._counts)
        self._counts = [0] * len(self.parts)

    def shifts(self) -> Iterator[Shift]:
        totals = [sum(column) for column in zip(*self.recent, strict=True)]
        n = sum(totals)
        for part, count in zip(self.parts, totals, strict=False):
            share = count / n
            if not part.low <= share <= part.high:
                yield Shift(
                    facet=self.name,
                    part=part.name,
                    share_then=part.share,
                    share_now=share,
                    low=part.low,
                    high=part.high,
                )


class _Strays:
    """How far each part's counts by the hour stray from its share of them, from running sums."""

    def __init__(self, parts: int) -> None:
        self._hours = self._n = self._nn = 0
        self._sums = [(0, 0, 0)] * parts
        """Of each part Σh, Σh² and Σhn, h of an hour's n requests being in it."""

    def take(self, counts: Sequence[int], *, sign: int = 1) -> None:
        """One more hour, or with −1 one less."""
        n = sum(counts)
        self._hours += sign
        self._n += sign * n
        self._nn += sign * n * n
        self._sums = [
            (h + sign * hits, hh + sign * hits * hits, hn + sign * hits * n)
            for (h, hh, hn), hits in zip(self._sums, counts, strict=True)
        ]

    def effects(self) -> list[float]:
        """Of each part the variance of its counts over that of a binomial, at least 1."""
        found = []
        for h, hh, hn in self._sums:
            share = h / self._n
            squares = hh - 2 * share * hn + share * share * self._nn
            spread = h * (1 - share)
            more = squares * self._hours / (self._hours - 1) / spread if spread else 1.0
            found.append(max(1.0, more))
        return found


def _facets(reference: Reference, factor: float) -> tuple[_Facet, ...]:
    kinds = dict(reference.categories or {})
    if kinds:
        kinds.setdefault(OTHER, 0)
    named: list[tuple[Facet, list[tuple[str, int]], Histogram | None]] = []
    if reference.scores is not None:
        named.append(("scores", _binned(reference.scores, ".2f"), reference.scores))
    if reference.tokens is not None:
        named.append(("tokens", _binned(reference.tokens, ",.0f"), reference.tokens))
    if kinds:
        named.append(("categories", list(kinds.items()), None))
    parts = sum(len(counts) for _, counts, _ in named)
    return tuple(
        _Facet(
            name,
            [_part(part, count, reference.rows, parts, factor) for part, count in counts],
            bins,
        )
        for name, counts, bins in named
    )


def _part(name: str, count: int, rows: int, parts: int, factor: float) -> _Part:
    sampled = clopper_pearson(count, rows, 1 - _SAMPLE / parts)
    return _Part(name, count / rows, sampled.low / factor, min(1.0, sampled.high * factor))


def _binned(histogram: Histogram, form: str) -> list[tuple[str, int]]:
    edges = [format(edge, form) for edge in histogram.edges]
    if not edges:
        return [("all", histogram.counts[0])]
    names = [
        f"below {edges[0]}",
        *(f"{low} to {high}" for low, high in pairwise(edges)),
        f"{edges[-1]} and more",
    ]
    return list(zip(names, histogram.counts, strict=True))


def _log_gain(bound: float, ratio: float, hits: int, n: int) -> float:
    odds = bound / (1 - bound) * ratio
    share = odds / (1 + odds)
    return hits * math.log(share / bound) + (n - hits) * math.log((1 - share) / (1 - bound))


def _log_sum(logs: Iterable[float]) -> float:
    """The logarithm of a sum, from the logarithms of its terms."""
    terms = list(logs)
    top = max(terms, default=-math.inf)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(term - top) for term in terms))


def _distance(shift: Shift) -> float:
    """How many times over its bound a share is."""
    if shift.share_now > shift.high:
        return shift.share_now / shift.high
    return shift.low / max(shift.share_now, 1e-9)
