"""weekdays: a pattern is found where there is one, and none is made of chance."""

import doctest
import random

import pytest

import headgate.stats.weekdays
from headgate.stats.weekdays import FLAT, pattern


def drawn(weeks: int, week: tuple[float, ...], spread: float, seed: int = 0) -> list[float | None]:
    chance = random.Random(seed)
    return [chance.gauss(1, spread) * week[at % 7] for at in range(7 * weeks)]


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.stats.weekdays).failed == 0


def test_factors_are_of_an_average_day_whatever_day_is_first():
    week = (1.0, 1.2, 0.9, 1.1, 1.5, 0.2, 0.4)
    days = drawn(12, week, 0.02)
    for first in range(7):
        found = pattern(days, first).factors
        assert sum(found) == pytest.approx(7)
        turned = [factor / (sum(week) / 7) for factor in (*week[-first:], *week[:-first])]
        assert found == pytest.approx(turned if first else [x / (sum(week) / 7) for x in week], 0.1)


def test_one_dear_day_is_found_among_five():
    found = pattern(drawn(8, (4.0, 1, 1, 1, 1, 1, 1), 0.1), 0)
    assert found.factors[0] == pytest.approx(2.8, rel=0.1)
    assert max(found.factors[1:]) < 0.85


def test_chance_makes_little_of_a_pattern():
    strays = []
    for seed in range(40):
        found = pattern(drawn(4, (1.0,) * 7, 0.3, seed), 0)
        strays += [abs(factor - 1) for factor in found.factors]
    assert sum(strays) / len(strays) < 0.06  # means of four such days stray by 0.12


def test_few_weeks_are_trusted_less_than_many():
    week = (1.0, 1, 1, 1, 1, 0.5, 0.5)
    few, many = (pattern(drawn(weeks, week, 0.4, 3), 0) for weeks in (1, 20))
    assert few.contrast_error > 2 * many.contrast_error
    assert many.factors[5] == pytest.approx(0.58, abs=0.1)


def test_growth_is_no_pattern():
    grown: list[float | None] = [1.03**at for at in range(56)]
    assert pattern(grown, 0).factors == pytest.approx([1.0] * 7, abs=0.05)


def test_a_weekend_that_was_never_seen_may_be_anything():
    found = pattern([1.0, 1.1, 0.9, 1.0, 1.0], 0)
    assert found.contrast_error == 0.5
    assert found.factors == pytest.approx([1.0] * 7, abs=0.1)


def test_nothing_is_made_of_nothing():
    assert pattern([], 0) == FLAT
    assert pattern([None] * 10, 0) == FLAT
    assert pattern([0.0] * 30, 0) == FLAT
    assert pattern([1.0], 0) == FLAT
