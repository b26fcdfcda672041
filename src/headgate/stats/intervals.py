"""Intervals for a share and for a ratio of sums: how far a measured figure can be trusted."""

from __future__ import annotations

import math
from collections.abc import Callable
from statistics import NormalDist
from typing import NamedTuple

__all__ = [
    "Interval",
    "Pairs",
    "binomial_tail",
    "blaker",
    "clopper_pearson",
    "ratio",
    "student_quantile",
    "student_tail",
    "wilson",
]


class Interval(NamedTuple):
    """A range that holds the true value with the stated confidence, both ends included."""

    low: float
    high: float

    def __contains__(self, value: object) -> bool:
        return isinstance(value, (int, float)) and self.low <= value <= self.high


def wilson(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The score interval for a share: right on average even for few trials and rare successes.

    Its coverage is close to `confidence` on average over all shares, a little below it for some.
    No trials tell nothing: 0 to 1.

    Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22;
    recommended for n ≤ 40 and sound beyond by Brown, Cai & DasGupta (2001), "Interval estimation
    for a binomial proportion", Statistical Science 16.

    >>> low, high = wilson(20, 100)
    >>> round(low, 4), round(high, 4)
    (0.1334, 0.2888)

    Raises:
        ValueError: not 0 ≤ successes ≤ trials, or confidence not between 0 and 1.
    """
    _check(successes, trials, confidence)
    if trials == 0:
        return Interval(0.0, 1.0)
    z = _z(confidence)
    share = successes / trials
    spread = z * z / trials
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * math.sqrt(share * (1 - share) / trials + spread / (4 * trials))
    # At the edges the formula gives exactly 0 or 1; only rounding does not.
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == trials else min(1.0, middle + half)
    return Interval(low, high)


def clopper_pearson(successes: float, trials: float, confidence: float = 0.95) -> Interval:
    """The exact interval for a share: covers it at least as often as stated, whatever it is.

    Each end is the share at which the binomial tail beyond the observed count is half of what
    `confidence` leaves. No trials tell nothing: 0 to 1. Parts of trials are taken as they are, for
    rows that count for less than one (`grouped`).

    Clopper & Pearson (1934), "The use of confidence or fiducial limits illustrated in the case of
    the binomial", Biometrika 26.

    >>> low, high = clopper_pearson(20, 100)
    >>> round(low, 4), round(high, 4)
    (0.1267, 0.2918)

    Raises:
        ValueError: not 0 ≤ successes ≤ trials, or confidence not between 0 and 1.
    """
    _check(successes, trials, confidence)
    tail = (1 - confidence) / 2
    low, high = 0.0, 1.0
    if successes > 0:
        low = _rising_root(lambda p: binomial_tail(successes, trials, p) - tail)
    if successes < trials:
        # P(X ≤ k) is the upper tail of the failures at 1 - p.
        failures = trials - successes
        high = 1 - _rising_root(lambda q: binomial_tail(failures, trials, q) - tail)
    return Interval(low, high)


def blaker(successes: int, trials: int, confidence: float = 0.95) -> Interval:
    """The exact interval for a share that is never wider than Clopper-Pearson's, mostly narrower.

    It holds every share at which the observed count is no odder than the rarest outcomes that add
    up to what `confidence` leaves: the smaller tail of the count, and what lies in the other tail
    beyond the point where it is no larger. The ends are of the smallest interval around that set.
    It covers the truth at least as often as stated, whatever it is. No trials tell nothing: 0 to 1.

    Blaker (2000), "Confidence curves and improved exact confidence intervals for discrete
    distributions", Canadian Journal of Statistics 28.

    >>> low, high = blaker(20, 100)
    >>> round(low, 4), round(high, 4)
    (0.1286, 0.2882)

    Raises:
        ValueError: not 0 ≤ successes ≤ trials, or confidence not between 0 and 1.
    """
    _check(successes, trials, confidence)
    outer = clopper_pearson(successes, trials, confidence)
    odds = 1 - confidence
    return Interval(
        _blaker_low(successes, trials, odds, outer.low),
        1 - _blaker_low(trials - successes, trials, odds, 1 - outer.high),
    )


def _blaker_low(successes: int, trials: int, odds: float, start: float) -> float:
    """The least share that is accepted, from `start`, the Clopper-Pearson end, upwards.

    Let j be the largest count whose lower tail is no larger than the upper tail of what was seen.
    Where j grows, both tails are equal and each above odds / 2, so that share is accepted. Only
    one stretch of constant j lies before it; there the sum of both tails is one minus the mass of a
    middle stretch, which crosses `odds` upwards at most once as it begins below.
    """
    if successes == 0:
        return 0.0

    def upper(p: float) -> float:
        return binomial_tail(successes, trials, p)

    def lower(j: int, p: float) -> float:
        return binomial_tail(trials - j, trials, 1 - p)  # P(X ≤ j) by the failures

    few, many = -1, successes - 1  # lower(few) ≤ odds / 2; beyond `many` nothing lies outside
    while few < many:
        middle = (few + many + 1) // 2
        if lower(middle, start) <= upper(start):
            few = middle
        else:
            many = middle - 1
    j = few
    jump = _rising_root(lambda p: upper(p) - lower(j + 1, p))
    if jump <= start:
        return start
    if upper(jump) + lower(j, jump) <= odds:
        return jump
    low, high = start, jump
    while low < (middle_share := (low + high) / 2) < high:
        if upper(middle_share) + lower(j, middle_share) <= odds:
            low = middle_share
        else:
            high = middle_share
        if high - low < 1e-15 * high:
            break
    return low


class Pairs(NamedTuple):
    """What is left of n pairs (x, y) once they are summed: all that `ratio` needs."""

    n: int
    x: float
    y: float
    xx: float
    yy: float
    xy: float


def ratio(pairs: Pairs, confidence: float = 0.95) -> Interval | None:
    """The interval for Σx / Σy over independent pairs, by the normal approximation.

    The variance is the linearised one, n / (n − 1) · Σ(x − R·y)² / (Σy)². Good for hundreds of
    pairs; on skewed sums a stated 95 % is some 94.5 % at 500 pairs, 93 % at 120 and 91 % at 60.
    None where it cannot be told: fewer than two pairs, or Σy is not positive.

    Cochran (1977), "Sampling Techniques", 3rd edition, section 6.4.

    Raises:
        ValueError: confidence is not between 0 and 1.
    """
    _check(0, 0, confidence)
    if pairs.n < 2 or pairs.y <= 0:
        return None
    share = pairs.x / pairs.y
    residuals = max(0.0, pairs.xx - 2 * share * pairs.xy + share * share * pairs.yy)
    error = math.sqrt(residuals * pairs.n / (pairs.n - 1)) / pairs.y
    half = _z(confidence) * error
    return Interval(share - half, share + half)


def binomial_tail(least: float, trials: float, p: float) -> float:
    """P(X ≥ `least`) for X binomial(`trials`, `p`), to some 8 digits at ten million trials.

    Computed as the regularised incomplete beta function I_p(k, n − k + 1) (NIST DLMF 8.17.5), so
    that neither factorials nor a sum of n terms appear.

    >>> binomial_tail(0, 5, 0.3), round(binomial_tail(2, 3, 0.5), 12)
    (1.0, 0.5)
    """
    if least <= 0:
        return 1.0
    if least > trials:
        return 0.0
    return _incomplete_beta(least, trials - least + 1, p)


def student_quantile(p: float, freedom: float) -> float:
    """Student's t quantile for p from 0.5 on, whatever the degrees of freedom.

    The tail of t beyond it is half the incomplete beta function I_w(ν/2, 1/2) at w = ν/(ν + t²)
    (NIST DLMF 8.17; Abramowitz & Stegun 1964, 26.7.1), which is solved for w.

    >>> round(student_quantile(0.975, 27), 4), round(student_quantile(0.975, 1), 3)
    (2.0518, 12.706)

    Raises:
        ValueError: p is not between 0.5 and 1, or `freedom` is not above 0.
    """
    if not 0.5 <= p < 1 or freedom <= 0:
        raise ValueError(f"there is no quantile {p} with {freedom} degrees of freedom")
    both = 2 * (1 - p)
    w = _rising_root(lambda at: _incomplete_beta(freedom / 2, 0.5, at) - both)
    return math.sqrt(freedom * (1 - w) / w)


def student_tail(t: float, freedom: float) -> float:
    """P(T > t) for Student's t, whatever the degrees of freedom: the inverse of the quantile.

    >>> round(student_tail(2.0518, 27), 4), student_tail(0.0, 3)
    (0.025, 0.5)

    Raises:
        ValueError: `freedom` is not above 0.
    """
    if freedom <= 0:
        raise ValueError(f"there is no tail with {freedom} degrees of freedom")
    beyond = _incomplete_beta(freedom / 2, 0.5, freedom / (freedom + t * t)) / 2
    return beyond if t >= 0 else 1 - beyond


def _incomplete_beta(a: float, b: float, x: float) -> float:
    """I_x(a, b): the side of the mean where the continued fraction converges fast (8.17.4)."""
    if x <= 0.0:
        return 0.0
    if x >= 1.0:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - _incomplete_beta_below(b, a, 1 - x)
    return _incomplete_beta_below(a, b, x)


def _incomplete_beta_below(a: float, b: float, x: float) -> float:
    """The continued fraction of NIST DLMF 8.17.22, by the modified Lentz method."""
    tiny = 1e-300
    front = math.exp(
        math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    )
    c = 1.0
    d = 1.0 / _away(1.0 - (a + b) * x / (a + 1), tiny)
    value = d
    m = 0
    while True:
        m += 1
        for term in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            c = _away(1.0 + term / c, tiny)
            d = 1.0 / _away(1.0 + term * d, tiny)
            value *= c * d
        if abs(c * d - 1.0) < 1e-15:
            return front * value / a


def _away(value: float, tiny: float) -> float:
    return value if abs(value) > tiny else tiny


def _rising_root(f: Callable[[float], float]) -> float:
    """Where a rising function of [0, 1] crosses zero, by bisection down to neighbouring floats."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        if f(middle) < 0:
            low = middle
        else:
            high = middle
        if high - low < 1e-15 * high:
            break
    return (low + high) / 2


def _z(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check(successes: float, trials: float, confidence: float) -> None:
    if not 0 <= successes <= trials:
        raise ValueError(f"{successes} successes in {trials} trials is not a share")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
