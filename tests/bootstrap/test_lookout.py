"""lookout: alarms, actions and alerts from a ledger, in simulated time; one looks, all follow."""

from __future__ import annotations

import json
import math
import random
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.follower import FOLLOW_SECONDS
from headgate.bootstrap.lookout import Lookout, action_event, lookout_of, release_event
from headgate.ledger.election import Alone, Election, FileElection
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store, StoreError
from headgate.monitor.alerting import Alert
from headgate.monitor.courier import Courier
from headgate.monitor.metrics import Metrics
from headgate.monitor.standing import Action
from headgate.routing.artifact import dump, fingerprint
from headgate.routing.controls import STEADY, Controls, Helm
from headgate.routing.policy import PINNED_BY_WATCH
from headgate.routing.reference import Reference
from headgate.settings import read
from tests.ledger.samples import NOON_US, entry
from tests.monitor.test_metrics import total
from tests.routing.routers import CERTIFICATE, small_artifact

TOML = """
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
[classifier]
kind = "rules"
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "prove"
[escalation]
rate = 0.12
budget = 0.15
"""
HOUR = 3600.0
DAY = 24 * HOUR


class Clock:
    def __init__(self) -> None:
        self.now = NOON_US / 1e6
        self.set_back = 0.0

    def time(self) -> float:
        return self.now - self.set_back

    def monotonic(self) -> float:
        return self.now


class Pigeon:
    name = "webhook"
    where = "nowhere"

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def send(self, alert: Alert, at: float) -> None:
        self.alerts.append(alert)


