"""follower: a serving process counts, and what the ledger says is in force in it within seconds."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.bootstrap.follower import FOLLOW_SECONDS, Follower, controls_of
from headgate.bootstrap.lookout import action_event, release_event
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store, StoreError
from headgate.monitor.standing import Action
from headgate.routing.controls import STEADY, Controls

PIN = Action(kind="pin", since_us=10)


class Clock:
    def __init__(self) -> None:
        self.now = 1_000.0
        self.set_back = 0.0

    def time(self) -> float:
        return self.now - self.set_back

    def monotonic(self) -> float:
        return self.now


class House:
    """A process that serves, and somebody who writes actions into its ledger."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.store = SqliteStore(folder / "l.db")
        self.steered: list[Controls] = []
        self.counted = 0
        self.away = False
        self.folder = folder
        self.follower = Follower(
            open_store=self.opened, steer=self.steered.append, clock=self.clock, count=self.count
        )

    def opened(self) -> Store:
        if self.away:
            raise StoreError("The ledger does not answer.")
        return SqliteStore(self.folder / "l.db")

    def count(self) -> None:
        self.counted += 1

    def tick(self, seconds: float) -> None:
        self.clock.now += seconds
        self.follower.tick()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path)
    yield made
    made.follower.close()
    made.store.close()


def test_what_stands_is_in_force_before_the_first_request(house: House):
    house.store.note([action_event(PIN, "a breach")])
    house.follower.start()
    assert house.steered == [Controls(pinned=True)]


def test_it_counts_at_every_turn_and_asks_the_ledger_every_two_seconds(house: House):
    house.tick(0.0)
    house.store.note([action_event(PIN, "a breach")])
    house.tick(FOLLOW_SECONDS / 2)
    assert house.steered == [STEADY]
    house.tick(FOLLOW_SECONDS / 2)
    assert house.steered[-1] == Controls(pinned=True)
    house.store.note([release_event(PIN, 20, by="command", why="fine again")])
    house.tick(FOLLOW_SECONDS)
    assert house.steered[-1] == STEADY
    assert house.counted == 4


@pytest.mark.parametrize("seconds", [-600.0, 600.0])
def test_a_clock_that_is_set_makes_it_follow_no_later(house: House, seconds: float):
    house.tick(0.0)
    house.store.note([action_event(PIN, "a breach")])
    house.clock.set_back = seconds
    house.tick(FOLLOW_SECONDS)
    assert house.steered == [STEADY, Controls(pinned=True)]


def test_a_ledger_that_is_away_changes_nothing_and_is_told_once_a_minute(house: House, caplog):
    house.away = True
    for _ in range(10):
        house.tick(FOLLOW_SECONDS)
    assert house.steered == []
    assert house.counted == 10
    assert caplog.text.count("watch.failed") == 1
    house.away = False
    house.tick(FOLLOW_SECONDS)
    assert house.steered == [STEADY]


def test_what_cannot_be_counted_does_not_keep_it_from_following(house: House, caplog):
    def defect() -> None:
        raise RuntimeError("a slip")

    house.follower._count = defect
    house.tick(0.0)
    assert house.steered == [STEADY]
    assert "a slip" in caplog.text


def test_the_thread_goes_on_by_itself_and_ends(house: House):
    house.follower.start()
    deadline = time.monotonic() + 60
    while house.counted < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    house.follower.close()
    counted = house.counted
    time.sleep(1.2)
    assert house.counted == counted


@pytest.mark.parametrize(
    ("action", "controls"),
    [
        (None, STEADY),
        (Action(kind="pin", since_us=1), Controls(pinned=True)),
        (Action(kind="hold", since_us=1, threshold=0.7), Controls(threshold=0.7)),
    ],
)
def test_an_action_stands_for_its_controls(action: Action | None, controls: Controls):
    assert controls_of(action) == controls
