"""Facts become events and are facts again; what cannot be read is left out, not guessed."""

from __future__ import annotations

import msgspec

from headgate.monitor.facts import fact_event, facts_of


class Weighed(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    request_id: str
    at_us: int
    weight: float
    note: str = ""


ONE = Weighed(request_id="req_1", at_us=7, weight=0.5)


def test_a_fact_is_the_same_after_its_event():
    event = fact_event(ONE, "weighed", name="req_1/scales")
    assert (event.id, event.kind, event.subject, event.at_us) == (
        "weighed/req_1/scales",
        "weighed",
        "req_1",
        7,
    )
    assert event.detail == '{"weight":0.5}'
    assert facts_of([event], "weighed", Weighed) == [ONE]


def test_other_kinds_and_what_cannot_be_read_are_left_out():
    good = fact_event(ONE, "weighed", name="a")
    wrong = [
        msgspec.structs.replace(good, kind="measured"),
        msgspec.structs.replace(good, detail="no JSON"),
        msgspec.structs.replace(good, detail="[]"),
        msgspec.structs.replace(good, detail='{"weight":"heavy"}'),
        msgspec.structs.replace(good, detail="{}"),
    ]
    assert facts_of([*wrong, good], "weighed", Weighed) == [ONE]


def test_what_a_newer_version_adds_does_not_hide_the_rest():
    good = fact_event(ONE, "weighed", name="a")
    newer = msgspec.structs.replace(good, detail='{"weight":0.5,"colour":"red"}')
    assert facts_of([newer], "weighed", Weighed) == [ONE]
