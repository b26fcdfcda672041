"""courier: delivers away from the watch, notes what became of it, and never twice at once."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Sequence

from headgate.ledger.event import Event
from headgate.ledger.store import StoreError
from headgate.monitor.alerting import Alert
from headgate.monitor.channels import NotDeliveredError
from headgate.monitor.courier import AGAIN_SECONDS, Courier
from tests.monitor.test_channels import ALERT


class Clock:
    now = 1_000.0

    def time(self) -> float:
        return self.now

    monotonic = time


class Pigeon:
    where = "somewhere"

    def __init__(self, name: str = "webhook", why: str | None = None) -> None:
        self.name = name
        self.why = why
        self.sent: list[str] = []
        self.hold = threading.Event()
        self.hold.set()

    def send(self, alert: Alert, at: float) -> None:
        self.hold.wait(60)
        self.sent.append(alert.id)
        if self.why:
            raise NotDeliveredError(self.why, again=False)


class Kept:
    def __init__(self) -> None:
        self.events: list[Event] = []
        self.noted = threading.Semaphore(0)
        self.broken = False

    def __call__(self, events: Sequence[Event]) -> None:
        try:
            if self.broken:
                raise StoreError("away")
            self.events += events
        finally:
            self.noted.release()

    def wait(self) -> None:
        assert self.noted.acquire(timeout=60)


def courier(kept: Kept, *channels: Pigeon, clock: Clock | None = None) -> Courier:
    return Courier(channels, kept, clock or Clock())


def taken_in_the_end(bird: Courier) -> None:
    """It lets go of an alert just after it has noted what became of it."""
    until = time.monotonic() + 60
    while not bird.take(ALERT):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_all_channels_are_tried_and_what_became_of_it_is_noted():
    kept, good, bad = Kept(), Pigeon("webhook"), Pigeon("mail", "no such user")
    bird = courier(kept, good, bad)
    assert bird.take(ALERT)
    kept.wait()
    bird.close()
    (event,) = kept.events
    assert (event.kind, event.subject) == ("alert.sent", "escalation")
    detail = json.loads(event.detail)
    assert detail["channels"] == {"webhook": "taken", "mail": "no such user"}
    assert detail["alarm_us"] == ALERT.since_us
    assert good.sent == bad.sent == [ALERT.id]


def test_the_log_alone_is_enough_only_where_there_is_nothing_else():
    for channels, kind in (
        ([Pigeon("log")], "alert.sent"),
        ([Pigeon("log"), Pigeon("mail", "no")], "alert.failed"),
    ):
        kept = Kept()
        bird = courier(kept, *channels)
        bird.take(ALERT)
        kept.wait()
        bird.close()
        assert kept.events[0].kind == kind


def test_an_alert_under_way_is_not_taken_again():
    kept, slow = Kept(), Pigeon()
    slow.hold.clear()
    bird = courier(kept, slow)
    assert bird.take(ALERT)
    assert not bird.take(ALERT)
    slow.hold.set()
    kept.wait()
    bird.close()
    assert slow.sent == [ALERT.id]


def test_an_alert_that_failed_is_taken_again_after_a_while():
    kept, bad, clock = Kept(), Pigeon("mail", "no"), Clock()
    bird = courier(kept, bad, clock=clock)
    bird.take(ALERT)
    kept.wait()
    assert not bird.take(ALERT)
    clock.now += AGAIN_SECONDS
    taken_in_the_end(bird)
    kept.wait()
    bird.close()
    assert len({event.id for event in kept.events}) == 2


def test_a_ledger_that_is_away_does_not_end_the_courier(caplog):
    kept, good, clock = Kept(), Pigeon(), Clock()
    kept.broken = True
    bird = courier(kept, good, clock=clock)
    bird.take(ALERT)
    kept.wait()
    kept.broken = False
    clock.now += AGAIN_SECONDS
    taken_in_the_end(bird)
    kept.wait()
    bird.close()
    assert len(kept.events) == 1


def test_closing_does_not_wait_for_the_pauses_between_tries():
    class Sulking(Pigeon):
        def send(self, alert: Alert, at: float) -> None:
            raise NotDeliveredError("later", again=True)

    kept = Kept()
    bird = courier(kept, Sulking())
    bird.take(ALERT)
    bird.close()
    assert kept.events[0].kind == "alert.failed"
