"""What a sum that grows day by day will come to, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean, variance
from typing import NamedTuple

from headgate.stats.intervals import Interval, student_quantile

__all__ = ["LEAST_DAYS", "Forecast", "forecast"]

LEAST_DAYS = 5
"""Whole days below which no forecast is made: with fewer, the interval is too wide to be of use."""


class Forecast(NamedTuple):
    """A sum to come."""

    expected: float
    interval: Interval
    days: int
    """How many whole days it rests on."""


def forecast(history: Sequence[float], ahead: float, confidence: float = 0.95) -> Forecast | None:
    """The sum over the next `ahead` days (which may end within one), from whole days gone by.

    Days are taken as independent and alike: the mean m of n days gives ahead·m, and

        ahead·m ± t·s·√(ahead + ahead²/n)

    holds it, s being the days' standard deviation and t Student's quantile with n − 1 degrees of
    freedom; the first term under the root is chance to come, the second what is not known of the
    mean. The lower end is not below 0. None for fewer than `LEAST_DAYS` days.

    This is the prediction interval for a sum of further normal observations: Hahn (1970),
    "Additional factors for calculating prediction intervals for samples from a normal
    distribution", JASA 65.

    >>> forecast([10, 12, 8, 11, 9], 10).expected
    100.0

    Raises:
        ValueError: `ahead` is below 0, or confidence not between 0 and 1.
    """
    if ahead < 0:
        raise ValueError(f"{ahead} days ahead is not in the future")
    n = len(history)
    if n < LEAST_DAYS:
        return None
    quantile = student_quantile((1 + confidence) / 2, n - 1)
    expected = ahead * fmean(history)
    half = quantile * math.sqrt(variance(history) * (ahead + ahead * ahead / n))
    return Forecast(expected, Interval(max(0.0, expected - half), expected + half), n)
