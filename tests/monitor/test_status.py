"""status: retries by tier, the month's forecast, and the one answer."""

from datetime import UTC, datetime

import msgspec
import pytest

from headgate.ledger.store import DAY_US, DayTotal, TierTotal, Window
from headgate.monitor.budget import EscalationBudget
from headgate.monitor.drift import Drift
from headgate.monitor.status import (
    HISTORY_DAYS,
    Status,
    assumed,
    bill_window,
    month,
    retries,
    status,
)
from tests.known import known
from tests.monitor.plans import EXAMPLE, cheap, classified, premium, requests

NOV_16_NOON = int(datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()) * 1_000_000
TODAY = NOV_16_NOON // DAY_US


def day(number: int, cost_nano: int, unpriced: int = 0) -> DayTotal:
    return DayTotal(day=number, attempts=10, unpriced=unpriced, cost_nano=cost_nano)


def made(escalated: int, count: int = 1000, alarm: bool = False) -> Status:
    account = EscalationBudget(0.0 if alarm else 0.25, 7 * DAY_US)
    found = account.assess(NOV_16_NOON)
    if alarm:
        found = msgspec.structs.replace(found, alarm_us=NOV_16_NOON)
    return status(
        looked_us=NOV_16_NOON,
        tiers=[classified(count), cheap(count - escalated), premium(escalated)],
        requests=[requests(count, escalated)],
        window=bill_window(NOV_16_NOON, 30),
        days=[],
        escalation=found,
        planned=EXAMPLE,
        headroom=None,
    )


def test_all_is_well_where_routing_pays_and_the_budget_is_kept():
    assert made(200).answer


def test_an_alarm_is_a_no():
    assert not made(200, alarm=True).answer


def test_routing_that_does_not_pay_is_a_no():
    assert made(1000).report.verdict.answer == "no"
    assert not made(1000).answer


def test_too_little_to_tell_is_no_no():
    assert made(2, count=5).report.verdict.answer == "too little"
    assert made(2, count=5).answer


def test_retries_are_told_by_tier_with_the_premium_share_of_their_money():
    found = retries(
        [
            classified(100),
            premium(20),
            premium(5, role="retry", cost_nano=30),
            cheap(80),
            cheap(20, role="retry", cost_nano=10),
            cheap(9, role="retry", routed=False, cost_nano=1_000),
        ]
    )
    first, last = found.tiers
    assert (first.tier, first.answers, first.retries, first.retry_rate) == ("cheap", 80, 20, 0.2)
    assert (last.tier, last.premium, last.retries, last.retry_rate) == ("premium", True, 5, 0.2)
    assert (first.retry_nano, last.retry_nano, found.spent_nano) == (10, 30, 40)
    assert first.spent_nano == 80 * 3_000_000 + 10
    assert found.premium_share == 0.75


def test_retries_of_unknown_cost_are_counted_and_in_no_sum():
    unknown: TierTotal = premium(4, role="retry", priced=False, cost_nano=0)
    found = retries([premium(20), premium(5, role="retry", cost_nano=30), unknown])
    (only,) = found.tiers
    assert (only.retries, only.unpriced, only.retry_nano) == (9, 4, 30)
    assert (only.retry_unpriced, found.unpriced) == (4, 4)


def test_without_retries_no_tier_has_a_share_of_them():
    assert retries([cheap(5)]).premium_share is None
    assert retries([]).tiers == ()


def test_a_month_is_what_was_spent_and_the_rest_at_the_last_days_rate():
    days = [day(number, 1_000) for number in range(TODAY - 120, TODAY)] + [day(TODAY, 600)]
    found = month(days, NOV_16_NOON)
    assert found.first_day == "2026-11-01"
    assert found.spent_nano == 15 * 1_000 + 600
    assert found.days_left == 14.5
    assert found.expected_nano == found.low_nano == found.high_nano == 15_600 + 14_500
    assert found.history_days == HISTORY_DAYS


def test_a_month_of_which_nothing_is_known_comes_to_nothing_that_is_known():
    before = [day(number, 1_000) for number in range(TODAY - 40, TODAY - 20)]
    found = month([*before, day(TODAY, 0, unpriced=10)], NOV_16_NOON)
    assert (found.spent_nano, found.unpriced) == (0, 10)
    assert found.expected_nano is found.low_nano is found.high_nano is None


def test_a_day_of_unknown_cost_is_no_day_that_cost_nothing():
    days = [
        day(number, *((0, 10) if number % 2 else (1_000, 0))) for number in range(TODAY - 30, TODAY)
    ]
    found = month([*days, day(TODAY, 600)], NOV_16_NOON)
    assert (found.history_days, found.unknown_days) == (15, 14)
    assert known(found.expected_nano) == found.spent_nano + 14_500


def test_a_day_of_which_something_is_unknown_has_cost_more_than_is_known():
    cheaper = [day(number, 400, unpriced=1) for number in range(TODAY - 29, TODAY - 10)]
    days = [*cheaper, *(day(number, 1_000) for number in range(TODAY - 10, TODAY))]
    assert known(month(days, NOV_16_NOON).expected_nano) == 400 * 5 + 1_000 * 10 + 14_500


def test_where_every_day_has_something_unknown_only_a_lower_end_is_told():
    days = [day(number, 1_000, unpriced=1) for number in range(TODAY - 29, TODAY)]
    found = month(days, NOV_16_NOON)
    assert (found.expected_nano, found.high_nano) == (None, None)
    assert found.low_nano == found.spent_nano + 14_500
    assert (found.history_days, found.unknown_days) == (0, 28)


