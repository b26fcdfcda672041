"""What the routed answers were worth: accuracy against the trivial policies, with intervals."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

__all__ = ["Estimate", "Marks", "Quality", "Seen", "quality"]

RESAMPLES = 1000


class Seen(NamedTuple):
    """One request: the recorded marks of both models, where it went, and the mark it got there."""

    cheap: bool
    premium: bool
    escalated: bool
    routed: bool


class Marks(NamedTuple):
    """Shares over a set of requests."""

    escalated: float
    cheap: float
    premium: float
    routed: float

    @property
    def mix(self) -> float:
        """Accuracy of sending the same share to the premium model at random."""
        return self.escalated * self.premium + (1 - self.escalated) * self.cheap


class Estimate(msgspec.Struct, frozen=True):
    """A figure with its 95 % percentile bootstrap interval."""

    value: float
    low: float
    high: float


class Quality(msgspec.Struct, frozen=True, kw_only=True):
    """Shares between 0 and 1; `gain` is routed minus the random mix, resampled together."""

    escalated: Estimate
    always_cheap: Estimate
    always_premium: Estimate
    routed: Estimate
    random_mix: Estimate
    gain: Estimate


def quality(seen: Sequence[Seen], seed: int) -> Quality:
    """All figures, and their intervals from resampling whole requests.

    The percentile bootstrap: Efron and Tibshirani, An Introduction to the Bootstrap (1993), 13.3.
    Equal requests are interchangeable, so counts of the kinds of request are resampled.
    """
    if not seen:
        raise ValueError("there is nothing to measure")
    kinds = Counter(seen)
    names, weights = list(kinds), list(kinds.values())
    rng = random.Random(seed)
    resampled = [
        _marks(Counter(rng.choices(names, weights, k=len(seen))).items()) for _ in range(RESAMPLES)
    ]
    whole = _marks(kinds.items())

    def estimate(figure: Callable[[Marks], float]) -> Estimate:
        values = sorted(map(figure, resampled))
        edge = round(RESAMPLES * 0.025)
        return Estimate(figure(whole), values[edge], values[-edge - 1])

    return Quality(
        escalated=estimate(lambda marks: marks.escalated),
        always_cheap=estimate(lambda marks: marks.cheap),
        always_premium=estimate(lambda marks: marks.premium),
        routed=estimate(lambda marks: marks.routed),
        random_mix=estimate(lambda marks: marks.mix),
        gain=estimate(lambda marks: marks.routed - marks.mix),
    )


def _marks(counted: Iterable[tuple[Seen, int]]) -> Marks:
    total = escalated = cheap = premium = routed = 0
    for seen, count in counted:
        total += count
        escalated += count * seen.escalated
        cheap += count * seen.cheap
        premium += count * seen.premium
        routed += count * seen.routed
    return Marks(escalated / total, cheap / total, premium / total, routed / total)
