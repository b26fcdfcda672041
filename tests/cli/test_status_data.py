"""status_data: the status as JSON, with the report's names and forms."""

import json

import msgspec
import pytest

from headgate.cli.status_data import document
from headgate.monitor.budget import EscalationBudget
from tests.cli.test_status_page import ALARM, made
from tests.known import known


def test_all_that_the_screen_shows_is_there():
    found = json.loads(document(made(ALARM)))
    assert list(found) == [
        "ok",
        "looked_at",
        "report",
        "escalation",
        "retries",
        "month",
        "headroom",
        "drift",
        "action",
        "quality",
        "feedback",
        "beside",
        "ends",
        "stale",
    ]
    assert found["ok"] is False
    assert found["looked_at"] == "2026-11-23T12:00:00Z"
    assert found["escalation"]["breached"] is True
    assert found["escalation"]["alarm_at"] == "2026-11-21T12:00:00Z"
    assert found["escalation"]["creep"]["began_at"] == "2026-11-19T12:00:00Z"
    assert found["retries"]["spent_usd"] == "0.08"
    assert found["month"]["planned_usd"] == "130.2"
    assert found["month"]["expected_usd"] is None
    assert found["headroom"]["room"] == 0.777
    assert found["escalation"]["slow"]["span_seconds"] == 7 * 86_400


def test_the_reasons_are_numbers_and_the_cause_is_named():
    found = json.loads(document(made(ALARM)))["escalation"]["attribution"]
    assert found["cause"] == {"dimension": "reason", "name": "rule:code"}
    assert found["rate_before"] == 0.18
    first, second = found["dimensions"]["reason"]
    assert (first["name"], first["mix_shift"], second["mix_shift"]) == ("rule:code", 0.16, -0.02)


def test_a_change_of_no_ones_making_has_no_cause():
    empty = msgspec.structs.replace(
        known(ALARM.attribution), dimensions=dict.fromkeys(known(ALARM.attribution).dimensions, ())
    )
    alarm = msgspec.structs.replace(ALARM, attribution=empty)
    assert json.loads(document(made(alarm)))["escalation"]["attribution"]["cause"] is None


def test_without_an_alarm_there_is_nothing_to_attribute():
    found = json.loads(document(made(EscalationBudget(0.2, 10**12).assess(0))))
    assert found["ok"] is True
    assert found["escalation"]["attribution"] is None


@pytest.mark.parametrize(("indent", "rows"), [(None, 1), (2, 100)])
def test_it_is_one_line_where_lines_are_wanted(indent, rows):
    text = document(made(), indent=indent)
    assert (len(text.splitlines()) == 1) is (rows == 1)
