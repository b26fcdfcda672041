"""Rows in groups: how many independent rows they are, and that the interval holds the truth."""

import doctest
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import headgate.stats.grouped
from headgate.stats.grouped import Groups, independent
from headgate.stats.intervals import clopper_pearson

PAIRS = st.integers(1, 30).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(0, rows)))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.stats.grouped).failed == 0


def test_rows_that_are_each_by_themselves_are_what_they_are():
    assert Groups.of([], alone=(50, 12)) == Groups.of([(1, 1)] * 12 + [(1, 0)] * 38)
    assert independent(Groups.of([], alone=(50, 12))) == 50


def test_a_few_pairs_among_very_many_rows_are_never_more_than_the_rows():
    many = Groups.of([(2, 1)] * 3, alone=(2_000_000_000, 400_000_000))
    assert 0.999 * many.rows < independent(many) <= many.rows


def test_copies_of_a_row_count_once():
    copied = Groups.of([(7, 7)] * 60 + [(7, 0)] * 240)
    assert independent(copied) == pytest.approx(300, rel=0.05)


def test_groups_of_independent_rows_count_for_nearly_all_of_them():
    draw = random.Random(3)
    mixed = Groups.of([(5, sum(draw.random() < 0.3 for _ in range(5))) for _ in range(2000)])
    assert independent(mixed) > 0.9 * mixed.rows


def test_where_no_row_is_a_hit_groups_count_as_if_their_rows_were_all_alike():
    assert independent(Groups.of([(4, 0)] * 30)) == 30
    assert independent(Groups.of([(4, 4)] * 30)) == 30


def test_one_large_group_among_many_small_ones_counts_for_little():
    large = Groups.of([(500, 500)] + [(1, 0)] * 500)
    assert independent(large) < 4


def test_two_groups_with_a_hit_tell_little_of_how_alike_rows_are():
    few = Groups.of([(5, 1), (5, 1)] + [(5, 0)] * 98)
    many = Groups.of([(5, 1)] * 50 + [(5, 0)] * 50)
    assert independent(few) < 0.6 * few.rows < 0.8 * many.rows < independent(many)


@given(st.lists(PAIRS, min_size=1, max_size=20))
def test_they_are_never_more_than_the_rows_nor_none(pairs):
    groups = Groups.of(pairs)
    assert 0 < independent(groups) <= groups.rows * (1 + 1e-9)


@given(st.lists(PAIRS, min_size=1, max_size=20))
def test_hits_and_misses_may_be_exchanged(pairs):
    mirror = Groups.of([(rows, rows - hits) for rows, hits in pairs])
    assert independent(mirror) == pytest.approx(independent(Groups.of(pairs)), rel=1e-6)


@given(st.lists(PAIRS, min_size=1, max_size=20))
def test_the_order_of_groups_does_not_count(pairs):
    assert Groups.of(pairs) == Groups.of(reversed(pairs))


@pytest.mark.parametrize(
    ("share", "alike", "groups"), [(0.2, 1.0, 60), (0.2, 0.3, 60), (0.03, 0.3, 150), (0.97, 1, 150)]
)
def test_the_interval_holds_the_truth_as_often_as_it_says(share, alike, groups):
    draw = random.Random(11)
    held, rounds = 0, 300
    for _ in range(rounds):
        pairs = []
        for _ in range(groups):
            rows = 1 + int(draw.expovariate(0.25))
            first = draw.random() < share
            hits = sum(
                first if draw.random() < alike**0.5 else draw.random() < share for _ in range(rows)
            )
            pairs.append((rows, hits))
        seen = Groups.of(pairs)
        n = independent(seen)
        held += share in clopper_pearson(seen.hits / seen.rows * n, n)
    # beyond what chance does to 95 % of so many rounds once in a thousand times
    assert held >= 0.91 * rounds


def test_hard_groups_that_are_longer_do_not_narrow_the_interval():
    draw = random.Random(5)
    held, rounds = 0, 200
    share = 0.2 * 12 / (0.2 * 12 + 0.8 * 4)
    for _ in range(rounds):
        pairs = []
        for _ in range(60):
            hard = draw.random() < 0.2
            rows = 1
            while draw.random() > 1 / (12 if hard else 4):
                rows += 1
            pairs.append((rows, rows * hard))
        seen = Groups.of(pairs)
        n = independent(seen)
        held += share in clopper_pearson(seen.hits / seen.rows * n, n)
    assert held >= 0.91 * rounds
