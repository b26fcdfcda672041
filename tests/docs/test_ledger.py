"""docs/ledger.md: every kind of event that is written, with what it says, and none besides."""

from __future__ import annotations

import json
import re

import msgspec
import pytest

from headgate.access.limits import Limits
from headgate.bootstrap.lookout import action_event, release_event
from headgate.ledger.event import Event
from headgate.monitor.alerting import Alert
from headgate.monitor.courier import sent_event
from headgate.monitor.feedback import FEEDBACK, Signal
from headgate.monitor.quality import COMPARED, Comparison
from headgate.monitor.standing import Action
from headgate.web.event_words import WORDS
from tests.bootstrap.test_key_desk import Office
from tests.docs.pages import page

TEXT = page("ledger.md")
ROWS = re.findall(
    r"^\| (`[a-z.]+`(?:, `[a-z.]+`)*) \| (.*?) \| (.*) \|$",
    TEXT[TEXT.index("## Table `events`") : TEXT.index("## Stored prompts")],
    re.MULTILINE,
)
DETAILS = {
    kind: detail
    for kinds, _, detail in ROWS
    for kind in re.findall(r"`([a-z.]+)`", kinds)
    if kind in WORDS
}


def named(kind: str) -> set[str]:
    """The particulars that the page has of a kind; what stands in brackets is said of one."""
    return set(re.findall(r"`(\w+)`", re.sub(r"\(.*?\)", "", DETAILS[kind])))


def events() -> list[Event]:
    """Those whose particulars are always the same."""
    office = Office()
    key = office.desk.create("alice", team="search").key
    office.desk.change(key.id, Limits(pin=False))
    office.desk.rotate(key.id, grace=60.0)
    office.desk.team("search", Limits(pin=False))
    office.desk.revoke(key.id)
    pin = Action(kind="pin", since_us=2, alarm_us=1)
    hold = Action(kind="hold", since_us=2, alarm_us=1, threshold=0.9)
    alert = Alert(
        id="escalation/1/raised",
        subject="escalation",
        level="warning",
        news="raised",
        title="Too much",
        text="It is too much.",
        since_us=1,
        at_us=2,
    )
    return [
        *office.events,
        action_event(pin, "a breach"),
        action_event(hold, "a breach"),
        release_event(pin, 3, by="command", why="fine again"),
        sent_event(alert, {"log": None}, sent=True, at_us=3),
        sent_event(alert, {"mail": "refused"}, sent=False, at_us=3),
    ]


def test_every_kind_that_is_written_is_described_and_no_other():
    assert set(DETAILS) == set(WORDS)


@pytest.mark.parametrize("event", events(), ids=lambda event: event.kind)
def test_the_particulars_of_an_event_are_those_of_the_page(event: Event):
    assert set(json.loads(event.detail)) == named(event.kind)


@pytest.mark.parametrize(("kind", "fact"), [(COMPARED, Comparison), (FEEDBACK, Signal)])
def test_the_particulars_of_a_fact_about_a_request_are_those_of_the_page(kind: str, fact: type):
    assert {field.name for field in msgspec.structs.fields(fact)} - {
        "request_id",
        "at_us",
    } == named(kind)
