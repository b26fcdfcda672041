"""answers: which hours an append touches; the rest is the stores' contract (test_store)."""

import pytest

from headgate.ledger.answers import touched
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.totals import HOUR_US
from tests.ledger.samples import NOON_US, answers, entry

NOON = NOON_US // HOUR_US


def test_an_attempt_touches_its_hour_and_the_two_beside_it():
    assert touched([entry()]) == [(NOON - 1,), (NOON,), (NOON + 1,)]


def test_hours_that_several_attempts_touch_are_named_once_in_order():
    later = entry(request_id="r1", at_us=NOON_US + HOUR_US)
    assert touched([later, entry()]) == [(hour,) for hour in range(NOON - 1, NOON + 3)]
    assert touched([]) == []


def test_an_append_that_brings_nothing_new_leaves_the_sums_as_they_are(tmp_path):
    store = SqliteStore(tmp_path / "l.db")
    store.append(answers(3))
    store.roll(NOON_US + 3 * HOUR_US)
    store.append(answers(3))
    assert store.roll(NOON_US + 3 * HOUR_US) == 0
    store.append([entry(request_id="new")])
    assert store.roll(NOON_US + 3 * HOUR_US) == 3
    store.close()


def test_sums_made_while_a_row_comes_are_not_kept(tmp_path, monkeypatch):
    """A row between reading and keeping: the hour stays to be summed up."""
    store, other = SqliteStore(tmp_path / "l.db"), SqliteStore(tmp_path / "l.db")
    store.append(answers(3))
    changing = store._changing

    def late():
        monkeypatch.undo()
        other.append([entry(request_id="late")])
        return changing()

    monkeypatch.setattr(store, "_changing", late)
    assert store.roll(NOON_US + 3 * HOUR_US) == 2
    assert [total.attempts for total in store.tiers()] == [4]
    assert store.roll(NOON_US + 3 * HOUR_US) == 1
    assert store.check_sums() == []
    other.close()
    store.close()


def test_only_dimensions_that_are_kept_can_be_asked(tmp_path):
    store = SqliteStore(tmp_path / "l.db")
    with pytest.raises(ValueError, match="no sums of requests by provider"):
        store.requests(by=("provider",))  # type: ignore[arg-type] # that is the point
    store.close()
