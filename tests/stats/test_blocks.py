"""blocks: what goes together within a block makes the interval no narrower."""

import doctest

import pytest
from scipy.stats import ttest_1samp

import headgate.stats.blocks
from headgate.stats.blocks import (
    PRIOR_BLOCKS,
    Block,
    above_zero_p,
    equal_blocks,
    over_blocks,
    widened,
)
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


@pytest.mark.parametrize("values", [[0.3, -0.1, 0.4, 0.2], [0.1, 0.11, 0.12], [2.0, -1.0, 0.5]])
def test_of_equal_blocks_the_p_value_is_that_of_students_test(values: list[float]):
    theirs = ttest_1samp(values, 0, alternative="greater").pvalue
    assert above_zero_p([Block(value, 1.0) for value in values]) == pytest.approx(theirs)


def test_the_p_value_goes_with_the_interval():
    blocks = [Block(4, 10), Block(-1, 7), Block(3, 12), Block(2, 9), Block(-2, 3)]
    p_value = above_zero_p(blocks)
    assert known(over_blocks(blocks, 1 - 2 * p_value)).low == pytest.approx(0, abs=1e-9)


def test_what_is_not_above_zero_or_cannot_be_told_has_a_p_value_of_one():
    assert above_zero_p([]) == 1.0
    assert above_zero_p([Block(5, 10)]) == 1.0
    assert above_zero_p([Block(-1, 10), Block(1, 10)]) == 1.0
    assert above_zero_p([Block(1, 10), Block(1, 10)]) == 0.0


WITHIN = Interval(0.4, 0.6)


def test_one_block_is_widened_by_what_is_thought_of_blocks_alone():
    low, high = widened(WITHIN, [Block(5, 10)], 0.2)
    half = student_quantile(0.975, PRIOR_BLOCKS) * 0.2
    assert (low + high) / 2 == pytest.approx(0.5)
    assert (high - low) / 2 == pytest.approx((0.1**2 + half**2) ** 0.5)


def test_blocks_that_differ_widen_more_than_blocks_that_agree():
    agree, differ = [Block(5, 10)] * 3, [Block(1, 10), Block(5, 10), Block(9, 10)]
    tight, wide = (widened(WITHIN, blocks, 0.1) for blocks in (agree, differ))
    assert wide.high - wide.low > 1.5 * (tight.high - tight.low)


def test_more_blocks_widen_less():
    widths = [
        high - low for low, high in (widened(WITHIN, [Block(5, 10)] * n, 0.1) for n in (1, 2, 4))
    ]
    assert widths == sorted(widths, reverse=True)
    assert min(widths) > 0.2


def test_a_block_of_nothing_widens_nothing():
    assert widened(WITHIN, [], 0.2) == widened(WITHIN, [Block(0, 0)], 0.2) == WITHIN
    with pytest.raises(ValueError, match="confidence of 95 is not between"):
        widened(WITHIN, [Block(1, 2)], 0.1, 95)
