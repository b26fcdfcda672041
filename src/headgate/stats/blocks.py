"""A ratio of sums over blocks of time: what goes together within a block makes it no narrower."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from headgate.stats.intervals import Interval, student_quantile

__all__ = ["Block", "equal_blocks", "over_blocks"]


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
    count, whole = len(blocks), math.fsum(block.y for block in blocks)
    if count < 2 or whole <= 0:
        return None
    share = math.fsum(block.x for block in blocks) / whole
    squares = math.fsum((block.x - share * block.y) ** 2 for block in blocks)
    freedom = max(1.0, equal_blocks(blocks) - 1)
    error = math.sqrt(squares * count / (count - 1)) / whole
    half = student_quantile((1 + confidence) / 2, freedom) * error
    return Interval(share - half, share + half)
