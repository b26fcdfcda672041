"""refused: what a key was refused, as events, and added up again."""

from headgate.ledger.event import Event
from headgate.ledger.refused import REFUSED, refusal_event, refused_by_key


def test_an_event_holds_the_number_of_each_reason():
    event = refusal_event("h", "k1", {"rate_limit_exceeded": 3, "budget_exhausted": 2}, 5)
    assert (event.kind, event.subject, event.at_us) == (REFUSED, "k1", 5)
    assert event.detail == '{"budget_exhausted":2,"rate_limit_exceeded":3}'


def test_two_processes_and_two_minutes_are_different_events():
    events = [refusal_event(h, "k1", {"x": 1}, at) for h in ("a", "b") for at in (1, 2)]
    assert len({event.id for event in events}) == 4


def test_events_are_added_up_by_key_and_others_count_nothing():
    events = [
        refusal_event("a", "k1", {"x": 1, "y": 4}, 1),
        refusal_event("b", "k1", {"x": 7}, 2),
        refusal_event("b", "k2", {"x": 1}, 2),
        Event(id="e", at_us=3, kind="key.revoked", subject="k3"),
    ]
    assert refused_by_key(events) == {"k1": 12, "k2": 1}
