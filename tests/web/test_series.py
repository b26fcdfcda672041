"""series: what is drawn and what a script is given are the same numbers, long stretches by days."""

import json

import msgspec

from headgate.monitor.budget import EscalationBudget
from headgate.web.observer import Hour, Seen
from headgate.web.period import period_of
from headgate.web.series import FEW, LONG_HOURS, MOST_POINTS, series
from tests.ledger.samples import NOON_US
from tests.monitor.test_budget import HOUR, WEEK, outcomes
from tests.web.ledgers import observer

NOON = NOON_US // HOUR


def seen(hours: int, served: int = 10, **changes) -> Seen:
    made = tuple(
        Hour(
            hour=NOON - hours + n,
            served=served,
            escalated=n % 10,
            paid_nano=10**9,
            baseline_nano=2 * 10**9,
        )
        for n in range(hours)
    )
    looked = observer().look(period_of({}, NOON_US))
    return msgspec.structs.replace(looked, hours=made, **changes)


def test_a_script_gets_the_numbers_of_the_picture():
    escalation, paid = series(seen(24))
    times, rates, budget = json.loads(escalation.data)
    assert times[0] == (NOON - 24) * 3600
    assert [round(rate, 6) for _, rate in escalation.block.lines[0].points] == rates
    assert len(set(budget)) == 1
    assert escalation.names == "escalated|budget"
    assert json.loads(paid.data)[1:] == [[1.0] * 24, [2.0] * 24]
    assert paid.block.title == "Paid, and all premium, an hour"


def test_an_hour_of_unknown_cost_is_no_point_on_the_ground():
    looked = seen(24)
    hours = [
        msgspec.structs.replace(one, paid_nano=0, baseline_nano=0, left_out=10 * (n == 7))
        if n in (7, 9)
        else one
        for n, one in enumerate(looked.hours)
    ]
    escalation, paid = series(msgspec.structs.replace(looked, hours=tuple(hours)))
    times, amounts, _ = json.loads(paid.data)
    assert (NOON - 24 + 7) * 3600 not in times
    assert amounts.count(0.0) == 1  # the ninth was free
    assert len(json.loads(escalation.data)[0]) == 24


def test_the_marks_of_an_axis_are_told_in_cents():
    *_, paid = series(seen(24))
    assert [label for _, label in paid.block.y.ticks] == [
        "$0.00", "$0.50", "$1.00", "$1.50", "$2.00",
    ]  # fmt: skip


def test_long_stretches_are_drawn_by_whole_days():
    *_, paid = series(seen(MOST_POINTS + 30))
    times, amounts, _ = json.loads(paid.data)
    assert paid.block.title == "Paid, and all premium, a day"
    assert set(amounts) == {24.0}
    assert times[1] - times[0] == 86_400


def test_a_week_of_few_requests_is_drawn_by_days_and_one_of_many_by_hours():
    def step(hours: int, served: int) -> str:
        *_, paid = series(seen(hours, served))
        return paid.block.title.rpartition(" ")[2]

    assert step(LONG_HOURS, FEW - 1) == "day"
    assert step(LONG_HOURS, FEW) == "hour"
    assert step(LONG_HOURS - 1, 1) == "hour"
    assert step(7 * 24 - 5, FEW - 1) == "day", "a week that begins and ends with quiet hours"


def test_where_a_creep_began_is_pointed_out_in_both():
    account = EscalationBudget(0.25, WEEK)
    account.fold(outcomes(3, 21, 200, lambda day: 0.1 if day < 20 else 0.9))
    escalation, _ = series(seen(48, escalation=account.assess(NOON_US)))
    (mark,) = escalation.block.marks
    assert json.loads(escalation.marks) == [[round(mark.at * 3600), "creep began"]]
    early, _ = series(seen(4, escalation=account.assess(NOON_US)))
    assert early.marks == "[]"


def test_one_hour_is_no_series_and_without_an_answer_there_is_no_rate():
    assert list(series(seen(1))) == []
    nobody = [msgspec.structs.replace(hour, served=0) for hour in seen(5).hours]
    (paid,) = series(msgspec.structs.replace(seen(5), hours=tuple(nobody)))
    assert paid.unit == "$"
