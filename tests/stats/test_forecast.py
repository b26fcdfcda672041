"""forecast: weekdays and trends are seen, and the interval holds as often as is told of it."""

import random

import pytest
from benchmarks.intervals.forecasts import KINDS, scores

from headgate.stats.forecast import LEAST_DAYS, forecast
from headgate.stats.intervals import clopper_pearson
from tests.known import known

TUESDAY, FRIDAY = 1, 4


def test_days_that_are_all_alike_leave_no_doubt():
    found = known(forecast([7.0] * 10, TUESDAY, 3.5))
    assert found.expected == pytest.approx(24.5)
    assert found.interval == pytest.approx((24.5, 24.5))
    assert (found.days, found.trend) == (10, 0.0)
    assert found.weekend == pytest.approx(1.0)


def test_working_days_that_are_all_alike_say_nothing_of_a_weekend():
    found = known(forecast([7.0] * 5, 0, 2))
    assert found.weekend is None
    assert found.expected == pytest.approx(14.0)
    assert found.interval.low == 0.0
    assert found.interval.high > 21


def test_a_weekend_ahead_is_no_two_working_days():
    """On a Friday evening with a month that ends on Sunday."""
    chance = random.Random(5)
    days = [chance.gauss(100, 5) * (0.1 if at % 7 >= 5 else 1) for at in range(4 * 7 + 5)]
    found = known(forecast(days, 0, 2))
    assert found.expected == pytest.approx(20, rel=0.2)
    assert found.interval.high < 60
    assert known(found.weekend) == pytest.approx(0.1, abs=0.03)


def test_the_part_of_today_that_is_left_is_a_part_of_its_own_weekday():
    days = [100.0, 100, 100, 100, 100, 10, 10] * 6
    assert known(forecast(days, 0, 0.25)).expected == pytest.approx(25, rel=1e-3)
    assert known(forecast(days[:-1], 0, 0.25)).expected == pytest.approx(2.5, rel=1e-3)
    assert known(forecast(days, 0, 6.25)).expected == pytest.approx(445, rel=1e-3)


def test_growth_goes_on_and_fades():
    chance = random.Random(1)
    days = [100 * 1.01**at * chance.gauss(1, 0.05) for at in range(60)]
    found = known(forecast(days, 0, 30))
    flat, goes_on = 30 * days[-1], sum(100 * 1.01**at for at in range(60, 90))
    assert flat < found.expected < goes_on * 1.02
    assert 0.004 < found.trend < 0.012
    assert goes_on in found.interval


def test_what_was_once_is_left_behind():
    chance = random.Random(2)
    days = [(200 if at < 40 else 100) * chance.gauss(1, 0.1) for at in range(60)]
    assert known(forecast(days, 0, 10)).expected == pytest.approx(
        1_000, rel=0.15
    )  # the flat mean: 1,286


def test_the_interval_holds_the_sum_as_often_as_stated():
    held = 0
    for seed in range(300):
        chance = random.Random(seed)
        history = [chance.gauss(100, 20) for _ in range(60)]
        low, high = known(forecast(history, seed % 7, 10)).interval
        held += low <= sum(chance.gauss(100, 20) for _ in range(10)) <= high
    low, high = clopper_pearson(held, 300, 0.999)
    assert low <= 0.95 <= high


@pytest.mark.parametrize(
    ("kind", "better"),
    [("weekends a fifth", 0.7), ("growth of 1 % a day", 0.85), ("even days", 1.2)],
)
def test_it_is_nearer_than_the_flat_mean_where_there_is_something_to_see(kind, better):
    """And hardly farther off where there is not; benchmarks.intervals.forecasts has all kinds."""
    before, now = scores(KINDS[kind], 28, 20, seed=3)
    assert now.error < better * before.error


def test_days_that_are_not_known_are_no_days_that_cost_nothing():
    gaps: list[float | None] = [None if at % 3 == 0 else 10.0 for at in range(30)]
    found = known(forecast(gaps, FRIDAY, 4))
    assert found.expected == pytest.approx(40)
    assert found.days == 20


def test_the_unit_of_money_changes_nothing():
    days = [3.0, 8, 1, 9, 4, 2, 2, 6, 7, 5, 12]
    dollars, nano = (known(forecast([day * unit for day in days], 2, 9)) for unit in (1, 1e9))
    assert nano.expected == pytest.approx(dollars.expected * 1e9)
    assert nano.interval == pytest.approx([end * 1e9 for end in dollars.interval])


def test_no_time_left_leaves_nothing_to_come():
    assert known(forecast([1.0, 2.0, 3.0, 4.0, 5.0], 0, 0)).interval == (0.0, 0.0)


def test_a_sum_is_never_below_nothing():
    assert known(forecast([0.0, 0.0, 0.0, 0.0, 100.0], 0, 2)).interval.low == 0.0
    fallen = [100.0 * 0.8**at for at in range(60)]
    assert known(forecast(fallen, 0, 30)).expected >= 0.0


def test_days_that_cost_nothing_foretell_nothing():
    assert known(forecast([0.0] * 20, 3, 10)).interval == (0.0, 0.0)
    assert known(forecast([0.0] * 40 + [5.0], 3, 10)).interval.high > 0


def test_too_few_days_give_no_forecast():
    assert forecast([1.0] * (LEAST_DAYS - 1), 0, 3) is None
    assert forecast([*[None] * 20, *[1.0] * (LEAST_DAYS - 1)], 0, 3) is None


def test_the_past_is_not_forecast_and_a_confidence_is_a_share():
    with pytest.raises(ValueError, match="not in the future"):
        forecast([1.0] * 9, 0, -1)
    with pytest.raises(ValueError, match="confidence of 95 is not between"):
        forecast([1.0] * 9, 0, 1, confidence=95)
