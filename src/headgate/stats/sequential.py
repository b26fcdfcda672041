"""Tests of a rate that may be looked at after every request: a detector, and an interval.

Both bet against the budget. A bet on a rate q against the budget b multiplies its stake by q/b for
an escalated request and by (1 − q)/(1 − b) for one that was not. While each request's chance of
escalating, given all that came before, is at most b, no bet gains on average; so a stake that has
become large is evidence that the chance is above b. No chance need stay the same, and no request
need be independent of the others.
"""

from __future__ import annotations

import math
from typing import Literal

import msgspec

from headgate.stats.intervals import Interval

__all__ = ["Change", "Detector", "DetectorState", "Evidence", "confidence_sequence", "threshold"]

Side = Literal["above", "below"]
Change = Literal["raised", "cleared"]

ODDS_RATIOS = (1.07, 1.15, 1.3, 1.5, 1.8, 2.3, 3.2, 5.0)
"""The rates bet on, as ratios of their odds to the budget's. For a true rate between 1.05 and 8
times the budget's odds, the evidence of the nearest bet grows at 84 % of the best speed or more.
Each bet gets one eighth of the money, which delays an alarm by at most ln 8 nats of evidence."""


def threshold(chance: float, requests: int) -> float:
    """The evidence to alarm at, so that `requests` requests raise a false alarm at most so often.

    >>> threshold(0.05, 100_000)
    2000000.0

    Raises:
        ValueError: `chance` is not between 0 and 1, or `requests` is below 1.
    """
    if not 0 < chance < 1 or requests < 1:
        raise ValueError(f"a chance of {chance} over {requests} requests is no target")
    return requests / chance


class Evidence:
    """How much speaks for a rate having gone beyond a bound, at some time not known beforehand.

    This is the mixture Shiryaev-Roberts e-detector. Before every request, one more dollar is put
    in, spread over the rates bet on; `value` is what all bets together are worth:

        R_k ← (R_k + 1/K) · L_k(x),   value = Σ_k R_k,

    with L_k(1) = q_k/b and L_k(0) = (1 − q_k)/(1 − b). A bet that lost in a quiet past is dwarfed
    by the fresh money, so no length of quiet delays an alarm.

    While the rate keeps to the bound, value − n never grows on average. Hence, for every c,
    P(value reaches c within n requests) ≤ n / c by Doob's inequality, and the average number of
    requests until it does is at least c.

    Shiryaev (1963), "On optimum methods in quickest detection problems", Theory Probab. Appl. 8;
    Roberts (1966), "A comparison of some control chart procedures", Technometrics 8; Pollak (1987),
    "Average run lengths of an optimal method of detecting a change in distribution", Ann. Stat. 15;
    Shin, Ramdas & Rinaldo (2024), "E-detectors: a nonparametric framework for sequential change
    detection", New England J. Stat. Data Sci. 2.

    Args:
        bound: the rate that is kept to, between 0 and 1, both excluded.
        side: which way the rate may have gone.
        sums: the bets' worth to go on from; None starts anew.

    Raises:
        ValueError: `bound` is not between 0 and 1, or `sums` are not as many as the bets.
    """

    __slots__ = ("_hit", "_miss", "_sums", "value")

    def __init__(self, bound: float, side: Side = "above", sums: tuple[float, ...] = ()) -> None:
        if not 0 < bound < 1:
            raise ValueError(f"a bound of {bound} is not between 0 and 1")
        if sums and len(sums) != len(ODDS_RATIOS):
            raise ValueError(f"{len(sums)} sums for {len(ODDS_RATIOS)} bets")
        odds = bound / (1 - bound)
        ratios = ODDS_RATIOS if side == "above" else tuple(1 / ratio for ratio in ODDS_RATIOS)
        rates = [odds * ratio / (1 + odds * ratio) for ratio in ratios]
        self._hit = tuple(rate / bound for rate in rates)
        self._miss = tuple((1 - rate) / (1 - bound) for rate in rates)
        self._sums = list(sums) or [0.0] * len(rates)
        self.value = sum(self._sums)

    @property
    def sums(self) -> tuple[float, ...]:
        """What each bet is worth: all there is to remember."""
        return tuple(self._sums)

    def add(self, hit: bool) -> float:
        """Take one request, escalated or not; return the new value."""
        factors = self._hit if hit else self._miss
        stake = 1 / len(ODDS_RATIOS)
        sums = [(worth + stake) * factor for worth, factor in zip(self._sums, factors, strict=True)]
        self._sums = sums
        self.value = value = sum(sums)
        return value


