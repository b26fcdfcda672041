"""How the days of the week differ, drawn towards no difference where few weeks can tell."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from statistics import fmean
from typing import NamedTuple

__all__ = ["FLAT", "WEEKEND", "Pattern", "pattern"]

WEEKEND = (5, 6)
"""Saturday and Sunday, Monday being 0."""
_GROUPS = ((0, 1, 2, 3, 4), WEEKEND)
QUIET = 0.5
"""How far weekends are from other days while none is known, as a standard deviation and a share of
an average day: a team's weekends are nearly empty, a game's are its best days."""
ALIKE = 0.05
"""How far days of one group are apart at least, whatever is seen of them."""
REACH = 14
"""Days before and after one that tell what an average day cost then: whole weeks."""
ROUNDS = 4
"""Level and pattern are found from each other, in turns."""
LEAST_WEEKS = 3
"""Of each weekday, before each has a mean of its own to be measured around."""


class Pattern(NamedTuple):
    """What each weekday costs, as a share of an average day; Monday first."""

    factors: tuple[float, ...]
    errors: tuple[float, ...]
    """The standard error of each, but for what all of its group have in common."""
    contrast_error: float
    """The standard error of weekends less other days."""
    spread: float
    """Standard deviation of a day around what was to be expected of it."""


FLAT = Pattern((1.0,) * 7, (0.0,) * 7, 0.0, 0.0)


def pattern(history: Sequence[float | None], first: int) -> Pattern:
    """The pattern of days in a row, None for one whose sum is not known.

    Days are divided by the level of the four weeks around them. The mean of the weekends less that
    of the other days, and of each weekday less its group's, is kept in the part that its variance
    has beyond chance (empirical Bayes: Efron & Morris 1975, "Data analysis using Stein's estimator
    and its generalizations", JASA 70).

    >>> found = pattern([10, 10, 10, 10, 10, 3, 3] * 4, first=0)
    >>> [round(factor, 2) for factor in found.factors]
    [1.25, 1.25, 1.25, 1.25, 1.25, 0.38, 0.38]

    Args:
        first: the weekday of the first of them, 0 for Monday.
    """
    found = FLAT
    for _ in range(ROUNDS):
        levels = _levels(history, first, found.factors)
        shares: list[list[float]] = [[] for _ in range(7)]
        for at, (value, level) in enumerate(zip(history, levels, strict=True)):
            if value is not None and level > 0:
                shares[(first + at) % 7].append(value / level)
        found = _shrunk(shares)
    return found


def _levels(history: Sequence[float | None], first: int, factors: Sequence[float]) -> list[float]:
    """What an average day cost around each: what was paid by the sum of factors."""
    due = [0.0 if value is None else factors[(first + at) % 7] for at, value in enumerate(history)]
    paid_until = [0.0, *accumulate(value or 0.0 for value in history)]
    due_until = [0.0, *accumulate(due)]
    found = []
    for at in range(len(history)):
        low, high = max(0, at - REACH), min(len(history), at + REACH + 1)
        weight = due_until[high] - due_until[low]
        found.append((paid_until[high] - paid_until[low]) / weight if weight > 0 else 0.0)
    return found


def _shrunk(shares: Sequence[Sequence[float]]) -> Pattern:
    """From what days of each weekday cost as shares of their level."""
    groups = [[share for day in group for share in shares[day]] for group in _GROUPS]
    of_group = [fmean(group) if group else None for group in groups]
    base = [of_group[day in WEEKEND] or 0.0 for day in range(7)]
    each = [fmean(days) if days else base[day] for day, days in enumerate(shares)]
    apart = min(map(len, shares)) >= LEAST_WEEKS
    around = each if apart else base
    count = sum(map(len, shares))
    spare = count - (7 if apart else sum(mean is not None for mean in of_group))
    if spare < 1:
        return FLAT
    squares = sum((share - around[day]) ** 2 for day in range(7) for share in shares[day])
    chance = squares / spare
    contrast, doubt = 0.0, QUIET**2
    work, rest = of_group
    if work is not None and rest is not None:
        own = chance * (1 / len(groups[0]) + 1 / len(groups[1]))
        prior = min(QUIET**2, max(ALIKE**2, (rest - work) ** 2 - own))
        contrast, doubt = (rest - work) * prior / (prior + own), prior * own / (prior + own)
    seen = [day for day in range(7) if shares[day]]
    beyond = fmean((each[day] - base[day]) ** 2 - chance / len(shares[day]) for day in seen)
    prior = max(ALIKE**2, beyond)
    factors, errors = [], []
    for day in range(7):
        kept = prior / (prior + chance / len(shares[day])) if shares[day] else 0.0
        common = contrast * (5 / 7 if day in WEEKEND else -2 / 7)
        factors.append(max(0.0, 1 + common + kept * (each[day] - base[day])))
        errors.append((prior * (1 - kept)) ** 0.5)
    scale = sum(factors) / 7 or 1.0
    return Pattern(
        tuple(factor / scale for factor in factors), tuple(errors), doubt**0.5, chance**0.5
    )
