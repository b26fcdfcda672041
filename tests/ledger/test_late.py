"""late: what does not answer when it is to be opened is opened by the first call that can."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.ledger import late
from headgate.ledger.late import opened_or_late
from headgate.ledger.memory import MemoryStore
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store, StoreError
from headgate.ledger.writer import Ledger
from tests.ledger.moods import Watch
from tests.ledger.samples import answers


class Door:
    """Opens a store, unless it is shut."""

    def __init__(self, *, shut: bool = True) -> None:
        self.shut = shut
        self.tries = 0
        self.store = MemoryStore()

    def __call__(self) -> Store:
        self.tries += 1
        if self.shut:
            raise StoreError(f"Try {self.tries} failed.")
        return self.store


@pytest.fixture
def hasty(monkeypatch):
    monkeypatch.setattr(late, "RETRY_SECONDS", 0.0)


@pytest.fixture
def patient(monkeypatch):
    monkeypatch.setattr(late, "RETRY_SECONDS", 1000.0)


def test_what_answers_is_opened_at_once():
    door = Door(shut=False)
    assert opened_or_late(door) is door.store


def test_what_can_never_be_opened_is_an_error_at_once():
    def refuse() -> Store:
        raise ConfigError("That is no ledger.")

    with pytest.raises(ConfigError, match="no ledger"):
        opened_or_late(refuse)


@pytest.mark.usefixtures("hasty")
def test_every_call_tries_again_until_it_answers_and_then_goes_there():
    door = Door()
    store = opened_or_late(door)
    for number in (2, 3):
        with pytest.raises(StoreError, match=f"Try {number} failed"):
            store.append(answers(2))
    door.shut = False
    assert store.append(answers(2)) == 2
    assert list(store.entries()) == answers(2)
    assert door.tries == 4


@pytest.mark.usefixtures("hasty")
def test_what_turns_out_to_be_no_ledger_later_is_told_like_one_that_does_not_answer():
    store = opened_or_late(Door())

    def refuse() -> Store:
        raise ConfigError("That is no ledger.", fix="Name one.")

    store._open = refuse  # type: ignore[attr-defined] # the stand-in's own
    with pytest.raises(StoreError, match=r"That is no ledger\. Name one"):
        store.tiers()


@pytest.mark.usefixtures("patient")
def test_an_error_told_again_and_again_does_not_grow():
    store = opened_or_late(Door())
    depths = set()
    for _ in range(5):
        with pytest.raises(StoreError) as caught:
            store.tiers()
        depths.add(len(caught.traceback))
    assert len(depths) == 1


@pytest.mark.usefixtures("patient")
def test_a_moment_after_a_try_the_answer_is_the_same_without_another():
    door = Door()
    store = opened_or_late(door)
    for _ in range(5):
        with pytest.raises(StoreError, match="Try 1 failed"):
            store.tiers()
    assert door.tries == 1


@pytest.mark.usefixtures("hasty")
def test_nobody_waits_for_anothers_try():
    began, go_on = threading.Event(), threading.Event()
    door = Door()
    store = opened_or_late(door)

    def slow() -> Store:
        began.set()
        go_on.wait(60)
        return door.store

    store._open = slow  # type: ignore[attr-defined] # the stand-in's own
    trying = threading.Thread(target=store.tiers)
    trying.start()
    began.wait(60)
    with pytest.raises(StoreError, match="Try 1 failed"):
        store.tiers()
    go_on.set()
    trying.join(60)
    assert store.tiers() == []


@pytest.mark.usefixtures("hasty")
def test_it_is_closed_whether_it_was_opened_or_not_and_then_tries_no_more():
    door = Door()
    store = opened_or_late(door)
    store.close()
    store.close()
    door.shut = False
    with pytest.raises(StoreError):
        store.tiers()
    assert door.tries == 1


@pytest.mark.usefixtures("hasty")
def test_one_behind_another_is_not_tried_while_that_one_does_not_answer():
    first, second = Door(), Door(shut=False)
    ahead = opened_or_late(first)
    store = opened_or_late(second, behind=ahead)
    for _ in range(2):
        with pytest.raises(StoreError, match="Try 1 failed"):
            store.tiers()
    assert second.tries == 0
    first.shut = False
    ahead.tiers()
    assert store.tiers() == []
    assert second.tries == 1
    assert opened_or_late(second, behind=ahead) is second.store
    assert opened_or_late(second, behind=MemoryStore()) is second.store


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """As a program that holds the whole file for itself."""
    with closing(sqlite3.connect(path, isolation_level=None)) as holder:
        holder.execute("PRAGMA locking_mode = EXCLUSIVE")
        holder.execute("BEGIN IMMEDIATE")
        yield


@pytest.mark.usefixtures("hasty")
def test_a_gateway_that_starts_while_its_file_is_locked_journals_and_stores_later(
    monkeypatch, tmp_path
):
    path = tmp_path / "l.db"
    monkeypatch.setattr(
        "headgate.ledger.writer.open_store", lambda *_, **__: SqliteStore(path, busy_seconds=0.05)
    )
    SqliteStore(path).close()
    with locked(path):
        ledger = Ledger.open(f"sqlite:///{path}", clock=Watch())
        for row in answers(3):
            ledger.record(row)
        assert not ledger.flush()
        assert (ledger.safe, ledger.counts.pending, ledger.counts.lost) == (True, 3, 0)
    assert ledger.flush()
    assert list(ledger.store.entries()) == answers(3)
    ledger.close()