class Post:
    """A ledger in a file, gateways that watch it, and whom they tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self.store = SqliteStore(folder / "l.db")
        self.pigeon = Pigeon()
        self.dice = random.Random(5)
        self.number = 0
        self.lookouts: list[Lookout] = []

    def lookout(self, *sets: str, toml: str = TOML, election: Election | None = None) -> Gate:
        file = self.folder / "headgate.toml"
        file.write_text(toml)
        settings = read(file, env={}, sets=sets, need_providers=False)
        gate = Gate(self.clock)
        gate.lookout = Lookout(
            settings,
            book_of(settings),
            open_store=lambda: SqliteStore(self.folder / "l.db"),
            election=election or Alone(),
            steer=gate.steer,
            show=gate.metrics.show_all,
            count=gate.metrics.fold,
            courier=lambda note: Courier([self.pigeon], note, self.clock),
            clock=self.clock,
        )
        self.lookouts.append(gate.lookout)
        return gate

    def traffic(self, requests: int, rate: float, seconds: float, **changes: Any) -> None:
        """So many requests over a stretch of time, which goes by."""
        rows: list[Entry] = []
        for place in range(requests):
            self.number += 1
            at = self.clock.now + seconds * place / requests
            premium = self.dice.random() < rate
            rows.append(
                entry(
                    request_id=f"r{self.number:07}",
                    at_us=int(at * 1e6),
                    tier="premium" if premium else "cheap",
                    premium=premium,
                    **{"reason": "rule:hard" if premium else "default", **changes},
                )
            )
        self.store.append(rows)
        self.clock.now += seconds

    def kinds(self) -> list[str]:
        return [event.kind for event in self.store.events()]

    def told(self, count: int) -> list[tuple[str, str]]:
        """What people were told, once so many alerts have arrived and been noted."""
        deadline = time.monotonic() + 60
        while len([kind for kind in self.kinds() if kind.startswith("alert.")]) < count:
            assert time.monotonic() < deadline, self.kinds()
            time.sleep(0.01)
        return [(alert.subject, alert.news) for alert in self.pigeon.alerts]

    def close(self) -> None:
        for lookout in self.lookouts:
            lookout.close()
        self.store.close()


class Gate:
    """One gateway, as far as its watch knows it."""

    lookout: Lookout

    def __init__(self, clock: Clock) -> None:
        self.controls = STEADY
        self.metrics = Metrics(env={})
        self._clock = clock

    def steer(self, controls: Controls) -> None:
        self.controls = controls

    def pins(self) -> bool:
        return self.controls.pinned

    def look(self, seconds: float = 60.0) -> None:
        self._clock.now += seconds
        self.lookout.tick()


@pytest.fixture
def post(tmp_path: Path) -> Iterator[Post]:
    made = Post(tmp_path)
    yield made
    made.close()


def test_within_the_budget_nothing_is_raised_done_or_told(post: Post):
    gate = post.lookout("escalation.on_breach=pin")
    post.traffic(2000, 0.12, 5 * DAY)
    gate.look()
    assert post.kinds() == []
    assert gate.controls == STEADY
    assert total(gate.metrics, "headgate_escalation_alarm", scope="all") == 0
    assert total(gate.metrics, "headgate_watch_looked_timestamp_seconds") == post.clock.now


def test_a_breach_is_raised_once_and_told_once(post: Post):
    gate = post.lookout()
    post.traffic(1000, 0.4, 5 * DAY)
    for _ in range(5):
        gate.look()
        post.told(1)
    assert post.kinds() == ["alarm.raised", "alert.sent"]
    assert post.told(1) == [("escalation", "raised")]
    (raised, _) = post.store.events()
    detail = json.loads(raised.detail)
    assert detail["answer"] == "alert"
    assert detail["since_us"] < raised.at_us
    assert gate.controls == STEADY
    assert total(gate.metrics, "headgate_escalation_alarm", scope="all") == 1


def test_a_clock_that_is_set_back_keeps_it_from_no_look(post: Post):
    """By minutes, as when a machine finds its time again; days of traffic are not undone by it."""
    gate = post.lookout()
    gate.look()
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    post.told(1)
    post.clock.set_back = 600.0
    gate.look()
    looked = total(gate.metrics, "headgate_watch_looked_timestamp_seconds")
    assert looked == post.clock.now - 600.0
    assert total(gate.metrics, "headgate_escalation_alarm", scope="all") == 1
    assert post.kinds() == ["alarm.raised", "alert.sent"]


def test_models_without_a_price_are_watched_all_the_same(post: Post):
    gate = post.lookout(toml=TOML.replace("claude-sonnet-4-6", "no-such-model"))
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    assert post.kinds()[:1] == ["alarm.raised"]
    assert math.isnan(total(gate.metrics, "headgate_month_usd", figure="planned"))


def test_a_breach_goes_on_and_is_told_again_the_next_day(post: Post):
    gate = post.lookout()
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    post.told(1)
    gate.look(25 * HOUR)
    assert post.told(2)[1] == ("escalation", "repeated")


def test_a_pin_holds_until_it_is_released_and_is_told(post: Post):
    gate = post.lookout("escalation.on_breach=pin")
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    assert gate.controls == Controls(pinned=True)
    assert post.kinds()[:2] == ["action.pin", "alarm.raised"]
    assert total(gate.metrics, "headgate_controls_active", action="pin") == 1
    post.traffic(500, 1.0, DAY, reason=PINNED_BY_WATCH)
    gate.look()
    assert gate.controls == Controls(pinned=True)
    action = Action(kind="pin", since_us=post.store.events(kinds=["action.pin"])[0].at_us)
    now_us = int(post.clock.now * 1e6)
    post.store.note([release_event(action, now_us, by="command", why="enough")])
    gate.look(FOLLOW_SECONDS)
    assert gate.controls == STEADY
    gate.look()
    assert "alarm.cleared" in post.kinds()
    assert [news for _, news in post.told(3)] == ["raised", "repeated", "cleared"]
    post.traffic(300, 0.1, DAY)
    gate.look()
    assert gate.controls == STEADY


def test_after_a_release_a_new_alarm_pins_again(post: Post):
    gate = post.lookout("escalation.on_breach=pin", "escalation.release_after=1h")
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    assert gate.pins()
    gate.look(HOUR)
    assert not gate.pins()
    gate.look()
    assert not gate.pins()
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    assert gate.pins()
    assert post.kinds().count("action.pin") == 2


def learned(post: Post, own: float) -> str:
    """Settings that decide by a learned router, certified up to a threshold of 0.8."""
    certificate = CERTIFICATE.__class__(
        **{
            **{field: getattr(CERTIFICATE, field) for field in CERTIFICATE.__struct_fields__},
            "threshold": 0.8,
            "reference": Reference.of([n / 1000 for n in range(1000)]),
        }
    )
    (post.folder / "r.headgate").write_bytes(dump(small_artifact(certificate)))
    head, tail = TOML.split("[classifier]")[0], TOML.split('matches = "prove"')[1]
    chosen = f'[classifier]\nkind = "learned"\nrouter = "r.headgate"\nthreshold = {own}\n'
    return head + chosen + tail


def test_a_hold_moves_the_threshold_so_that_the_rate_keeps_to_the_budget(post: Post):
    gate = post.lookout(
        "escalation.on_breach=hold",
        "escalation.budget=0.3",
        "escalation.release=all-clear",
        toml=learned(post, 0.4),
    )
    rows = [
        entry(
            request_id=f"s{number}",
            at_us=int((post.clock.now + number * 60) * 1e6),
            tier="premium" if number % 100 >= 40 else "cheap",
            premium=number % 100 >= 40,
            reason="router",
            router="abc",
            score=(number % 100 + 0.5) / 100,
        )
        for number in range(1000)
    ]
    post.store.append(rows)
    post.clock.now += 60_000
    gate.look()
    assert gate.controls == Controls(threshold=0.7)
    (event,) = post.store.events(kinds=["action.hold"])
    assert "kept to the budget" in event.detail
    post.traffic(2000, 0.15, 5 * DAY, reason="held")
    gate.look()
    assert gate.controls == STEADY
    assert post.kinds().count("action.release") == 1
    assert "alarm.cleared" in post.kinds()


def test_a_hold_without_room_says_why(post: Post):
    gate = post.lookout("escalation.on_breach=hold", toml=learned(post, 0.8))
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    assert gate.controls == STEADY
    (raised,) = post.store.events(kinds=["alarm.raised"])
    assert "no hold: the threshold 0.8 is already the highest" in raised.detail


def test_a_stale_certificate_is_an_alarm(post: Post):
    gate = post.lookout("escalation.budget=0.9", toml=learned(post, 0.4))
    version = fingerprint((post.folder / "r.headgate").read_bytes())
    for hour in range(60):
        post.store.append(
            [
                entry(
                    request_id=f"h{hour}-{number}",
                    at_us=int((post.clock.now + number) * 1e6),
                    router=version,
                    score=post.dice.random() ** 0.2,
                )
                for number in range(20)
            ]
        )
        post.clock.now += HOUR
    gate.look()
    (raised,) = post.store.events(kinds=["alarm.raised"])
    assert raised.subject == f"certificate/{version}"
    assert total(gate.metrics, "headgate_certificate_stale") == 1


def test_a_router_that_a_reload_brings_is_watched_and_budgets_stay(post: Post):
    gate = post.lookout("escalation.budget=0.9")
    gate.look()
    assert watched(gate) == []
    file = post.folder / "headgate.toml"
    file.write_text(learned(post, 0.4))
    changed = read(file, env={}, sets=("escalation.budget=0.1",), need_providers=False)
    gate.lookout.adopt(changed, book_of(changed))
    gate.look()
    assert watched(gate) == [fingerprint((post.folder / "r.headgate").read_bytes())]
    assert gate.lookout._settings.escalation.budget == 0.9


def watched(gate: Gate) -> list[str]:
    assert gate.lookout._watch is not None
    return [router.certified.version for router in gate.lookout._watch.routers]


def test_what_one_gateway_does_all_follow_within_seconds(post: Post):
    leader = post.lookout("escalation.on_breach=pin", election=FileElection(post.folder / "watch"))
    follower = post.lookout(
        "escalation.on_breach=pin", election=FileElection(post.folder / "watch")
    )
    post.traffic(1000, 0.4, 5 * DAY)
    leader.look()
    follower.look(FOLLOW_SECONDS)
    assert leader.controls == follower.controls == Controls(pinned=True)
    assert post.kinds().count("alarm.raised") == 1
    post.told(1)
    follower.look()
    assert len(post.pigeon.alerts) == 1


def test_another_one_looks_when_the_first_has_stopped(post: Post):
    first = post.lookout(election=FileElection(post.folder / "watch"))
    second = post.lookout(election=FileElection(post.folder / "watch"))
    first.look()
    second.look()
    post.traffic(1000, 0.4, 5 * DAY)
    first.lookout.close()
    second.look()
    assert post.kinds()[:1] == ["alarm.raised"]
    post.told(1)


def test_what_became_of_an_alert_is_noted_though_the_lookout_closes(post: Post):
    gate = post.lookout()
    post.traffic(1000, 0.4, 5 * DAY)
    sending, may_go = threading.Event(), threading.Event()

    def slow(alert: Alert, at: float) -> None:
        sending.set()
        may_go.wait(60)
        post.pigeon.alerts.append(alert)

    post.pigeon.send = slow  # type: ignore[method-assign]
    gate.look()
    assert sending.wait(60)
    threading.Timer(0.2, may_go.set).start()
    gate.lookout.close()
    assert "alert.sent" in post.kinds()


def test_an_action_holds_after_a_restart_from_the_first_request_on(post: Post):
    gate = post.lookout("escalation.on_breach=pin")
    post.traffic(1000, 0.4, 5 * DAY)
    gate.look()
    post.told(1)
    gate.lookout.close()
    after = post.lookout("escalation.on_breach=pin")
    after.lookout.start()
    assert after.controls == Controls(pinned=True)


def test_two_that_look_at_once_do_and_tell_the_same_once(post: Post):
    """As when an election goes wrong: ids made from what happened keep it single."""
    gates = [post.lookout("escalation.on_breach=pin") for _ in range(2)]
    post.traffic(1000, 0.4, 5 * DAY)
    for gate in gates:
        gate.look(0.0)
    post.told(1)
    assert post.kinds().count("action.pin") == 1
    assert post.kinds().count("alarm.raised") == 1
    assert len({alert.id for alert in post.pigeon.alerts}) == 1


class Away(SqliteStore):
    away = True

    def events(self, *args: Any, **more: Any) -> list[Event]:
        if self.away:
            raise StoreError("The ledger does not answer.")
        return super().events(*args, **more)


def test_a_ledger_that_is_away_ends_no_action_and_is_looked_at_again(post: Post, caplog):
    gate = post.lookout("escalation.on_breach=pin")
    store = Away(post.folder / "l.db")
    gate.lookout._open_store = lambda: store
    gate.controls = Controls(pinned=True)
    gate.look()
    gate.look()
    assert gate.controls == Controls(pinned=True)
    assert caplog.text.count("watch.failed") == 2  # once a minute; a minute went by
    store.away = False
    gate.look()
    assert gate.controls == STEADY


def test_a_defect_ends_neither_the_watch_nor_the_gateway(post: Post, caplog):
    def defect() -> Store:
        raise RuntimeError("a slip")

    gate = post.lookout()
    gate.lookout._open_store = defect
    gate.look()
    assert "a slip" in caplog.text


def test_entries_are_counted_by_the_thread(post: Post):
    gate = post.lookout()
    gate.metrics.take(entry())
    gate.look()
    assert len(gate.metrics._waiting) == 0


def test_the_thread_looks_by_itself_and_ends(post: Post):
    gate = post.lookout("escalation.on_breach=pin")
    post.traffic(1000, 0.4, 5 * DAY)
    gate.lookout.start()
    deadline = time.monotonic() + 60
    while not gate.pins():
        assert time.monotonic() < deadline
        post.clock.now += 20
        time.sleep(0.05)
    gate.lookout.close()


def test_the_same_action_has_the_same_id_in_every_process():
    one = action_event(Action(kind="pin", since_us=10, alarm_us=5), "x")
    two = action_event(Action(kind="pin", since_us=11, alarm_us=5), "x")
    other = action_event(Action(kind="pin", since_us=11, by="command"), "x")
    assert one.id == two.id != other.id
    kinds: Sequence[str] = [
        one.kind,
        release_event(Action(kind="pin", since_us=1), 2, by="a", why="b").kind,
    ]
    assert kinds == ["action.pin", "action.release"]


def test_in_a_process_that_serves_it_rests_and_elsewhere_it_does_not():
    settings = read(None, env={}, sets=("ledger.url=memory:",))
    rests = []
    for helm in (Helm(), None):
        made = lookout_of(
            settings,
            book_of(settings),
            {},
            clock=Clock(),
            show=lambda _: None,
            helm=helm,
            store=MemoryStore(),
        )
        rests.append(made._rest is not None)
        made.close()
    assert rests == [True, False]