def test_days_without_traffic_cost_nothing_and_count():
    days = [day(TODAY - 21, 7), *(day(number, 1_000) for number in range(TODAY - 20, TODAY, 2))]
    found = month(days, NOV_16_NOON)
    assert found.history_days == 20
    assert known(found.expected_nano) == pytest.approx(found.spent_nano + 7_250, rel=0.01)
    assert known(found.low_nano) < known(found.expected_nano) < known(found.high_nano)


def test_the_first_day_of_a_ledger_may_not_be_whole_and_is_no_history():
    days = [day(TODAY - 6, 1), *(day(number, 1_000) for number in range(TODAY - 5, TODAY))]
    assert known(month(days, NOV_16_NOON).expected_nano) == 5_001 + 14_500


def test_too_few_days_make_no_forecast():
    found = month([day(TODAY - 1, 5, unpriced=2), day(TODAY, 7)], NOV_16_NOON)
    assert (found.spent_nano, found.unpriced) == (12, 2)
    assert (found.expected_nano, found.low_nano, found.high_nano) == (None, None, None)


FRIDAY_NOV_27 = int(datetime(2026, 11, 27, tzinfo=UTC).timestamp()) * 1_000_000


def office(weeks: int, growth: float = 1.0) -> list[DayTotal]:
    """Days up to a Friday with nearly empty weekends, and a little chance."""
    today = FRIDAY_NOV_27 // DAY_US
    return [
        day(at, round((1e9 if (at + 3) % 7 < 5 else 1e8) * growth**at_all * (1 + at * 7 % 3 / 50)))
        for at_all, at in enumerate(range(today - 7 * weeks, today))
    ]


def test_before_a_weekend_the_month_does_not_go_on_as_on_working_days():
    """Friday, Saturday, Sunday and Monday are left: 2.2 working days, not 4 average ones."""
    found = month(office(8), FRIDAY_NOV_27)
    assert found.days_left == 4
    to_come = known(found.expected_nano) - found.spent_nano
    assert to_come == pytest.approx(2.2 * 1.02e9, rel=0.03)
    assert known(found.low_nano) < found.spent_nano + 2.25e9 < known(found.high_nano)
    assert known(found.high_nano) - known(found.low_nano) < 1e9
    assert assumed(found) == "from 55 days: weekends 10.0 % of other days, no trend"


def test_it_says_what_was_taken_for_given():
    assert assumed(month([], FRIDAY_NOV_27)) == ""
    few = assumed(month(office(2), FRIDAY_NOV_27))
    assert few.endswith(" of other days, no trend")
    working = [one for one in office(1) if (one.day + 3) % 7 < 5]
    mondays = month([day(working[0].day - 1, 5), *working], FRIDAY_NOV_27)
    assert known(mondays.weekend) < 1
    grown = month(office(8, growth=1.01), FRIDAY_NOV_27)
    assert known(grown.trend) == pytest.approx(0.01, abs=0.003)
    assert ", trend +" in assumed(grown)
    assert assumed(grown).endswith(" % a day")


def test_amounts_are_whole_nano_dollars():
    found = month(office(8, growth=1.01), FRIDAY_NOV_27)
    for amount in (found.spent_nano, found.expected_nano, found.low_nano, found.high_nano):
        assert type(amount) is int


def test_an_empty_ledger_has_spent_nothing():
    assert month([], NOV_16_NOON).spent_nano == 0


def test_the_plan_of_a_month_stands_beside_it():
    assert known(month([], NOV_16_NOON, EXAMPLE).planned_nano) == pytest.approx(130.2e9)


@pytest.mark.parametrize(
    ("at", "left"),
    [((2026, 2, 28), 1.0), ((2028, 2, 28), 2.0), ((2026, 12, 31), 1.0), ((2026, 11, 1), 30.0)],
)
def test_months_end_where_the_calendar_says(at, left):
    year, number, day_of_month = at
    at_us = int(datetime(year, number, day_of_month, tzinfo=UTC).timestamp()) * 1_000_000
    assert month([], at_us).days_left == left


def test_the_bills_window_ends_with_the_present_moment():
    assert bill_window(NOV_16_NOON, 30) == Window(NOV_16_NOON - 30 * DAY_US, NOV_16_NOON + 1)


def test_drafts_are_spent_on_and_are_no_retries_and_shadows_are_no_tiers():
    found = retries([cheap(8), cheap(2, role="draft"), premium(5, role="shadow")])
    (tier,) = found.tiers
    assert (tier.tier, tier.answers, tier.retries, tier.retry_rate) == ("cheap", 8, 0, 0.0)
    assert tier.spent_nano == 10 * 3_000_000
    assert found.spent_nano == 0


def test_a_stale_certificate_is_a_no():
    drift = Drift(
        router="r",
        rows=1,
        requests=1,
        hours=1,
        evidence=1.0,
        stale_us=NOV_16_NOON,
        shifts=(),
        unwatched=(),
    )
    assert not msgspec.structs.replace(made(200), drift=(drift,)).answer


def test_retries_are_told_apart_by_their_error():
    found = retries(
        [
            cheap(90, of=("",)),
            cheap(6, role="retry", of=("timeout",), cost_nano=60),
            cheap(3, role="retry", of=("status",), cost_nano=0),
            cheap(1, role="retry", of=("",), cost_nano=5),
        ]
    )
    (tier,) = found.tiers
    assert [(one.reason, one.retries, one.nano) for one in tier.reasons] == [
        ("timeout", 6, 60),
        ("status", 3, 0),
        ("superseded", 1, 5),
    ]
    assert sum(one.retries for one in tier.reasons) == tier.retries
