"""The reference: compact, and true to the rows it was made from."""

from __future__ import annotations

import random

import msgspec
import pytest

from headgate.routing.reference import MOST_CATEGORIES, OTHER, Histogram, Reference

DICE = random.Random(4)


def test_bins_hold_about_the_same_number_of_values():
    values = [DICE.random() for _ in range(5000)]
    found = Histogram.of(values)
    assert len(found.counts) == 10
    assert sum(found.counts) == 5000
    assert all(490 <= count <= 510 for count in found.counts)


def test_every_value_is_in_the_bin_that_counted_it():
    values = [DICE.choice((0.1, 0.2, 0.2, 0.7)) for _ in range(900)]
    found = Histogram.of(values)
    again = [0] * len(found.counts)
    for value in values:
        again[found.bin(value)] += 1
    assert tuple(again) == found.counts


def test_values_that_are_alike_share_a_bin():
    assert Histogram.of([0.5] * 400) == Histogram((), (400,))
    found = Histogram.of([0.2] * 200 + [0.8] * 200)
    assert found == Histogram((0.8,), (200, 200))


@pytest.mark.parametrize(("rows", "bins"), [(1, 1), (49, 1), (50, 2), (130, 5), (100_000, 10)])
def test_few_values_make_few_bins(rows: int, bins: int):
    assert len(Histogram.of(list(range(rows))).counts) == bins


def test_values_beyond_all_edges_fall_into_the_outer_bins():
    found = Histogram.of([float(number) for number in range(100)])
    assert found.bin(-1e9) == 0
    assert found.bin(1e9) == len(found.counts) - 1


@pytest.mark.parametrize(
    ("edges", "counts"),
    [((1.0,), (3,)), ((2.0, 1.0), (1, 1, 1)), ((1.0, 1.0), (1, 1, 1)), ((), (-1,))],
)
def test_a_histogram_that_is_none_is_refused(edges: tuple[float, ...], counts: tuple[int, ...]):
    with pytest.raises(ValueError, match="a histogram's"):
        Histogram(edges, counts)
    with pytest.raises(msgspec.ValidationError, match="a histogram's"):
        msgspec.convert({"edges": edges, "counts": counts}, Histogram)


def test_no_values_make_no_histogram():
    with pytest.raises(ValueError, match="no values"):
        Histogram.of([])


def test_rare_kinds_are_counted_together():
    kinds = [f"kind{number}" for number in range(60) for _ in range(60 - number)]
    found = Reference.of([0.5] * len(kinds), (), kinds).categories
    assert found is not None
    assert len(found) == MOST_CATEGORIES + 1
    assert sum(found.values()) == len(kinds)
    assert found["kind0"] == 60
    assert found[OTHER] == sum(60 - number for number in range(20, 60))


def test_common_kinds_alone_leave_no_rest():
    assert Reference.of([0.1] * 50, (), ["a"] * 25 + ["b"] * 25).categories == {"a": 25, "b": 25}


def test_what_only_some_rows_know_is_not_known():
    found = Reference.of([0.1, 0.2], (10, 0), ("maths", ""))
    assert found.tokens is None
    assert found.categories is None
    assert Reference.of([0.1, 0.2]).categories is None


def test_lengths_that_all_rows_know_are_kept():
    found = Reference.of([0.5] * 100, list(range(1, 101)), ["x"] * 100)
    assert found.rows == 100
    assert found.tokens is not None
    assert sum(found.tokens.counts) == 100


def test_a_reference_is_the_same_after_a_round_trip():
    made = Reference.of([DICE.random() for _ in range(300)], [7] * 300, ["a"] * 300)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(made), type=Reference) == made
