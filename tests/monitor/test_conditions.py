"""conditions: what is wrong, since when, how bad, in words that say what to do."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest

from headgate.monitor.budget import EscalationBudget
from headgate.monitor.conditions import conditions
from headgate.monitor.drift import Drift, Shift
from headgate.monitor.endings import Ending
from headgate.monitor.status import Status
from headgate.stats.intervals import wilson
from tests.cli.test_status_page import ALARM, CALM, ROOM, made
from tests.known import known
from tests.ledger.samples import NOON_US
from tests.monitor.test_budget import mixed, outcomes
from tests.monitor.test_quality import fallen
from tests.monitor.test_status import made as plain

STALE = Drift(
    router="0f3a",
    rows=1000,
    requests=5000,
    hours=100,
    evidence=1.2,
    stale_us=NOON_US,
    shifts=(
        Shift(
            facet="categories",
            part="law\n\x1b[31m",
            share_then=0.0,
            share_now=0.2,
            low=0,
            high=0.01,
        ),
    ),
    unwatched=(),
)


def with_month(status: Status, **changes: Any) -> Status:
    return msgspec.structs.replace(status, month=msgspec.structs.replace(status.month, **changes))


def test_nothing_is_wrong_where_all_is_well():
    assert conditions(made(CALM)) == []


def test_a_breach_says_the_rates_the_creep_and_the_cause():
    (found,) = conditions(made(ALARM))
    assert (found.subject, found.level) == ("escalation", "warning")
    assert found.since_us == ALARM.alarm_us
    for words in ("above its budget", "18.0 % to 32.0 % at once", "reason rule:code", "headgate"):
        assert words in f"{found.title} {found.text}"


def test_a_scope_with_a_budget_of_its_own_has_an_alarm_of_its_own():
    account = EscalationBudget(0.9, 7 * 86_400_000_000, own={("key", "hg_1"): 0.1})
    account.fold(outcomes(1, 10, 200, lambda _: 0.5, key="hg_1"))
    (found,) = conditions(made(account.assess(NOON_US)))
    assert found.subject == "escalation/key hg_1"
    assert "budget of 10.0 %" in found.title


def test_a_route_above_the_common_budget_is_no_condition():
    account = EscalationBudget(0.3, 7 * 86_400_000_000)
    account.fold(
        mixed(
            outcomes(1, 10, 300, lambda _: 0.05),
            outcomes(2, 10, 50, lambda _: 0.9, route="/v1/messages"),
        )
    )
    found = account.assess(NOON_US)
    assert any(scope.alarm_us for scope in found.scopes)
    assert conditions(made(found)) == []


@pytest.mark.parametrize(("days", "told"), [(31, False), (30, True), (0, True), (-200, True)])
def test_a_model_that_ends_within_thirty_days_is_an_alarm_and_stays_one(days: int, told: bool):
    day = date(2026, 11, 23) + timedelta(days=days)
    ending = Ending(
        model="a/old", day=day, successor="a/new", used_by=("tier cheap",), calls=1200, source="url"
    )
    found = conditions(made(CALM, ends=(ending,)))
    assert bool(found) is told
    for one in found:
        assert (one.subject, one.level) == ("end/a/old", "warning")
        assert one.title == f"a/old ends on {day}"
        for words in (
            "its successor is a/new",
            "tier cheap",
            "1,200 times within",
            "check`",
            "url",
        ):
            assert words in one.text


@pytest.mark.parametrize(
    ("changes", "touched"),
    [
        ({}, False),
        ({"high": 0.977}, True),
        ({"crossing": 0.15, "room": -0.05}, True),
        ({"pays": "never", "crossing": None, "room": None}, True),
        ({"pays": "always", "crossing": None, "room": None}, False),
        ({"pays": "equal", "crossing": None, "room": None}, False),
    ],
)
def test_the_tripwire_is_touched_when_the_interval_reaches_it(changes, touched: bool):
    status = made(CALM, headroom=msgspec.structs.replace(ROOM, **changes))
    found = conditions(status)
    assert [one.subject for one in found] == (["tripwire"] if touched else [])
    assert all(one.level == "critical" for one in found)


def test_routing_that_does_not_pay_is_critical_and_comes_first():
    status = plain(1000, alarm=True)
    found = conditions(status)
    assert [one.subject for one in found] == ["saving", "escalation"]
    assert found[0].level == "critical"


def test_a_stale_certificate_names_what_moved_without_control_characters():
    (found,) = conditions(msgspec.structs.replace(made(CALM), drift=(STALE,)))
    assert found.subject == "certificate/0f3a"
    assert "categories law" in found.text
    assert found.text.isprintable()
    assert "headgate certify" in found.text


def test_a_certificate_that_is_not_stale_is_no_condition():
    sound = msgspec.structs.replace(STALE, stale_us=None)
    assert conditions(msgspec.structs.replace(made(CALM), drift=(sound,))) == []


@pytest.mark.parametrize(("low", "wrong"), [(90, False), (110, True), (None, False)])
def test_a_month_is_wrong_when_all_of_its_interval_is_beyond_the_worst_case(low, wrong: bool):
    status = with_month(made(CALM), low_nano=low, worst_nano=100)
    assert [one.subject for one in conditions(status)] == (["month"] if wrong else [])


def test_without_a_plan_no_month_is_too_dear():
    assert conditions(with_month(made(CALM), low_nano=10**15, worst_nano=None)) == []


@pytest.mark.parametrize(
    ("answers", "failed", "wrong"),
    [(700, 300, True), (770, 230, False), (800, 200, False), (30, 60, False)],
)
def test_retries_are_wrong_when_they_are_surely_more_than_the_worst_case(answers, failed, wrong):
    status = made(CALM)
    tier = msgspec.structs.replace(
        status.retries.tiers[0],
        answers=answers,
        retries=failed,
        retry_rate=failed / (answers + failed),
        sure_low=wilson(failed, answers + failed, 0.999).low,
    )
    retries = msgspec.structs.replace(status.retries, tiers=(tier,))
    found = conditions(msgspec.structs.replace(status, retries=retries), worst_retry_rate=0.2)
    assert bool(found) is wrong
    if wrong:
        assert known(found[0]).subject == f"retries/{tier.tier}"


def test_a_fall_of_quality_is_critical_and_says_what_was_compared():
    status = msgspec.structs.replace(made(CALM), quality=fallen())
    (found,) = conditions(status)
    assert (found.subject, found.level) == ("quality", "critical")
    assert found.since_us == known(status.quality).alarm_us
    assert "95.0 % of the premium quality" in found.title
    assert "600 comparisons" in found.text
    assert not status.answer
