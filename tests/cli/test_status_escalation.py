"""status_escalation: the rate, since when there is an alarm, because of whom, who stands apart."""

from __future__ import annotations

from fractions import Fraction

import msgspec

from headgate.monitor.assessment import Scope
from headgate.monitor.budget import EscalationBudget
from tests.cli.test_status_page import ALARM, CALM, CODE, DAY, HOUR, burn, flat, made, shown
from tests.known import known
from tests.ledger.samples import NOON_US


def test_an_alarm_says_since_when_and_because_of_whom():
    text = shown(made(ALARM))
    assert text.splitlines()[0].endswith("BUDGET BREACHED")
    for row in (
        "  Alarm        since 2026-11-21 12:00: the rate has gone above its budget",
        "               False alarms: a chance of at most 5 % in 100,000 requests.",
        "  Creep        began 2026-11-19 (95 %: 2026-11-18 to 2026-11-20), at once: 18.0",
        "  Because      reason rule:code has grown: 10.0 % → 30.0 % of the traffic",
        "               reason rule:code                 +16.0 = rate  +0.0 mix +16.0",
        "               all, parts adding up             +14.0",
        "  Burn         1.60 × the budget over 6 h, 1.20 × over 7 d",
    ):
        assert row in text, row


def test_a_group_that_escalates_more_is_told_with_its_own_rate():
    part = msgspec.structs.replace(
        CODE, rate_before=Fraction(1, 10), rate_shift=Fraction(9, 10), mix_shift=Fraction(0)
    )
    attribution = msgspec.structs.replace(
        known(ALARM.attribution),
        dimensions={
            **dict.fromkeys(("route", "alias", "model", "settings"), ()),
            "reason": (part,),
        },
    )
    text = flat(made(msgspec.structs.replace(ALARM, attribution=attribution)))
    assert "reason rule:code escalates more: 10.0 % → 100.0 % of its own requests" in text
    assert "parts adding up" not in text


def test_where_nobody_is_the_cause_it_says_so():
    empty = dict.fromkeys(("route", "alias", "reason", "model", "settings"), ())
    attribution = msgspec.structs.replace(known(ALARM.attribution), dimensions=empty)
    text = flat(made(msgspec.structs.replace(ALARM, attribution=attribution)))
    assert "of no one group of requests" in text


def test_a_creep_within_a_day_is_told_to_the_hour():
    creep = msgspec.structs.replace(
        known(ALARM.creep),
        earliest_us=NOON_US - 4 * HOUR,
        latest_us=NOON_US - HOUR,
    )
    text = flat(made(msgspec.structs.replace(ALARM, creep=creep)))
    assert "(95 %: 08:00 to 11:00 that day)" in text


def test_routes_are_listed_the_busiest_first_and_not_without_end():
    routes = tuple(
        Scope(
            kind="route",
            name=f"/v1/{'long' * 9 if number == 1 else number}",
            budget=0.2,
            own=False,
            fast=burn(6 * HOUR, 10, 3),
            evidence=0.1,
            cleared_us=None,
            served=100,
            escalated=30,
            low=0.2,
            high=0.4,
            window=burn(7 * DAY, 100, 30),
            alarm_us=NOON_US if number == 1 else None,
        )
        for number in range(6)
    )
    text = shown(made(msgspec.structs.replace(CALM, scopes=routes)))
    assert "  Apart        /v1/0                 30.0 % of 100\n" in text
    assert "…  30.0 % of 100; alarm since 2026-11-23\n" in text
    assert "and 2 more: see --json" in text


def test_nothing_yet_is_said_in_one_line():
    empty = EscalationBudget(0.25, 7 * DAY).assess(NOON_US)
    assert "Escalation   no routed request was served yet" in shown(made(empty))


def test_a_window_without_requests_says_so():
    quiet = msgspec.structs.replace(CALM.slow, served=0, rate=None, burn=None)
    text = flat(made(msgspec.structs.replace(CALM, slow=quiet)))
    assert "no served request in the last 7 d" in text
    assert "no requests over 7 d" in text


def test_a_cleared_alarm_is_remembered():
    cleared = msgspec.structs.replace(CALM, cleared_us=NOON_US - DAY)
    assert "the last was cleared 2026-11-22 12:00" in flat(made(cleared))
