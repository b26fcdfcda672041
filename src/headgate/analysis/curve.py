"""Quality and cost as premium takes a growing share of requests, and the measures read off it."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

import numpy as np

from headgate.analysis.betting import design_effect
from headgate.stats.intervals import student_quantile

__all__ = [
    "Curve",
    "Measure",
    "apgr",
    "bootstrap",
    "brier",
    "calibration_error",
    "calibration_measure",
    "cost_at_quality",
    "cpt",
    "curve",
]

BINS = 15
NOISES = 5_000
"""Draws of the noise in all bins."""


class Curve(NamedTuple):
    """Points from no premium to all of it, straight lines between; ties are one step."""

    share: np.ndarray
    quality: np.ndarray
    cost: np.ndarray

    def at(self, share: float) -> float:
        """The quality at a premium share, 0 to 1."""
        return float(np.interp(share, self.share, self.quality))


class Measure(NamedTuple):
    """A measured value and its interval; None where it cannot be had."""

    value: float | None
    low: float | None
    high: float | None


def curve(
    cheap: np.ndarray,
    premium: np.ndarray,
    route: np.ndarray,
    cheap_cost: np.ndarray | float = 0.0,
    premium_cost: np.ndarray | float = 1.0,
) -> Curve:
    """The rows with the highest `route` go to premium first.

    With the default costs the cost is the premium share.
    """
    size = len(route)
    order = np.argsort(-route, kind="stable")
    ordered = route[order]
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), size - 1)
    costs = [np.broadcast_to(np.asarray(c, dtype=float), size) for c in (cheap_cost, premium_cost)]

    def running(base: np.ndarray, other: np.ndarray) -> np.ndarray:
        extra = np.cumsum((other - base)[order])[ends] / size
        return np.append(base.mean(), base.mean() + extra)

    return Curve(np.append(0, ends + 1) / size, running(cheap, premium), running(*costs))


def _recovered(points: Curve) -> np.ndarray | None:
    gap = points.quality[-1] - points.quality[0]
    return None if gap <= 1e-12 else (points.quality - points.quality[0]) / gap


def apgr(cheap: np.ndarray, premium: np.ndarray, route: np.ndarray) -> float | None:
    """Average performance gap recovered: the area under it against share; random is 0.5.

    None where premium is not better than cheap: there is no gap. Ong et al. (2024), "RouteLLM",
    arXiv:2406.18665, section 2.3.
    """
    points = curve(cheap, premium, route)
    part = _recovered(points)
    if part is None:
        return None
    return float(np.sum((part[1:] + part[:-1]) / 2 * np.diff(points.share)))


def cpt(cheap: np.ndarray, premium: np.ndarray, route: np.ndarray, part: float) -> float | None:
    """Call-performance threshold: the least premium share that recovers `part` of the gap."""
    points = curve(cheap, premium, route)
    found = _recovered(points)
    return None if found is None else _least(points.share, found, part)


def cost_at_quality(
    cheap: np.ndarray,
    premium: np.ndarray,
    route: np.ndarray,
    part: float,
    cheap_cost: np.ndarray | float = 0.0,
    premium_cost: np.ndarray | float = 1.0,
) -> float | None:
    """The least mean cost of a request that keeps `part` of the premium quality; None: never."""
    points = curve(cheap, premium, route, cheap_cost, premium_cost)
    return _least(points.cost, points.quality, part * float(premium.mean()))


def _least(price: np.ndarray, height: np.ndarray, target: float) -> float | None:
    """The least price on the polygon where its height reaches the target."""
    candidates = list(price[height >= target - 1e-12])
    rises = np.flatnonzero((height[:-1] < target) & (height[1:] >= target))
    falls = np.flatnonzero((height[:-1] >= target) & (height[1:] < target))
    for i in (*rises, *falls):
        along = (target - height[i]) / (height[i + 1] - height[i])
        candidates.append(price[i] + along * (price[i + 1] - price[i]))
    return float(min(candidates)) if candidates else None


def calibration_error(scores: np.ndarray, up: np.ndarray) -> float:
    """Expected calibration error over 15 bins of equal size.

    Naeini, Cooper & Hauskrecht (2015), "Obtaining well calibrated probabilities using Bayesian
    binning", AAAI; bins of equal size after Nixon et al. (2019), arXiv:1904.01685.
    """
    parts = _bins_of(scores)
    gaps = [abs(scores[part].mean() - up[part].mean()) * len(part) for part in parts]
    return float(sum(gaps) / len(scores))


def _bins_of(scores: np.ndarray) -> list[np.ndarray]:
    return np.array_split(np.argsort(scores, kind="stable"), min(BINS, len(scores)))


def calibration_measure(
    scores: np.ndarray,
    up: np.ndarray,
    *,
    group: np.ndarray | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> Measure:
    """The calibration error with an interval that holds it, for the bins of these scores.

    `up` lies in 0..1. The error is biased: noise in a bin adds to its gap whatever its sign, and a
    bootstrap adds it once more, so that its interval may lie above the value (Bröcker & Smith 2007,
    "Increasing the reliability of reliability diagrams", Weather and Forecasting 22; Roelofs et al.
    2022, "Mitigating bias in calibration error estimation", arXiv:2012.08668). With a bin's gap d,
    its noise e and its weight w, the error measured is V = Σ w|d + e| and the true one D = Σ w|d|.

    Low: V - D ≤ Σ w|e| (triangle), so V less a quantile of Σ w|e|. High: |d + e| ≥ |d| + sign(d) e
    (convexity), so V - D ≥ Σ w sign(d) e, whose deviation does not depend on d. Either fails with
    probability (1 - level) / 2 at most, noise being normal with the variance of a proportion, one
    success and one failure added so that a bin of equals has some. Where rows come in groups, that
    variance is taken times their design effect.
    """
    rng = np.random.default_rng(seed)
    parts = _bins_of(scores)
    sizes = np.array([len(part) for part in parts])
    rates = (np.array([up[part].sum() for part in parts]) + 1) / (sizes + 2)
    effect = 1.0 if group is None else design_effect(up - scores, group)
    noise = sizes / len(scores) * np.sqrt(effect * rates * (1 - rates) / sizes)
    tail = (1 - level) / 2
    added = np.abs(rng.standard_normal((NOISES, len(parts)))) @ noise
    value = calibration_error(scores, up)
    low = max(0.0, value - float(np.quantile(added, 1 - tail)))
    high = value + NormalDist().inv_cdf(1 - tail) * float(np.linalg.norm(noise))
    return Measure(value, low, min(1.0, high))


def brier(scores: np.ndarray, up: np.ndarray) -> float:
    """Mean squared distance of the score from what came (Brier 1950)."""
    return float(np.mean((scores - up) ** 2))


def bootstrap(
    measure: Callable[..., float | None],
    *columns: np.ndarray,
    group: np.ndarray | None = None,
    times: int = 200,
    level: float = 0.95,
    seed: int = 0,
) -> Measure:
    """A measure of columns and its percentile interval, rows or whole groups drawn again.

    The router is not fitted again, so the interval leaves out what another training set would
    add. Draws without the measure are left out. Few groups vary less when drawn again than they
    did when they were sampled, so the quantiles are taken further out by Student's: the expanded
    percentile interval of Hesterberg (2015), "What teachers should know about the bootstrap",
    The American Statistician 69. Groups that are unlike in length count as so many equal ones as
    would weigh the same (`stats.grouped`).

    Args:
        group: the number of each row's group; None where each row is by itself. Of a single group
            nothing is told.
    """
    value = measure(*columns)
    if value is None:
        return Measure(None, None, None)
    rng = np.random.default_rng(seed)
    size = len(columns[0])
    number = np.arange(size) if group is None else np.unique(group, return_inverse=True)[1]
    rows = np.bincount(number)
    equal = size * size / float((rows.astype(float) ** 2).sum())
    if len(rows) < 2:
        return Measure(value, None, None)
    drawn = []
    for _ in range(times):
        at = _drawn(rng, number, rows)
        again = measure(*(column[at] for column in columns))
        if again is not None:
            drawn.append(again)
    if not drawn:
        return Measure(value, None, None)
    tail = _expanded((1 - level) / 2, max(2.0, equal))
    low, high = np.quantile(drawn, [tail, 1 - tail])
    return Measure(value, float(low), float(high))


def _drawn(rng: np.random.Generator, number: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """The places of the rows of as many groups as there are, drawn with replacement."""
    chosen = rng.integers(len(rows), size=len(rows))
    if len(rows) == len(number):
        return chosen
    starts = np.cumsum(rows) - rows
    sizes = rows[chosen]
    ends = np.cumsum(sizes)
    within = np.arange(ends[-1]) - np.repeat(ends - sizes, sizes)
    places: np.ndarray = np.argsort(number, kind="stable")[
        np.repeat(starts[chosen], sizes) + within
    ]
    return places


def _expanded(tail: float, groups: float) -> float:
    """The tail to cut off, so that a percentile interval is as wide as Student's would be."""
    wider = student_quantile(1 - tail, groups - 1) * math.sqrt(groups / (groups - 1))
    return NormalDist().cdf(-wider)
