"""Sketches: quantiles within their bound, exact counts while few, and merging in any order."""

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.sketch import Distinct, Histogram, Names

NUMBERS = st.lists(st.integers(0, 2**40), max_size=60)


def histogram(values):
    made = Histogram()
    for value in values:
        made.add(value)
    return made


def distinct(keys, size=16):
    made = Distinct(size)
    for key in keys:
        made.add(str(key).encode())
    return made


def names(values, size=8):
    made = Names(size)
    for value in values:
        made.add(str(value))
    return made


@given(NUMBERS.filter(bool), st.floats(0, 1))
def test_a_quantile_is_within_its_bound_of_a_value_of_that_rank(values, share):
    found = histogram(values).quantile(share)
    rank = max(1, -(-int(share * len(values) * 2**53) // 2**53))
    near = sorted(values)[max(0, rank - 2) : rank + 1]
    assert any(abs(found - value) <= value / 256 for value in near)


@given(st.lists(st.integers(0, 255), min_size=1, max_size=50))
def test_small_numbers_are_exact(values):
    assert histogram(values).quantile(0.5) == sorted(values)[(len(values) + 1) // 2 - 1]


def test_of_nothing_there_is_no_quantile_and_a_share_above_one_is_none():
    assert Histogram().quantile(0.5) is None
    assert Histogram().mean is None
    with pytest.raises(ValueError, match="no share"):
        Histogram().quantile(1.1)


@pytest.mark.parametrize("make", [histogram, distinct, names])
@given(a=NUMBERS, b=NUMBERS, c=NUMBERS)
def test_merging_is_commutative_and_associative_and_the_same_as_one_pass(make, a, b, c):
    one, two, three = make(a), make(b), make(c)
    whole = make(a + b + c)
    assert one.merge(two).merge(three) == whole
    assert one.merge(two.merge(three)) == whole
    assert three.merge(one).merge(two) == whole


def test_few_keys_are_counted_exactly():
    made = distinct([1, 2, 2, 3, 3, 3])
    assert (made.exact, made.number) == (True, 3)
    assert made.repeated == pytest.approx(0.5)
    assert Distinct().repeated is None


def test_many_keys_are_counted_to_a_few_percent():
    chance = random.Random(3)
    keys = [chance.randrange(40_000) for _ in range(100_000)]
    made = distinct(keys, 2048)
    truth = len(set(keys))
    assert not made.exact
    assert made.number == pytest.approx(truth, rel=0.08)
    assert made.repeated == pytest.approx(1 - truth / len(keys), abs=0.02)


def test_names_beyond_the_bound_keep_exact_counts_and_a_rest():
    came = [number % 100 for number in range(1000)]
    made = names(came)
    assert made.total == 1000
    assert len(made.most(1000)) == 8
    counts = Counter(map(str, came))
    assert all(counts[name] == times for name, times in made.most(8))
    assert made.rest == 1000 - 80


def test_summaries_of_different_sizes_are_not_merged():
    with pytest.raises(ValueError, match="sizes"):
        Distinct(4).merge(Distinct(8))
