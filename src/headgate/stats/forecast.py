"""What a sum that grows day by day will come to, by weekdays and trend, with an interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

from headgate.stats.course import outlook
from headgate.stats.intervals import Interval, student_quantile
from headgate.stats.weekdays import WEEKEND, Pattern, pattern

__all__ = ["LEAST_DAYS", "Forecast", "forecast"]

LEAST_DAYS = 5
"""Whole days below which no forecast is made: with fewer, the interval is too wide to be of use."""
_LEAST_SPREAD = 1e-3
"""Of days around their level: where they hardly stray, a slope in units of it has no bounds."""
_RECENT = 28
"""Days whose weekdays say how much the level of today owes to each."""


class Forecast(NamedTuple):
    """A sum to come."""

    expected: float
    interval: Interval
    days: int
    """How many whole days it rests on."""
    weekend: float | None
    """What a weekend day costs of another one; None where none of either kind is among them."""
    trend: float
    """By how much of itself a day's sum grows from day to day now; it fades."""


def forecast(
    history: Sequence[float | None], first: int, ahead: float, confidence: float = 0.95
) -> Forecast | None:
    """The sum over the next `ahead` days (the first of which may have begun), from whole days.

    Weekdays differ by a pattern that is drawn towards none where weeks are few
    (`headgate.stats.weekdays`). The level stays, moves in steps, has a trend that fades, or swings
    to and fro, each as likely as the days make it (`headgate.stats.course`). The interval is
    Student's, with two degrees of freedom less than there are days, around the mean of all these;
    its variance is theirs, what they differ by, and what is not known of the pattern. The lower
    end is not below 0. None for fewer than `LEAST_DAYS` days that are known.

    >>> round(forecast([10, 10, 10, 10, 10, 2, 2] * 4, first=0, ahead=5).expected, 3)
    50.0

    Args:
        history: whole days in a row up to yesterday, None for one whose sum is not known.
        first: the weekday of the first of them, 0 for Monday.
        ahead: how much time is left, in days.

    Raises:
        ValueError: `ahead` is below 0, or confidence not between 0 and 1.
    """
    if ahead < 0:
        raise ValueError(f"{ahead} days ahead is not in the future")
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    known = [value for value in history if value is not None]
    if len(known) < LEAST_DAYS:
        return None
    mean = fmean(known)
    weekdays = [(first + at) % 7 for at in range(len(history))]
    week = pattern(history, first)
    weekend = _weekend(history, weekdays, week)
    parts = _parts(ahead, first + len(history))
    if mean <= 0:
        return Forecast(0.0, Interval(0.0, 0.0), len(known), weekend, 0.0)
    factors = [week.factors[day] for day in weekdays]
    due = [part * week.factors[day] for day, part in parts]
    even = math.fsum(known) / math.fsum(
        factor for value, factor in zip(history, factors, strict=True) if value is not None
    )
    off = max(
        abs(value - even * factor)
        for value, factor in zip(history, factors, strict=True)
        if value is not None
    )
    if off <= 1e-9 * mean and weekend is not None:  # no day strays: nothing is to be weighed
        expected = even * math.fsum(due)
        found = Interval(expected, expected)
        return Forecast(expected, found, len(known), weekend, 0.0)
    spread = max(week.spread, _LEAST_SPREAD)
    scaled = [None if value is None else value / mean for value in history]
    seen = outlook(scaled, factors, due, spread)
    expected = max(0.0, seen.mean)
    variance = seen.variance + seen.level**2 * _pattern_variance(history, weekdays, parts, week)
    half = student_quantile((1 + confidence) / 2, len(known) - 2) * math.sqrt(variance)
    return Forecast(
        mean * expected,
        Interval(mean * max(0.0, expected - half), mean * (expected + half)),
        len(known),
        weekend,
        seen.slope / seen.level if seen.level > 0 else 0.0,
    )


def _parts(ahead: float, today: int) -> list[tuple[int, float]]:
    """The weekday of each day to come, and how much of it is; only of today it may be a part."""
    whole = math.floor(ahead)
    begun = ahead - whole
    parts = ([begun] if begun else []) + [1.0] * whole
    return [((today + at) % 7, part) for at, part in enumerate(parts)]


def _weekend(
    history: Sequence[float | None], weekdays: Sequence[int], week: Pattern
) -> float | None:
    seen = {
        day in WEEKEND for value, day in zip(history, weekdays, strict=True) if value is not None
    }
    others = fmean(week.factors[day] for day in range(7) if day not in WEEKEND)
    if len(seen) < 2 or not others:
        return None
    return fmean(week.factors[day] for day in WEEKEND) / others


def _pattern_variance(
    history: Sequence[float | None],
    weekdays: Sequence[int],
    parts: Sequence[tuple[int, float]],
    week: Pattern,
) -> float:
    """Of the sum to come in days of the level; whole weeks after whole weeks have none.

    A factor that is too high makes its own days dearer and, as these days have made the level, all
    days cheaper.
    """
    own = [0.0] * 7
    for day, part in parts:
        own[day] += part
    whole = math.fsum(own)
    recent = [day for value, day in zip(history, weekdays, strict=True) if value is not None][
        -_RECENT:
    ]
    for day in recent:
        own[day] -= whole / len(recent)
    alone = math.fsum((own[day] * week.errors[day]) ** 2 for day in range(7))
    return alone + (math.fsum(own[day] for day in WEEKEND) * week.contrast_error) ** 2
