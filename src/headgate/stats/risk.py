"""Tests that keep a promise: p-values for "the mean risk is above a bound", and what they allow."""

from __future__ import annotations

from collections.abc import Iterable

from headgate.stats.intervals import binomial_tail

__all__ = ["binomial_p", "fixed_sequence"]


def binomial_p(failures: float, trials: float, bound: float) -> float:
    """P(at most so many failures) where each has probability `bound`: exact for losses of 0 or 1.

    Small values speak against a risk of `bound` or more. Parts of trials are taken as they are,
    for rows that count for less than one (`grouped`).

    >>> round(binomial_p(0, 10, 0.2), 6)
    0.107374
    """
    if trials == 0:
        return 1.0
    return 1.0 - binomial_tail(failures + 1, trials, bound)


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
