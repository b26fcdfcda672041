"""standing: the same events give the same standing, and the last word holds."""

from __future__ import annotations

import json

import pytest

from headgate.ledger.event import Event
from headgate.monitor.standing import Action, standing
from tests.known import known


def event(kind: str, at_us: int, subject: str = "routing", **detail: object) -> Event:
    return Event(
        id=f"{kind}/{at_us}", at_us=at_us, kind=kind, subject=subject, detail=json.dumps(detail)
    )


def test_nothing_has_happened_yet():
    found = standing([])
    assert (found.alarms, found.action, found.restarts, found.told) == ({}, None, (), {})


def test_an_alarm_is_on_until_it_is_cleared():
    raised = event("alarm.raised", 10, "escalation", since_us=7, title="up", level="critical")
    found = standing([raised])
    assert found.alarms == {"escalation": 7}
    assert (found.titles["escalation"], found.levels["escalation"]) == ("up", "critical")
    found = standing([raised, event("alarm.cleared", 20, "escalation")])
    assert found.alarms == {}
    assert found.cleared == {"escalation": 20}
    found = standing(
        [raised, event("alarm.cleared", 20, "escalation"), event("alarm.raised", 30, "escalation")]
    )
    assert found.alarms == {"escalation": 30}
    assert found.cleared == {}


def test_a_clearance_of_what_was_never_raised_is_none():
    assert standing([event("alarm.cleared", 20, "escalation")]).cleared == {}


def test_the_last_action_is_in_force_until_it_is_released():
    hold = event("action.hold", 10, threshold=0.6, by="watch", alarm_us=5)
    pin = event("action.pin", 20, by="command")
    assert standing([hold]).action == Action(kind="hold", since_us=10, threshold=0.6, alarm_us=5)
    assert known(standing([hold, pin]).action).kind == "pin"
    found = standing([hold, pin, event("action.release", 30)])
    assert found.action is None
    assert found.restarts == (30,)
    assert found.acted_on == {5}


def test_a_release_of_nothing_restarts_nothing():
    assert standing([event("action.release", 30)]).restarts == ()


def test_the_last_alert_of_a_subject_is_what_was_told():
    found = standing(
        [
            event("alert.sent", 10, "month", news="raised", alarm_us=5),
            event("alert.failed", 20, "month", news="repeated", alarm_us=5),
        ]
    )
    assert (found.told["month"].at_us, found.told["month"].news) == (10, "raised")


@pytest.mark.parametrize("detail", ["", "[]", "null", "{", '{"threshold": "x", "alarm_us": "y"}'])
def test_particulars_that_cannot_be_read_do_no_harm(detail: str):
    odd = [
        Event(id=kind, at_us=1, kind=kind, subject="s", detail=detail)
        for kind in ("alarm.raised", "action.hold", "alert.sent", "action.release")
    ]
    found = standing(odd)
    assert found.action is None
    assert found.alarms == {"s": 1}
