"""A table: a byte for each bucket, a step for each weight."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.ngrams import BUCKETS, known
from headgate.routing.table import Table

WEIGHTS = st.dictionaries(st.integers(1, BUCKETS - 1), st.floats(-3, 3), max_size=20)


@given(WEIGHTS)
def test_weights_are_kept_to_half_a_step_and_none_is_lost(weights):
    table = Table.of(weights)
    assert len(table) == len(weights)
    assert table.weights == pytest.approx(weights, abs=table.scale / 2 + 1e-12)


def test_a_weight_of_nothing_still_marks_its_bucket_as_known():
    table = Table.of({1: 1.0, 2: 1e-12})
    assert len(table) == 2
    assert table.part(*known([1, 2], table.bytes)) == pytest.approx(1 / sqrt(2))
    assert table.part(*known([1, 3], table.bytes)) == pytest.approx(1.0)


def test_a_table_that_knows_nothing_adds_nothing():
    assert len(Table.of({})) == 0
    assert Table.of({}).part(*known([1, 2], Table.of({}).bytes)) == 0.0
    table = Table.of({5: 1.0})
    assert table.part(*known([], table.bytes)) == table.part(*known([0], table.bytes)) == 0.0


@pytest.mark.parametrize("bucket", [-1, 0, BUCKETS])
def test_a_weight_belongs_to_a_bucket(bucket: int):
    with pytest.raises(ValueError, match="bucket"):
        Table.of({bucket: 1.0})
