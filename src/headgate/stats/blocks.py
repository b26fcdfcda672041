"""A ratio of sums over blocks of time: what goes together within a block makes it no narrower."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import NormalDist
from typing import NamedTuple

from headgate.stats.intervals import Interval, student_quantile, student_tail

__all__ = [
    "LEAST_DAYS",
    "LEAST_HOURS",
    "PRIOR_BLOCKS",
    "Block",
    "above_zero_p",
    "effect_over",
    "equal_blocks",
    "over_blocks",
    "widened",
]

LEAST_DAYS, LEAST_HOURS = 5, 8
"""Days, and hours, of equal weight below which the next smaller block is taken: Student's quantile
for fewer leaves nothing to be said (`benchmarks.intervals.blocks`)."""
PRIOR_BLOCKS = 4
"""How many blocks what is thought of their straying counts for, before any is seen."""


class Block(NamedTuple):
    """The sums of one stretch of time."""

    x: float
    y: float


def equal_blocks(blocks: Sequence[Block]) -> float:
    """How many blocks of equal weight they are: (Σy)² / Σy²; 0 for none.

    >>> equal_blocks([Block(1, 5), Block(2, 5)]), equal_blocks([Block(1, 8), Block(0, 0)])
    (2.0, 1.0)
    """
    squares = math.fsum(block.y**2 for block in blocks)
    return math.fsum(block.y for block in blocks) ** 2 / squares if squares else 0.0


def over_blocks(blocks: Sequence[Block], confidence: float = 0.95) -> Interval | None:
    """The interval for Σx / Σy where blocks, and not what is in them, are independent.

    The variance is the linearised one over blocks, k / (k − 1) · Σ(x − R·y)² / (Σy)², as in
    `intervals.ratio`; the quantile is Student's, with one degree of freedom less than there are
    blocks of equal weight. Batches of what is dependent: Conway (1963), "Some tactical problems in
    digital simulation", Management Science 10; Cochran (1977), "Sampling Techniques", section 6.4.
    None where it cannot be told: fewer than two blocks, or Σy is not positive.

    >>> low, high = over_blocks([Block(4, 10), Block(6, 10), Block(5, 10)])
    >>> round(low, 3), round(high, 3)
    (0.252, 0.748)

    Raises:
        ValueError: confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    found = _estimated(blocks)
    if found is None:
        return None
    half = student_quantile((1 + confidence) / 2, found.freedom) * found.error
    return Interval(found.share - half, found.share + half)


def above_zero_p(blocks: Sequence[Block]) -> float:
    """The p-value for "Σx / Σy is 0 or less" where blocks are independent; as `over_blocks`.

    Student's test over a few groups that are unlike each other keeps its risk for all risks up to
    8.3 %: Ibragimov & Müller (2010), "t-statistic based correlation and heterogeneity robust
    inference", Journal of Business & Economic Statistics 28. 1 where it cannot be told.

    >>> round(above_zero_p([Block(4, 10), Block(-1, 10), Block(3, 10)]), 3)
    0.16
    """
    found = _estimated(blocks)
    if found is None or found.share <= 0:
        return 1.0
    return student_tail(found.share / found.error, found.freedom) if found.error else 0.0


def effect_over(blocks: Sequence[Block], squares: float, confidence: float = 0.95) -> float:
    """By how much the variance of Σx / Σy over blocks is that of its parts one by one; at least 1.

    Times the square of Student's quantile over the normal one, as few blocks tell little of how
    much they differ; so an interval over so many fewer parts is as wide as one over blocks.

    Args:
        squares: Σ (x − Σx/Σy · y)² over the single parts.

    >>> halves = [Block(0, 10), Block(10, 10)] * 10
    >>> round(effect_over(halves, 200 * 0.25), 1)
    12.0
    """
    found = _estimated(blocks)
    if found is None or squares <= 0:
        return 1.0
    p = (1 + confidence) / 2
    wider = student_quantile(p, found.freedom) / NormalDist().inv_cdf(p)
    whole = math.fsum(block.y for block in blocks)
    return max(1.0, (found.error * whole * wider) ** 2 / squares)


class _Estimated(NamedTuple):
    share: float
    error: float
    freedom: float


def _estimated(blocks: Sequence[Block]) -> _Estimated | None:
    count, whole = len(blocks), math.fsum(block.y for block in blocks)
    if count < 2 or whole <= 0:
        return None
    share = math.fsum(block.x for block in blocks) / whole
    squares = math.fsum((block.x - share * block.y) ** 2 for block in blocks)
    error = math.sqrt(squares * count / (count - 1)) / whole
    return _Estimated(share, error, max(1.0, equal_blocks(blocks) - 1))


def widened(
    within: Interval, blocks: Sequence[Block], stray: float, confidence: float = 0.95
) -> Interval:
    """An interval for Σx / Σy that knows chance within blocks, widened by that between few blocks.

    How far a block's own share strays from that of all blocks to come is thought to be `stray`
    before any is seen, which counts as `PRIOR_BLOCKS` of them; what the blocks show beside it is
    averaged with that (a scaled inverse χ² prior: Gelman et al. 2013, "Bayesian Data Analysis",
    section 2.6). Both half widths are added as squares.

    >>> widened(Interval(0.4, 0.6), [Block(5, 10)], 0.0)
    Interval(low=0.4, high=0.6)

    Raises:
        ValueError: confidence is not between 0 and 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"a confidence of {confidence} is not between 0 and 1")
    weight = equal_blocks(blocks)
    if weight <= 0:
        return within
    freedom = PRIOR_BLOCKS + weight - 1
    found = _estimated(blocks)
    seen = 0.0 if found is None else found.error**2 * weight
    between = (PRIOR_BLOCKS * stray**2 + (weight - 1) * seen) / freedom
    half = student_quantile((1 + confidence) / 2, freedom) * math.sqrt(between / weight)
    middle, own = (within.low + within.high) / 2, (within.high - within.low) / 2
    all_ = math.hypot(own, half)
    return Interval(middle - all_, middle + all_) if half else within
