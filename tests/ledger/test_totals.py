"""totals: histograms of latencies add up, and tell a quantile within the width of a bucket."""

import doctest
import random
from collections import Counter
from itertools import pairwise

import pytest

from headgate.ledger import totals
from headgate.ledger.totals import LATENCY_BOUNDS, Latency, latency_from


def histogram(values):
    buckets = Counter(map(latency_from, values))
    return Latency(measure="total", buckets=tuple(sorted(buckets.items())))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(totals).failed == 0


def test_buckets_begin_at_zero_and_are_nine_percent_wide():
    assert LATENCY_BOUNDS[:2] == (0, 1000)
    assert LATENCY_BOUNDS[-1] > 17 * 60 * 1_000_000
    assert all(1.089 < after / before < 1.092 for before, after in pairwise(LATENCY_BOUNDS[1:]))


def test_every_latency_is_in_the_bucket_that_begins_at_or_before_it():
    for bound, after in pairwise(LATENCY_BOUNDS):
        assert latency_from(bound) == latency_from(after - 1) == bound
    assert latency_from(1 << 60) == LATENCY_BOUNDS[-1]


@pytest.mark.parametrize("share", [0.5, 0.9, 0.95, 0.99])
def test_a_quantile_is_within_nine_percent_of_the_exact_one(share):
    chance = random.Random(1)
    values = sorted(int(chance.lognormvariate(13, 1)) for _ in range(5000))
    exact = values[int(share * len(values))]
    assert histogram(values).quantile(share) == pytest.approx(exact, rel=0.09)


def test_of_nothing_there_is_no_quantile():
    assert histogram([]).quantile(0.5) is None
    assert histogram([]).answers == 0


def test_what_is_slower_than_the_last_bound_is_told_as_that_bound():
    assert histogram([1 << 50]).quantile(0.99) == LATENCY_BOUNDS[-1]
