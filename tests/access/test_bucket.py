"""bucket: a steady rate with one minute's burst, debts that are paid by waiting."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.access.bucket import Bucket


def test_a_minutes_worth_goes_at_once_and_then_the_rate_holds():
    bucket = Bucket(60, 0.0)
    for _ in range(60):
        assert bucket.wait(1, 0.0) == 0
        bucket.take(1)
    assert bucket.wait(1, 0.0) == pytest.approx(1.0)
    assert bucket.wait(1, 0.5) == pytest.approx(0.5)
    assert bucket.wait(1, 1.0) == 0
    assert bucket.wait(30, 1.0) == pytest.approx(29.0)


@given(st.lists(st.tuples(st.integers(0, 90), st.floats(0, 90)), max_size=20))
def test_to_look_and_take_at_once_is_to_look_and_then_take(steps):
    once, twice = Bucket(60, 0.0), Bucket(60, 0.0)
    at = 0.0
    for amount, later in steps:
        at += later
        wait = twice.wait(amount, at)
        if not wait:
            twice.take(amount)
        assert once.wait(amount, at, take=True) == wait
        assert once.wait(1, at) == twice.wait(1, at), "to the last bit"


def test_what_is_left_is_told_with_the_time_until_it_is_full():
    bucket = Bucket(60, 0.0)
    assert bucket.left(0.0) == (60, 0.0)
    bucket.take(31)
    assert (bucket.left(0.0), bucket.low) == ((29, 31.0), True)
    assert bucket.left(0.5) == (29, 30.5)
    assert (bucket.left(40.0), bucket.low) == ((60, 0.0), False)
    bucket.take(90)
    assert bucket.left(40.0) == (0, 90.0), "a debt is nothing left"
    assert Bucket(0, 0.0).left(1.0) == (0, float("inf"))


def test_what_was_not_known_before_is_a_debt():
    bucket = Bucket(600, 0.0)
    bucket.take(600)
    bucket.take(300)
    assert bucket.wait(1, 0.0) == pytest.approx(30.1)
    bucket.take(-300)
    assert bucket.wait(1, 0.0) == pytest.approx(0.1)


def test_a_request_larger_than_a_minute_passes_a_full_bucket_only():
    bucket = Bucket(100, 0.0)
    assert bucket.wait(5000, 0.0) == 0
    bucket.take(1)
    assert bucket.wait(5000, 0.0) == pytest.approx(0.6)


def test_where_nothing_flows_nothing_passes():
    assert Bucket(0, 0.0).wait(1, 100.0) == float("inf")
    assert Bucket(0, 0.0).wait(0, 100.0) == float("inf")


def test_time_that_goes_back_gives_nothing():
    bucket = Bucket(60, 10.0)
    bucket.take(60)
    assert bucket.wait(1, 5.0) == pytest.approx(1.0)


def test_another_rate_holds_at_once_and_what_was_taken_stays_taken():
    bucket = Bucket(60, 0.0)
    bucket.take(50)
    bucket.resize(120)
    assert bucket.wait(70, 0.0) == 0
    assert bucket.wait(71, 0.0) == pytest.approx(0.5)
    bucket.resize(6)
    assert bucket.wait(6, 0.0) == 0
    assert bucket.wait(7, 0.0) == 0, "six is a minute's worth now"


@given(st.integers(1, 1000), st.lists(st.tuples(st.floats(0, 5), st.integers(1, 50)), max_size=60))
def test_no_more_passes_than_one_minutes_worth_and_the_flow(rate, asked):
    bucket, at, passed = Bucket(rate, 0.0), 0.0, 0
    for pause, amount in asked:
        at += pause
        if amount <= rate and bucket.wait(amount, at) == 0:
            bucket.take(amount)
            passed += amount
    assert passed <= rate + rate * at / 60 + 1e-6


@given(
    st.integers(0, 10**12),
    st.lists(st.tuples(st.floats(-1, 70), st.integers(-50, 10**12)), max_size=20),
)
def test_the_level_is_that_of_the_formula_to_the_last_bit(rate, asked):
    """What flows in is elapsed seconds times the rate, up to a minute's worth."""
    bucket, at = Bucket(rate, 0.0), 0.0
    level, last = float(rate), 0.0
    for pause, amount in asked:
        at += pause
        if at > last:
            level, last = min(level + (at - last) * rate / 60.0, float(rate)), at
        lacking = min(rate, amount) - level
        now = lacking <= 0 < rate
        expected = 0.0 if now else lacking * 60.0 / rate if rate else float("inf")
        assert bucket.wait(amount, at) == expected
        level = min(level - amount, float(rate))
        bucket.take(amount)
