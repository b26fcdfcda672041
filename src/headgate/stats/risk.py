"""Tests that keep a promise: p-values for "the mean risk is above a bound", and what they allow."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from headgate.stats.intervals import binomial_tail

__all__ = ["betting_p", "binomial_p", "fixed_sequence"]

MOST_STAKE = 0.75
"""Most of the capital that a single gain can take away; less than 1, or the game could end."""


def binomial_p(failures: int, trials: int, bound: float) -> float:
    """P(at most so many failures) where each has probability `bound`: exact for losses of 0 or 1.

    Small values speak against a risk of `bound` or more.

    >>> round(binomial_p(0, 10, 0.2), 6)
    0.107374
    """
    if trials == 0:
        return 1.0
    return 1.0 - binomial_tail(failures + 1, trials, bound)


def betting_p(gains: Sequence[float], least: float, risk: float) -> float:
    """The p-value for "the mean gain is 0 or less", for gains that are never below `least` < 0.

    A gambler stakes a part of their capital on each gain in turn. Were the mean 0 or less, the
    capital would pass 1/p with a probability of p at most. The stakes follow the variance seen so
    far, which is why few losses of little weight suffice where Hoeffding's bound, that knows only
    the range, asks for many times the rows. `risk` tunes the stakes and does not bear on validity.

    The gains must be in random order. Waudby-Smith & Ramdas (2024), "Estimating means of bounded
    random variables by betting", JRSS B 86, section 4.

    >>> betting_p([0.02] * 2000, -1.0, 0.05) < 1e-6, betting_p([-0.01] * 2000, -1.0, 0.05)
    (True, 1.0)
    """
    count = len(gains)
    if not count:
        return 1.0
    most = MOST_STAKE / -least
    eager = 2 * math.log(1 / risk) / count
    # the variance begins as that of a single gain at `least`, or a streak would stake all
    total, squares, seen = 0.0, least * least / 4, 1
    capital = best = 0.0
    for gain in gains:
        variance = squares / seen
        capital += math.log1p(min(most, math.sqrt(eager / variance)) * gain)
        best = max(best, capital)
        total += gain
        seen += 1
        squares += (gain - total / seen) ** 2
    return math.exp(-best)


def fixed_sequence(p_values: Iterable[float], risk: float) -> int:
    """How many hypotheses in a row, from the first, are rejected: until a p-value is over `risk`.

    Tested in an order fixed beforehand, the chance that any true one is among them is at most
    `risk`. Angelopoulos, Bates, Candès, Jordan & Lei (2021), "Learn then test", arXiv:2110.01052.

    >>> fixed_sequence([0.01, 0.04, 0.2, 0.001], 0.05)
    2
    """
    count = 0
    for p in p_values:
        if p > risk:
            break
        count += 1
    return count
