"""Feedback is checked, joined to its request, kept once, and never of somebody else's request."""

from __future__ import annotations

import asyncio
import json

import pytest

from headgate.errors import RequestError
from headgate.gateway.feedback import Feedback, read_feedback
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.monitor.feedback import signals
from tests.ledger.samples import NOON_US, entry

ID = f"req_{NOON_US // 1000:012x}{7:020x}"


class Clock:
    def __init__(self, at: float = NOON_US / 1e6 + 3600) -> None:
        self.at = at

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at


class Ledger:
    """A ledger that takes a moment to hold a row."""

    def __init__(self, *rows: Entry, late: int = 0) -> None:
        self.rows = rows
        self.late = late
        self.looks = 0
        self.events: dict[str, Event] = {}

    def attempts(self, request_id: str) -> list[Entry]:
        self.looks += 1
        if self.looks <= self.late:
            return []
        return [row for row in self.rows if row.request_id == request_id]

    def note(self, event: Event) -> bool:
        new = event.id not in self.events
        self.events.setdefault(event.id, event)
        return new


def told(ledger: Ledger, key: str | None = None, clock: Clock | None = None, **fields):
    feedback = Feedback(ledger.attempts, ledger.note, clock or Clock())
    body = json.dumps({"request_id": ID, **fields}).encode()
    return json.loads(asyncio.run(feedback.take(body, key)))


@pytest.mark.parametrize(
    ("fields", "rating"),
    [
        ({"rating": 0.25}, 0.25),
        ({"rating": 1}, 1.0),
        ({"thumb": "up"}, 1.0),
        ({"thumb": "down"}, 0),
    ],
)
def test_a_rating_or_a_thumb(fields, rating):
    body = json.dumps({"request_id": ID, **fields}).encode()
    assert read_feedback(body) == (ID, rating, "user")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "cannot be read"),
        (b"[]", "cannot be read"),
        (b'\xff{"a":1}', "cannot be read"),
        (b'{"rating": 1}', "request_id"),
        (b'{"request_id": "r1", "rating": 1}', "no id of a request"),
        (f'{{"request_id": "{ID}"}}'.encode(), "either"),
        (f'{{"request_id": "{ID}", "rating": 1, "thumb": "up"}}'.encode(), "either"),
        (f'{{"request_id": "{ID}", "rating": 1.5}}'.encode(), "cannot be read"),
        (f'{{"request_id": "{ID}", "thumb": "sideways"}}'.encode(), "neither"),
        (f'{{"request_id": "{ID}", "rating": 1, "source": "a b"}}'.encode(), "short word"),
        (f'{{"request_id": "{ID}", "rating": 1, "comment": "x"}}'.encode(), "comment is not kept"),
    ],
)
def test_what_is_wrong_is_said(body, said):
    with pytest.raises(RequestError, match=said) as caught:
        read_feedback(body)
    assert caught.value.status == 400
    assert "x-headgate-request-id" in str(caught.value)


def test_it_is_joined_to_the_answer_that_was_served():
    ledger = Ledger(
        entry(request_id=ID, attempt=0, served=False, tier="cheap"),
        entry(request_id=ID, attempt=1, served=True, tier="premium", premium=True, policy="auto"),
    )
    assert told(ledger, rating=0.9) == {"object": "feedback", "request_id": ID, "new": True}
    (signal,) = signals(ledger.events.values())
    assert (signal.rating, signal.tier, signal.premium) == (0.9, "premium", True)
    assert (signal.policy, signal.model) == ("auto", "anthropic/claude-haiku-4-5")


def test_said_twice_it_is_kept_once():
    ledger = Ledger(entry(request_id=ID))
    assert told(ledger, thumb="up")["new"] is True
    assert told(ledger, thumb="down")["new"] is False
    assert told(ledger, thumb="down", source="reviewer")["new"] is True
    assert [signal.rating for signal in signals(ledger.events.values())] == [1.0, 0.0]


@pytest.mark.parametrize("rows", [[], [entry(request_id=ID, served=False)]])
def test_of_no_answer_there_is_none(rows):
    with pytest.raises(RequestError) as caught:
        told(Ledger(*rows), rating=1)
    assert (caught.value.status, caught.value.code) == (404, "unknown_request")


def test_nobody_rates_the_request_of_another_key():
    ledger = Ledger(entry(request_id=ID, key="key_1"))
    with pytest.raises(RequestError) as caught:
        told(ledger, key="key_2", rating=1)
    assert caught.value.status == 404
    assert told(ledger, key="key_1", rating=1)["new"]


def test_a_row_that_is_still_on_its_way_is_waited_for():
    young = Clock(NOON_US / 1e6 + 1)
    assert told(Ledger(entry(request_id=ID), late=2), clock=young, rating=1)["new"]


def test_an_old_request_is_looked_for_once():
    ledger = Ledger()
    with pytest.raises(RequestError):
        told(ledger, rating=1)
    assert ledger.looks == 1
