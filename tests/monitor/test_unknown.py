"""unknown: a sum of which nothing is known is null as data, and no other is."""

import doctest

import pytest

import headgate.monitor.unknown
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
        ({"saved_nano": 0, "comparable": 0, "left_out": 4}, "saved_nano", None),
        ({"saved_nano": 0, "comparable": 9, "left_out": 4}, "saved_nano", 0),
        ({"saved_nano": 0, "comparable": 0, "left_out": 0}, "saved_nano", 0),
    ],
)
def test_it_is_null_where_all_that_belongs_in_it_has_no_price(held, name, amount):
    assert told({"below": [held]})["below"][0] == {**held, name: amount}
