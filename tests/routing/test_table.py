"""A table: what is known is summed up once, over the root of its number."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.features import BUCKETS
from headgate.routing.table import Table

WEIGHTS = st.dictionaries(st.integers(1, BUCKETS - 1), st.floats(-3, 3), max_size=20)


@given(WEIGHTS, st.lists(st.integers(0, BUCKETS - 1), max_size=20))
def test_a_table_sums_what_it_knows_as_a_dictionary_would(weights, others):
    table = Table.of(weights)
    found = [*weights, *others, *weights]
    known = [table.weights[bucket] for bucket in set(found) if bucket in weights]
    expected = sum(known) / sqrt(len(known)) if known else 0.0
    assert table(found) == pytest.approx(expected, abs=1e-9)


@given(WEIGHTS)
def test_weights_are_kept_to_half_a_step_and_none_is_lost(weights):
    table = Table.of(weights)
    assert len(table) == len(weights)
    assert table.weights == pytest.approx(weights, abs=table.scale / 2 + 1e-12)


def test_a_weight_of_nothing_still_marks_its_bucket_as_known():
    table = Table.of({1: 1.0, 2: 1e-12})
    assert table([1, 2]) == pytest.approx(1 / sqrt(2))
    assert table([1, 3]) == pytest.approx(1.0)


def test_a_table_that_knows_nothing_adds_nothing():
    assert Table.of({})([1, 2]) == 0.0
    assert len(Table.of({})) == 0
    assert Table.of({5: 1.0})([]) == 0.0
    assert Table.of({5: 1.0})([0]) == 0.0


@pytest.mark.parametrize("bucket", [-1, 0, BUCKETS])
def test_a_weight_belongs_to_a_bucket(bucket: int):
    with pytest.raises(ValueError, match="bucket"):
        Table.of({bucket: 1.0})
