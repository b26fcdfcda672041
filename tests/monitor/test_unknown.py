"""unknown: a sum of which nothing is known is null as data, and no other is."""

import doctest

import pytest

import headgate.monitor.unknown
from headgate.monitor.figures import alone
from headgate.monitor.unknown import told


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.monitor.unknown).failed == 0


@pytest.mark.parametrize(
    ("held", "name", "amount"),
    [
        ({"spent_nano": 0, "unpriced": 2}, "spent_nano", None),
        ({"spent_nano": 7, "unpriced": 2}, "spent_nano", 7),
        ({"spent_nano": 0, "unpriced": 0}, "spent_nano", 0),
        ({"retry_nano": 0, "unpriced": 2, "retry_unpriced": 0}, "retry_nano", 0),
        ({"retry_nano": 0, "unpriced": 2, "retry_unpriced": 1}, "retry_nano", None),
        ({"nano": 0, "name": "a driver"}, "nano", 0),
        ({"cost_nano": 0, "priced": False}, "cost_nano", None),
        ({"cost_nano": 0, "priced": True}, "cost_nano", 0),
        ({"saved_nano": 0, "baseline_nano": 9, "paid_nano": 9, "left_out": 4}, "saved_nano", 0),
        ({"saved_nano": -9, "baseline_nano": 0, "paid_nano": 9, "left_out": 4}, "baseline_nano", 0),
        ({"saved_nano": 0, "baseline_nano": 0, "paid_nano": 0, "left_out": 0}, "saved_nano", 0),
    ],
)
def test_it_is_null_where_some_has_no_price_and_the_rest_is_nothing(held, name, amount):
    assert told({"below": [held]})["below"][0] == {**held, name: amount}


def test_what_is_free_beside_what_has_no_price_is_unknown_in_every_form():
    """Three answers without a price and one call that failed before it was billed."""
    bill = {"attempts": 4, "actual_nano": 0, "unpriced": 3}
    assert told(bill) == {**bill, "actual_nano": None}
    assert alone(0, 3) == "unknown"
    saving = {"comparable": 1, "left_out": 3, "baseline_nano": 0, "paid_nano": 0, "saved_nano": 0}
    unknown = {"baseline_nano": None, "paid_nano": None, "saved_nano": None}
    assert told(saving) == {**saving, **unknown}