class DetectorState(msgspec.Struct, frozen=True, kw_only=True):
    """All that a detector remembers, to be stored and gone on from."""

    budget: float
    threshold: float
    n: int = 0
    hits: int = 0
    alarm: bool = False
    since: int = 0
    """Request number at which the alarm was last raised or cleared; 0 for the beginning."""
    sums: tuple[float, ...] = ()


class Detector:
    """An alarm that is raised when a rate has gone above its budget, and cleared when it is back.

    Raised once the evidence that the rate has gone above reaches the threshold; cleared once the
    same test, turned round and begun at the alarm, shows that it has gone below. Then the first
    starts anew. A false alarm within n requests has a chance of at most n / threshold, and the same
    holds for a false all-clear.

    >>> detector = Detector(DetectorState(budget=0.15, threshold=threshold(0.05, 100_000)))
    >>> [detector.update(True) for _ in range(16)][-3:]
    [None, 'raised', None]
    """

    __slots__ = ("_evidence", "_state", "alarm", "hits", "n", "since")

    def __init__(self, state: DetectorState) -> None:
        self._state = state
        self.n = state.n
        self.hits = state.hits
        self.alarm = state.alarm
        self.since = state.since
        self._evidence = Evidence(state.budget, "below" if state.alarm else "above", state.sums)

    @property
    def state(self) -> DetectorState:
        """What to store; `Detector(state)` goes on from there, bit for bit."""
        return DetectorState(
            budget=self._state.budget,
            threshold=self._state.threshold,
            n=self.n,
            hits=self.hits,
            alarm=self.alarm,
            since=self.since,
            sums=self._evidence.sums,
        )

    @property
    def evidence(self) -> float:
        """Of what is waited for: a breach, or after an alarm its end."""
        return self._evidence.value

    def update(self, hit: bool) -> Change | None:
        """Take one request; say whether it raised or cleared the alarm."""
        self.n += 1
        self.hits += hit
        if self._evidence.add(hit) < self._state.threshold:
            return None
        self.alarm = not self.alarm
        self.since = self.n
        self._evidence = Evidence(self._state.budget, "below" if self.alarm else "above")
        return "raised" if self.alarm else "cleared"


_LAMBDAS = tuple(4.0 * 1.5**-step for step in range(22))
"""Bets of the confidence sequence, from 4 down to 0.0008: the best one for n requests of rate p is
about √(12 / (n·p·(1 − p))), so they serve from a handful of requests to some hundred million."""


def confidence_sequence(hits: int, n: int, confidence: float = 0.95) -> Interval:
    """An interval for the average rate so far that holds at all times at once.

    With probability `confidence`, the average of the requests' chances, each given the past, is
    within the interval after every single request, so it may be looked at whenever one likes. The
    chances may move, as they do with the time of day; what is covered is their average so far.

    For λ > 0 the product of e^{λx} / (1 − p + p·e^λ) is a bet that rates are above p. As log(1 − p
    + p·e^λ) is concave in p, the bet against the average p̄ is worth at most the product of the bets
    against each p, which is a martingale; a mixture over λ is one too, and by Ville's inequality
    reaches 2/(1 − confidence) with probability (1 − confidence)/2. The lower end is the p at which
    it does; the upper end is that of the requests that did not escalate, turned round.

    Howard, Ramdas, McAuliffe & Sekhon (2021), "Time-uniform, nonparametric, nonasymptotic
    confidence sequences", Ann. Stat. 49 (sub-Bernoulli case); the method of mixtures is Robbins
    (1970), "Statistical methods related to the law of the iterated logarithm", Ann. Math. Stat. 41.

    >>> low, high = confidence_sequence(200, 1000)
    >>> round(low, 3), round(high, 3)
    (0.158, 0.246)

    Raises:
        ValueError: not 0 ≤ hits ≤ n, or confidence not between 0 and 1.
    """
    if not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a share")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    limit = math.log(2 / (1 - confidence))
    return Interval(_lower(hits, n, limit), 1 - _lower(n - hits, n, limit))


def _lower(hits: int, n: int, limit: float) -> float:
    """The p at which the mixture of bets that the rate is above it is worth e^limit."""
    low, high = 0.0, hits / n if n else 0.0
    while low < (middle := (low + high) / 2) < high and high - low > 1e-12:
        if _log_mixture(hits, n, middle) > limit:
            low = middle
        else:
            high = middle
    return low


def _log_mixture(hits: int, n: int, p: float) -> float:
    logs = [lam * hits - n * math.log1p(p * math.expm1(lam)) for lam in _LAMBDAS]
    top = max(logs)
    return top + math.log(sum(math.exp(log - top) for log in logs) / len(logs))
