"""alerting: news once, repetitions after a while, quiet hours, and an end that is told."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from headgate.monitor.alerting import CALM_US, FORGET_US, Quiet, Rules, due, news_of, quiet_of
from headgate.monitor.conditions import Condition
from headgate.monitor.standing import standing
from tests.monitor.test_standing import event

HOUR = 3_600_000_000
NOON = int(datetime(2026, 11, 23, 12, tzinfo=UTC).timestamp()) * 1_000_000
MIDNIGHT = NOON + 12 * HOUR
BREACH = Condition(subject="escalation", since_us=NOON, level="warning", title="T", text="X")
RULES = Rules(repeat_us=24 * HOUR)
NIGHT = Rules(quiet=quiet_of("22:00-07:00", "UTC"))


def raised(subject: str = "escalation", level: str = "warning"):
    return event("alarm.raised", NOON, subject, since_us=NOON, title="T", level=level)


def sent(at_us: int, news: str = "raised", subject: str = "escalation"):
    return event("alert.sent", at_us, subject, news=news, alarm_us=NOON)


def test_an_alarm_that_nobody_was_told_of_is_news():
    (alert,) = due([BREACH], standing([raised()]), RULES, NOON)
    assert (alert.news, alert.level, alert.title, alert.text) == ("raised", "warning", "T", "X")
    assert alert.since_us == NOON


def test_what_was_told_is_told_again_after_a_while_only():
    now = standing([raised(), sent(NOON + 1)])
    assert due([BREACH], now, RULES, NOON + 24 * HOUR) == []
    (alert,) = due([BREACH], now, RULES, NOON + 25 * HOUR)
    assert alert.news == "repeated"
    assert due([BREACH], now, Rules(repeat_us=0), NOON + 900 * HOUR) == []


def test_two_processes_that_ask_at_once_get_the_same_alert():
    now = standing([raised()])
    (one,), (two,) = due([BREACH], now, RULES, NOON + 5), due([BREACH], now, RULES, NOON + 6)
    assert one.id == two.id
    told = standing([raised(), sent(NOON)])
    (third,) = due([BREACH], told, RULES, NOON + 30 * HOUR)
    (fourth,) = due([BREACH], told, RULES, NOON + 31 * HOUR)
    assert third.id == fourth.id != one.id


def test_the_end_is_told_if_the_beginning_was_and_once():
    over = [raised(), event("alarm.cleared", NOON + 9, "escalation")]
    assert due([], standing(over), RULES, NOON + 10) == []
    told = [raised(), sent(NOON + 1), event("alarm.cleared", NOON + 9, "escalation")]
    (alert,) = due([], standing(told), RULES, NOON + 10)
    assert (alert.news, alert.title) == ("cleared", "Over: T")
    assert due([], standing([*told, sent(NOON + 11, "cleared")]), RULES, NOON + 12) == []
    assert due([], standing(told), RULES, NOON + 10 + FORGET_US) == []


def test_a_new_alarm_after_the_end_is_news_again():
    events = [
        raised(),
        sent(NOON + 1),
        event("alarm.cleared", NOON + 2, "escalation"),
        sent(NOON + 3, "cleared"),
        event("alarm.raised", NOON + 4, "escalation", since_us=NOON + 4),
    ]
    (alert,) = due([BREACH], standing(events), RULES, NOON + 5)
    assert alert.news == "raised"


@pytest.mark.parametrize(
    ("hours", "clock", "holds"),
    [
        ("22:00-07:00", time(23), True),
        ("22:00-07:00", time(6, 59), True),
        ("22:00-07:00", time(7), False),
        ("22:00-07:00", time(12), False),
        ("12:00-13:00", time(12, 30), True),
        ("12:00-13:00", time(11, 59), False),
    ],
)
def test_quiet_hours_may_go_over_midnight(hours: str, clock: time, holds: bool):
    quiet = quiet_of(hours, "UTC")
    assert quiet is not None
    moment = datetime.combine(datetime(2026, 11, 23, tzinfo=UTC), clock, UTC)
    assert quiet.holds(int(moment.timestamp() * 1e6)) is holds


def test_quiet_hours_are_those_of_their_time_zone():
    quiet = Quiet(begins=time(22), ends=time(7), zone="Asia/Tokyo")
    assert quiet.holds(NOON + 2 * HOUR)  # 23:00 in Tokyo
    assert not Quiet(begins=time(22), ends=time(7)).holds(NOON + 2 * HOUR)


def test_in_quiet_hours_only_what_is_critical_is_told_and_the_rest_waits():
    grave = Condition(subject="tripwire", since_us=NOON, level="critical", title="C", text="")
    now = standing([raised(), raised("tripwire", "critical")])
    assert [a.subject for a in due([BREACH, grave], now, NIGHT, MIDNIGHT)] == ["tripwire"]
    assert len(due([BREACH, grave], now, NIGHT, MIDNIGHT + 8 * HOUR)) == 2


def test_an_end_can_wait_until_the_morning():
    told = [
        raised("tripwire", "critical"),
        sent(NOON + 1, subject="tripwire"),
        event("alarm.cleared", MIDNIGHT, "tripwire"),
    ]
    assert due([], standing(told), NIGHT, MIDNIGHT + 1) == []
    assert len(due([], standing(told), NIGHT, MIDNIGHT + 8 * HOUR)) == 1


def test_who_wants_only_what_is_critical_gets_no_warnings():
    grave = Condition(subject="tripwire", since_us=NOON, level="critical", title="C", text="")
    now = standing([raised(), raised("tripwire", "critical")])
    found = due([BREACH, grave], now, Rules(least="critical"), NOON)
    assert [alert.subject for alert in found] == ["tripwire"]


def test_a_detectors_alarm_ends_with_it():
    up, down = news_of([], standing([raised()]), {"escalation": NOON}, NOON + 1)
    assert (up, down) == ([], ["escalation"])
    up, down = news_of([BREACH], standing([]), {}, NOON)
    assert (up, down) == ([BREACH], [])
    assert news_of([BREACH], standing([raised()]), {}, NOON) == ([], [])


def test_a_figure_that_goes_to_and_fro_must_be_well_for_a_day():
    now = standing([raised("month")])
    assert news_of([], now, {"month": NOON}, NOON + CALM_US - 1)[1] == []
    assert news_of([], now, {"month": NOON}, NOON + CALM_US)[1] == ["month"]
    assert news_of([], now, {}, NOON + CALM_US)[1] == []


def test_the_id_is_of_plain_letters_whatever_the_subject():
    odd = "escalation/key ü\n\r: <b>"
    condition = Condition(subject=odd, since_us=NOON, level="warning", title="T", text="")
    (alert,) = due([condition], standing([raised(odd)]), RULES, NOON)
    assert alert.id.isascii()
    assert alert.id.replace("_", "").isalnum()
