"""Tests of the mean of a bounded gain that may be looked at after every one: an interval, an alarm.

A gain is cheap − f · premium for two grades between 0 and 1: its mean is above 0 exactly where the
cheap answers keep more than the share f of the premium quality. A bet multiplies its stake by
1 + λ·gain, so that with λ small enough nothing is ever lost whole. While the gains' mean, given all
that came before, is at most 0, no such bet grows on average; with −λ the same holds for a mean of
at least 0. Betting as a test of means: Waudby-Smith & Ramdas (2024), "Estimating means of bounded
random variables by betting", JRSS B 86.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal, NamedTuple

from headgate.stats.intervals import Interval

__all__ = ["Grades", "MeanEvidence", "Side", "kept_sequence"]

STEPS = 12
MOST_STAKE = 0.49
"""Largest λ of the interval: shares up to 2 are asked about, where a gain can be −2."""
_STAKES = tuple(MOST_STAKE * 1.6**-step for step in range(STEPS))
"""From 0.49 down to 0.003. The best stake is about mean/variance, so they serve from a loss seen in
ten comparisons to one that takes a hundred thousand."""

MOST_SHARE = 2.0
DETECTING = tuple(0.95 * 1.6**-step for step in range(8))
"""Stakes of the alarm; a gain is never below −1 nor above 1 there, as floors are at most 1."""


class Grades(NamedTuple):
    """Grades of both answers to one request, 0..1."""

    cheap: float
    premium: float


def kept_sequence(
    counts: Mapping[Grades, int], confidence: float = 0.95, worth: float = 1.0
) -> Interval:
    """An interval for the share of premium's quality that cheap keeps, right at all times at once.

    Args:
        counts: how often each pair of grades came; the order does not matter.
        confidence: with this probability, the interval holds the share mean(cheap)/mean(premium)
            after every single comparison. It is meant for a share that stays as it is.
        worth: how many independent comparisons each counts for, above 0 and at most 1: less than 1
            where those of one day are alike. Then it is not exact (`benchmarks.dependence`).

    The bets are laid before the first comparison and never changed, so their worth is a product
    over the counts. The lower end is the largest share f for which the bets on "more than f" are
    worth 2/(1 − confidence), which by Ville's inequality happens to a true share with a
    probability of (1 − confidence)/2 at most; the upper end likewise.

    >>> low, high = kept_sequence({Grades(1.0, 1.0): 900, Grades(0.0, 1.0): 100})
    >>> round(low, 2), round(high, 2)
    (0.87, 0.93)

    Raises:
        ValueError: confidence is not between 0 and 1, or worth is out of its range.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    if not 0 < worth <= 1:
        raise ValueError(f"a worth of {worth} is not above 0 and at most 1")
    limit = math.log(2 / (1 - confidence))
    weights = {grades: n * worth for grades, n in counts.items()}
    return Interval(_end(weights, limit, 1.0), _end(weights, limit, -1.0))


def _end(counts: Mapping[Grades, float], limit: float, side: float) -> float:
    """Where the bets' worth passes the limit: it falls with f for those on more, else it rises."""
    low, high = 0.0, MOST_SHARE
    for _ in range(30):
        middle = (low + high) / 2
        if (_log_worth(counts, middle, side) > limit) == (side > 0):
            low = middle
        else:
            high = middle
    return low if side > 0 else high


def _log_worth(counts: Mapping[Grades, float], share: float, side: float) -> float:
    gains = [(side * (grades.cheap - share * grades.premium), n) for grades, n in counts.items()]
    logs = [sum(n * math.log1p(stake * gain) for gain, n in gains) for stake in _STAKES]
    top = max(logs)
    return top + math.log(sum(math.exp(log - top) for log in logs) / len(logs))


Side = Literal["below", "above"]


class MeanEvidence:
    """How much speaks for the quality kept having gone below a floor, at a time not known before.

    The same e-detector as `sequential.Evidence`, over gains instead of hits: before every
    comparison one more dollar is put in, so that a long good past does not delay the alarm,

        R_k ← (R_k + 1/K) · (1 − λ_k · gain),   value = Σ_k R_k,

    and while the mean gain, given the past, is at least 0, P(value reaches c within n comparisons)
    is at most n / c. With `side` "above" it is the evidence that the quality is back.

    Args:
        floor: share of the premium quality to keep, above 0 and at most 1.

    Raises:
        ValueError: there can be no such floor.
    """

    __slots__ = ("_floor", "_sign", "_sums", "value")

    def __init__(self, floor: float, side: Side = "below") -> None:
        if not 0 < floor <= 1:
            raise ValueError(f"a floor of {floor} is not above 0 and at most 1")
        self._floor = floor
        self._sign = -1.0 if side == "below" else 1.0
        self._sums = [0.0] * len(DETECTING)
        self.value = 0.0

    def add(self, grades: Grades) -> float:
        """Take one comparison; return the new value."""
        gain = self._sign * (grades.cheap - self._floor * grades.premium)
        fresh = 1 / len(DETECTING)
        pairs = zip(self._sums, DETECTING, strict=True)
        self._sums = [(worth + fresh) * (1 + stake * gain) for worth, stake in pairs]
        self.value = sum(self._sums)
        return self.value
