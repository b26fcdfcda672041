"""Where a sum that comes day by day stands and where it goes: ways to move, weighed by the days."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

__all__ = ["WAYS", "Outlook", "Way", "foreseen", "outlook"]

LASTS = 0.98
"""What is left of a trend after a day: half of it after five weeks."""
_STEPS = ((0.0, 0.85), (0.12, 0.08), (0.4, 0.04), (1.5, 0.03))
_SLOPES = ((0.0, 0.75), (0.006, 0.17), (0.02, 0.08))
_SWINGS = ((0.6, 3.0, 0.05), (0.85, 1.0, 0.05))
_UNKNOWN = 1e4
"""The variance of a level before the first day: as good as endless."""


class Way(NamedTuple):
    """One way to move, and how likely it is beside the others before any day is seen."""

    likely: float
    step: float = 0.0
    """By how much the level moves in a day for good, in standard deviations of a day."""
    slope: float = 0.0
    """How steep trends are, as a share of the level a day."""
    swing: float = 0.0
    """The variance of what passes again (busy weeks, idle weeks), in variances of a day."""
    lasts: float = LASTS
    """What is left of a trend, or of a swing, after a day."""


WAYS = (
    *(
        Way(often * steep, step, slope)
        for (step, often), (slope, steep) in product(_STEPS, _SLOPES)
    ),
    *(Way(likely, swing=swing, lasts=lasts) for lasts, swing, likely in _SWINGS),
)


class Outlook(NamedTuple):
    """A weighed sum of days to come."""

    mean: float
    variance: float
    level: float
    """What an average day costs now."""
    slope: float
    """By how much that grows in a day now."""
    evidence: float = 0.0
    """Logarithm of how likely the days were, up to what all ways have in common."""


def outlook(
    values: Sequence[float | None],
    factors: Sequence[float],
    ahead: Sequence[float],
    spread: float,
) -> Outlook:
    """The days to come, by all ways together, each weighed by its evidence.

    Args:
        values: days in a row whose mean is about 1, None for one that is not known.
        factors: what was to be expected of each as a share of an average day.
        ahead: the same of the days to come, times the part of the day that is still to come.
        spread: the standard deviation of a day as a share of an average one, which turns slopes
            into its unit.
    """
    found = [(way, foreseen(way, values, factors, ahead, spread)) for way in WAYS]
    most = max(one.evidence for _, one in found)
    weights = [way.likely * math.exp(one.evidence - most) for way, one in found]
    whole = math.fsum(weights)
    weighed = [(weight / whole, one) for weight, (_, one) in zip(weights, found, strict=True)]
    mean = math.fsum(weight * one.mean for weight, one in weighed)
    return Outlook(
        mean,
        math.fsum(weight * (one.variance + (one.mean - mean) ** 2) for weight, one in weighed),
        math.fsum(weight * one.level for weight, one in weighed),
        math.fsum(weight * one.slope for weight, one in weighed),
        most,
    )


def foreseen(
    way: Way,
    values: Sequence[float | None],
    factors: Sequence[float],
    ahead: Sequence[float],
    spread: float,
) -> Outlook:
    """The days to come by one way: a Kalman filter of two states, the level and what moves it.

    A day is factor · level + noise of variance factor · σ²; the level makes steps, and moves by a
    damped slope or has a swing beside it. σ² is found from the days (Harvey 1989, "Forecasting,
    structural time series models and the Kalman filter", section 4.3.3; damped trends: Gardner &
    McKenzie 1985, Management Science 31).
    """
    moves, beside = (0.0, 1.0) if way.swing else (1.0, 0.0)
    own, lasts, step = way.swing or (way.slope / spread) ** 2, way.lasts, way.step**2
    fresh = own * (1 - lasts**2)
    level, other = 1.0, 0.0
    p, q, r = _UNKNOWN, 0.0, own  # variances: of the level, of both together, of the other
    squares = logs = 0.0
    days = 0
    for value, factor in zip(values, factors, strict=True):
        if value is not None and factor > 0:
            of_level, of_other = p + beside * q, q + beside * r
            expected = factor * (level + beside * other)
            variance = factor * factor * (of_level + beside * of_other) + factor
            gain, gain_other = of_level * factor / variance, of_other * factor / variance
            missed = value - expected
            level, other = level + gain * missed, other + gain_other * missed
            p, q, r = (
                p - gain * factor * of_level,
                q - gain * factor * of_other,
                r - gain_other * factor * of_other,
            )
            squares += missed * missed / variance
            logs += math.log(variance)
            days += 1
        level, other = level + moves * other, lasts * other
        p, q, r = (
            p + moves * (2 * q + r) + step,
            lasts * (q + moves * r),
            lasts * lasts * r + fresh,
        )
    spare = max(1, days - 1)
    chance = max(squares / spare, 1e-18)
    whole = math.fsum(ahead)
    pull = [(1 - lasts**day) / (1 - lasts) if moves else lasts**day for day in range(len(ahead))]
    part = math.fsum(weight * share for weight, share in zip(ahead, pull, strict=True))
    later = [math.fsum(ahead[day:]) for day in range(1, len(ahead))] if step else []
    drawn = (
        [
            math.fsum(weight * pull[day] for day, weight in enumerate(ahead[begin:]))
            for begin in range(1, len(ahead))
        ]
        if fresh
        else []
    )
    variance = (
        whole * whole * p
        + 2 * whole * part * q
        + part * part * r
        + step * math.fsum(weight * weight for weight in later)
        + fresh * math.fsum(weight * weight for weight in drawn)
        + whole
    )
    return Outlook(
        whole * level + part * other,
        variance * chance,
        level + beside * other,
        moves * other,
        -logs / 2 - spare / 2 * math.log(chance),
    )
