"""blocks: what goes together within a block makes the interval no narrower."""

import doctest

import pytest

import headgate.stats.blocks
from headgate.stats.blocks import Block, equal_blocks, over_blocks
from headgate.stats.intervals import Interval, student_quantile


def known(interval: Interval | None) -> Interval:
    assert interval is not None
    return interval


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.stats.blocks).failed == 0


def test_equal_denominators_give_students_interval_of_a_mean():
    values = [3.0, 5.0, 4.0, 8.0, 5.0]
    low, high = known(over_blocks([Block(value, 1.0) for value in values]))
    error = (sum((value - 5) ** 2 for value in values) / 4 / 5) ** 0.5
    assert (low + high) / 2 == pytest.approx(5)
    assert high - low == pytest.approx(2 * student_quantile(0.975, 4) * error)


def test_a_block_that_outweighs_all_others_is_hardly_more_than_one():
    small = [Block(n % 2, 1.0) for n in range(20)]
    assert equal_blocks(small) == 20
    assert equal_blocks([*small, Block(600.0, 1000.0)]) < 1.1
    low, high = known(over_blocks([*small, Block(600.0, 1000.0)]))
    share = 610 / 1020
    squares = 10 * share**2 + 10 * (1 - share) ** 2 + (600 - 1000 * share) ** 2
    error = (squares * 21 / 20) ** 0.5 / 1020
    assert high - low == pytest.approx(2 * student_quantile(0.975, 1) * error)


def test_fewer_than_two_blocks_or_nothing_below_the_line_tell_nothing():
    assert over_blocks([]) is None
    assert over_blocks([Block(1, 2)]) is None
    assert over_blocks([Block(1, 0), Block(2, 0)]) is None
    assert equal_blocks([]) == 0.0
    with pytest.raises(ValueError, match="confidence of 95 is not between"):
        over_blocks([Block(1, 2), Block(1, 2)], 95)
