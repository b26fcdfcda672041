"""forecast: the sum to come lies within its interval as often as stated."""

import random

import pytest

from headgate.stats.forecast import LEAST_DAYS, forecast
from headgate.stats.intervals import clopper_pearson
from tests.known import known


def test_days_that_are_all_alike_leave_no_doubt():
    found = known(forecast([7.0] * 10, 3.5))
    assert found.expected == pytest.approx(24.5)
    assert found.interval == pytest.approx((24.5, 24.5))
    assert found.days == 10


def test_the_interval_holds_the_sum_as_often_as_stated():
    held = 0
    for seed in range(500):
        chance = random.Random(seed)
        history = [chance.gauss(100, 20) for _ in range(14)]
        low, high = known(forecast(history, 10)).interval
        held += low <= sum(chance.gauss(100, 20) for _ in range(10)) <= high
    low, high = clopper_pearson(held, 500, 0.999)
    assert low <= 0.95 <= high


def test_more_days_gone_by_make_a_narrower_interval():
    short, long = (
        known(forecast([9.0, 11.0] * 4, 5)).interval,
        known(forecast([9.0, 11.0] * 14, 5)).interval,
    )
    assert long.high - long.low < short.high - short.low


def test_no_time_left_leaves_nothing_to_come():
    assert known(forecast([1.0, 2.0, 3.0, 4.0, 5.0], 0)).interval == (0.0, 0.0)


def test_a_sum_is_never_below_nothing():
    assert known(forecast([0.0, 0.0, 0.0, 0.0, 100.0], 2)).interval.low == 0.0


def test_too_few_days_give_no_forecast():
    assert forecast([1.0] * (LEAST_DAYS - 1), 3) is None


def test_the_past_is_not_forecast():
    with pytest.raises(ValueError, match="not in the future"):
        forecast([1.0] * 9, -1)
