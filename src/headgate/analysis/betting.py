"""A test by betting: the p-value for "the mean gain is 0 or less", over arrays."""

from __future__ import annotations

import math

import numpy as np

from headgate.stats import grouped

__all__ = ["MOST_STAKE", "betting_p", "design_effect", "grouped_p"]

MOST_STAKE = 0.75
"""Most of the capital that a single gain can take away; less than 1, or the game could end."""


def betting_p(gains: np.ndarray, least: float, risk: float) -> float:
    """The p-value for "the mean gain is 0 or less", for gains that are never below `least` < 0.

    A gambler stakes a part of their capital on each gain in turn. Were the mean 0 or less, the
    capital would pass 1/p with a probability of p at most. The stakes follow the variance seen so
    far, which is why few losses of little weight suffice where Hoeffding's bound, that knows only
    the range, asks for many times the rows. `risk` tunes the stakes and does not bear on validity.

    The gains must be in random order. Waudby-Smith & Ramdas (2024), "Estimating means of bounded
    random variables by betting", JRSS B 86, section 4.

    >>> betting_p(np.full(2000, 0.02), -1.0, 0.05) < 1e-6
    True
    >>> betting_p(np.full(2000, -0.01), -1.0, 0.05)
    1.0
    """
    return math.exp(-_won(gains, least, math.log(1 / risk)))


def grouped_p(gains: np.ndarray, group: np.ndarray, least: float, risk: float) -> float:
    """The p-value for gains that come in groups, such as conversations: the number of each row's.

    The logarithm of what the bets have won is divided by the design effect, for a sum of gains that
    are alike strays as that of so many fewer does. Not exact as `betting_p` is: it rests on many
    groups (`benchmarks.routing.grouped`).

    >>> once = np.array([0.02, -0.01] * 500)
    >>> twice, pairs = np.repeat(once, 2), np.repeat(np.arange(1000), 2)
    >>> betting_p(twice, -1, 0.05) < grouped_p(twice, pairs, -1, 0.05)
    True
    """
    effect = design_effect(gains, group)
    # the stakes are those of somebody who has to win so many times over
    return math.exp(-_won(gains, least, effect * math.log(1 / risk)) / effect)


def design_effect(gains: np.ndarray, group: np.ndarray) -> float:
    """By how much the variance of a mean is that of independent gains, at least 1.

    That of `stats.grouped`; where nothing tells how alike the rows of a group are, all are.

    >>> copied = np.repeat([1.0, 0.0] * 50, 2)
    >>> round(design_effect(copied, np.repeat(np.arange(100), 2)), 1)
    2.0
    """
    count, rows = len(gains), np.bincount(group)
    groups = len(rows)
    spread = float(((gains - gains.mean()) ** 2).sum())
    most = float((rows**2).sum() / count)
    if np.ptp(gains) == 0 or groups in (1, count):
        return most
    sums = np.bincount(group, weights=gains)
    between = float(((sums - gains.mean() * rows) ** 2).sum())
    within = float(((gains - (sums / rows)[group]) ** 2).sum())
    return grouped.design_effect(groups, count, most, spread=spread, between=between, within=within)


def _won(gains: np.ndarray, least: float, odds: float) -> float:
    """The logarithm of what the bets have won, 0 or more.

    The stakes are those of somebody who has to win `odds`, a logarithm too: what many rows of one
    conversation ask for is beyond what a float holds.
    """
    count = len(gains)
    if not count:
        return 0.0
    seen = np.arange(1, count + 1)
    means = np.cumsum(gains) / (seen + 1)
    # the variance begins as that of a single gain at `least`, or a streak would stake all;
    # each stake knows the gains before it only
    squares = least * least / 4 + np.cumsum((gains - means) ** 2)
    variance = np.concatenate([[least * least / 4], squares[:-1] / seen[1:]])
    eager = 2 * odds / count
    stakes = np.minimum(MOST_STAKE / -least, np.sqrt(eager / variance))
    best = float(np.cumsum(np.log1p(stakes * gains)).max())
    return max(0.0, best)
