"""A test by betting: the p-value for "the mean gain is 0 or less", over arrays."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["MOST_STAKE", "betting_p"]

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
    count = len(gains)
    if not count:
        return 1.0
    seen = np.arange(1, count + 1)
    means = np.cumsum(gains) / (seen + 1)
    # the variance begins as that of a single gain at `least`, or a streak would stake all;
    # each stake knows the gains before it only
    squares = least * least / 4 + np.cumsum((gains - means) ** 2)
    variance = np.concatenate([[least * least / 4], squares[:-1] / seen[1:]])
    eager = 2 * math.log(1 / risk) / count
    stakes = np.minimum(MOST_STAKE / -least, np.sqrt(eager / variance))
    best = float(np.cumsum(np.log1p(stakes * gains)).max())
    return math.exp(-max(0.0, best))
