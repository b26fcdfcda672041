"""figures: per cent and money as people read them."""

import doctest

import pytest

import headgate.monitor.figures
from headgate.monitor.figures import money, percent, signed


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.monitor.figures).failed == 0


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.000000"),
        (140_000, "$0.000140"),
        (100_000_000, "$0.1000"),
        (9_999_999_999, "$10.00"),
        (9_999_950_000, "$10.00"),
        (9_999_949_999, "$9.9999"),
        (-99_999_500, "-$0.1000"),
        (99_999_499, "$0.099999"),
        (-130_200_000_000, "-$130.20"),
        (1_234_567_000_000_000, "$1,234,567.00"),
    ],
)
def test_small_amounts_show_more_decimals(nano, text):
    assert money(nano) == text


def test_a_difference_that_rounds_to_nothing_has_no_sign():
    assert signed(499_999, 2) == "$0.00"
    assert signed(5_000_001, 2) == "+$0.01"
    assert signed(0, 2) == "$0.00"


def test_per_cent_has_one_decimal():
    assert percent(1) == "100.0 %"
    assert percent(0.97667) == "97.7 %"
