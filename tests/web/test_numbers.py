"""numbers: what stands below each other has the same decimals, and nothing is nothing."""

import doctest

import pytest

from headgate.web import numbers
from headgate.web.numbers import column, milliseconds, money, seconds, three


def test_its_examples_are_true():
    assert doctest.testmod(numbers).failed == 0


def test_the_amounts_of_a_column_have_the_decimals_of_the_largest():
    told = column([12 * 10**9, 5_715_400_000, -263_800_000])
    assert told == ["$12.00", "$5.72", "-$0.26"]
    assert column([-20 * 10**9, 1]) == ["-$20.00", "$0.00"]


def test_small_amounts_alone_keep_their_digits():
    assert column([120_000, 7_749_000]) == ["$0.000120", "$0.007749"]


def test_nothing_has_no_more_digits_than_cents():
    assert money(0) == "$0.00"
    assert column([0, 0]) == ["$0.00", "$0.00"]
    assert column([]) == []


@pytest.mark.parametrize(
    ("us", "words"),
    [(600, "0.6 ms"), (99_949, "99.9 ms"), (260_100, "260 ms"), (1_510_000, "1.51 s")],
)
def test_a_time_is_told_in_the_unit_that_suits_it(us: int, words: str):
    assert seconds(us) == words


@pytest.mark.parametrize(
    ("us", "words"),
    [(51_400, "51 ms"), (1_040_000, "1.0 s"), (12_600_000, "13 s")],
)
def test_a_short_time_loses_its_digits_as_it_grows(us: float, words: str):
    assert milliseconds(us) == words


def test_three_quantiles_have_one_unit():
    assert three((900_000, 1_070_000, 1_310_000)) == "0.90 / 1.07 / 1.31 s"
    assert three((None, 1000.0, 2000.0)) == "1 / 2 ms"
