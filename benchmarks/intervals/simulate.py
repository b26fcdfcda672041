"""Simulated samples: shares of graded requests, and of judged ones that humans correct."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import lru_cache
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from headgate.stats import corrected as rooms
from headgate.stats.corrected import Counts, corrected
from headgate.stats.intervals import Interval, blaker, clopper_pearson

SIZES = (20, 50, 100, 200, 400, 1000)
SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 0.98)
JUDGED = ((400, 20), (400, 50), (1000, 100), (1000, 250), (4000, 1000))
JUDGES = {
    "good": (0.9, 0.05),
    "fair": (0.7, 0.2),
    "lenient": (0.3, 0.0),
    "harsh": (1.0, 0.3),
    "useless": (0.5, 0.5),
    "perfect": (1.0, 0.0),
}
"""How often a judge says hard where humans do, and where they do not."""
Z = NormalDist().inv_cdf(0.975)


class Held(NamedTuple):
    """How often an interval held the truth, and its mean width."""

    share: float
    width: float


class Plain(NamedTuple):
    """One n and π: Blaker's interval, which the estimate uses, beside Clopper and Pearson's."""

    n: int
    truth: float
    blaker: Held
    clopper_pearson: Held
    widest: float
    """The greatest excess of Blaker's width over the other's, over all counts."""


def plain(samples: int, seed: int = 0) -> Iterator[Plain]:
    """Over every n and π."""
    draw = np.random.default_rng(seed)
    for n in SIZES:
        ours = [blaker(k, n) for k in range(n + 1)]
        theirs = [clopper_pearson(k, n) for k in range(n + 1)]
        excess = max(
            (one.high - one.low) - (other.high - other.low)
            for one, other in zip(ours, theirs, strict=True)
        )
        for truth in SHARES:
            counts = np.bincount(draw.binomial(n, truth, samples), minlength=n + 1)
            held = [_held(table, counts, truth) for table in (ours, theirs)]
            yield Plain(n, truth, held[0], held[1], excess)


def _held(table: list[Interval], counts: np.ndarray, truth: float) -> Held:
    total = counts.sum()
    inside = sum(int(times) for found, times in zip(table, counts, strict=True) if truth in found)
    width = sum(
        (found.high - found.low) * times for found, times in zip(table, counts, strict=True)
    )
    return Held(inside / int(total), float(width / total))


class Judged(NamedTuple):
    """One number of judged and human rows, a share and a judge: four ways to an interval."""

    judged: int
    human: int
    truth: float
    judge: str
    ours: Held
    bonferroni: Held
    ppi: Held
    alone: Held
    """Of the human rows, without the judge."""


def judged(samples: int, seed: int = 0) -> Iterator[Judged]:
    """Over all sizes, shares up to a half, and judges."""
    draw = np.random.default_rng(seed)
    known = lru_cache(maxsize=None)(blaker)
    rooms.blaker = known  # type: ignore[attr-defined]  # the same few counts come again and again
    ways: tuple[Callable[[Counts], Interval], ...] = (
        lambda counts: corrected(counts).interval,
        lambda counts: bonferroni(counts, known),
        ppi,
        lambda counts: known(counts.yes_yes + counts.no_yes, counts.human, 0.95),
    )
    for total, human in JUDGED:
        for truth in (0.01, 0.05, 0.1, 0.3, 0.5):
            for name, judge in JUDGES.items():
                found = list(_counts(draw, total, human, truth, judge, samples))
                held = [_over(found, way, truth) for way in ways]
                yield Judged(total, human, truth, name, *held)
    rooms.blaker = blaker  # type: ignore[attr-defined]


def _counts(
    draw: np.random.Generator,
    total: int,
    human: int,
    truth: float,
    judge: tuple[float, float],
    samples: int,
) -> Iterator[Counts]:
    catches, cries = judge
    cells = [
        truth * catches,
        (1 - truth) * cries,
        truth * (1 - catches),
        (1 - truth) * (1 - cries),
    ]
    table = draw.multinomial(human, cells, samples)
    rest = draw.binomial(total - human, cells[0] + cells[1], samples)
    for row, more in zip(table.tolist(), rest.tolist(), strict=True):
        yield Counts(total, row[0] + row[1] + more, *row)


def _over(found: list[Counts], way: Callable[[Counts], Interval], truth: float) -> Held:
    intervals = [way(counts) for counts in found]
    inside = sum(interval.low <= truth <= interval.high for interval in intervals)
    width = sum(interval.high - interval.low for interval in intervals)
    return Held(inside / len(found), width / len(found))


def bonferroni(counts: Counts, part: Callable[..., Interval]) -> Interval:
    """The ends over three exact intervals that hold together."""
    q = part(counts.yes, counts.judged, 0.99)
    a = part(counts.yes_yes, counts.yes_yes + counts.yes_no, 0.98)
    b = part(counts.no_yes, counts.no_yes + counts.no_no, 0.98)
    low = min(share * a.low + (1 - share) * b.low for share in q)
    return Interval(low, max(share * a.high + (1 - share) * b.high for share in q))


def ppi(counts: Counts) -> Interval:
    """PPI++ by the normal approximation: Angelopoulos, Duchi & Zrnic (2023), arXiv:2311.01453.

    λ·mean_N(f) + mean_n(Y − λ·f) with λ = Cov(Y, f) / ((1 + n/N)·Var(f)), and the variance
    λ²·Var(f)/N + Var(Y − λ·f)/n.
    """
    n, rest = counts.human, counts.judged - counts.human
    y, f = (counts.yes_yes + counts.no_yes) / n, (counts.yes_yes + counts.yes_no) / n
    spread = counts.yes / counts.judged * (1 - counts.yes / counts.judged)
    together = counts.yes_yes / n - y * f
    weight = together / ((1 + n / rest) * spread) if spread else 0.0
    weight = min(1.0, max(0.0, weight))
    others = (counts.yes - counts.yes_yes - counts.yes_no) / rest
    share = weight * others + y - weight * f
    left = y * (1 - y) - 2 * weight * together + weight * weight * f * (1 - f)
    half = Z * math.sqrt(weight * weight * spread / rest + max(0.0, left) / (n - 1))
    return Interval(share - half, share + half)
