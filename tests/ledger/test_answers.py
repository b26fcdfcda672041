"""answers: which hours an append touches; the rest is the stores' contract (test_store)."""

import pytest

from headgate.ledger.answers import SETTLE_US, touched
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import REACH_US
from headgate.ledger.totals import DAY_US, HOUR_US
from tests.ledger.samples import NOON_US, answers, entry

NOON = NOON_US // HOUR_US


@pytest.fixture
def store(tmp_path):
    store = SqliteStore(tmp_path / "l.db")
    yield store
    store.close()


def hours_touched(store, *entries):
    with store._reading() as ask:
        return [hour - NOON for (hour,) in touched(ask, entries)]


def test_an_attempt_touches_the_hour_that_it_was_sent_in(store):
    later = entry(request_id="r1", at_us=NOON_US + HOUR_US)
    assert hours_touched(store, entry()) == [0]
    assert hours_touched(store, later, entry(), entry(attempt=1)) == [0, 1]
    assert hours_touched(store) == []


def test_an_attempt_touches_the_hours_of_those_that_its_request_has_already(store):
    """Its request began in one of them, or does so now by this attempt."""
    store.append([entry(at_us=NOON_US - 1), entry(request_id="r1", at_us=NOON_US - 1)])
    assert hours_touched(store, entry(attempt=1, at_us=NOON_US + 1)) == [-1, 0]
    assert hours_touched(store, entry(attempt=1, at_us=NOON_US - 2)) == [-1]
    assert hours_touched(store, entry(request_id="r2", at_us=NOON_US + 1)) == [0]


def test_a_row_leaves_the_sums_of_the_hour_before_as_they_are(store):
    store.append([entry(at_us=NOON_US - 1)])
    assert store.roll(NOON_US + SETTLE_US) == 1
    store.append([entry(request_id="r1", at_us=NOON_US)])
    assert store.roll(NOON_US + SETTLE_US) == 0
    store.append([entry(attempt=1, at_us=NOON_US)])
    assert store.roll(NOON_US + HOUR_US - 1) == 0
    assert store.roll(NOON_US + HOUR_US) == 1
    assert store.check_sums() == []


def test_an_hour_is_summed_up_when_it_has_settled_and_again_only_once_no_row_can_come(store):
    store.append(answers(3))
    end = (NOON + 1) * HOUR_US
    assert store.roll(end + SETTLE_US - 1) == 0
    assert store.roll(end + SETTLE_US) == 1
    store.append([entry(request_id="late")])
    assert store.roll(end + REACH_US - 1) == 0
    assert [total.attempts for total in store.tiers()] == [4]
    assert store.roll(end + REACH_US) == 1
    assert store.check_sums() == []


def test_a_day_is_summed_up_once_all_its_hours_are(store):
    midnight = NOON_US // DAY_US * DAY_US + DAY_US
    store.append([entry(), entry(request_id="r1", at_us=midnight - 1)])
    assert store.roll(midnight + SETTLE_US - 1) == 1
    assert store.roll(midnight + SETTLE_US) == 2
    assert store.roll(midnight + SETTLE_US) == 0
    store.append([entry(request_id="late")])
    assert [total.attempts for total in store.tiers()] == [3]
    assert store.roll(midnight + SETTLE_US, most=1) == 1
    assert store.roll(midnight + SETTLE_US, most=1) == 1
    assert store.roll(midnight + SETTLE_US, most=1) == 0
    assert [total.attempts for total in store.tiers()] == [3]


def test_a_day_to_which_a_row_comes_meanwhile_is_left_for_the_next_round(store):
    midnight = NOON_US // DAY_US * DAY_US + DAY_US
    store.append([entry()])
    store.roll(midnight - HOUR_US)
    store.append([entry(request_id="late")])
    assert store._roll_day(NOON_US // DAY_US) is False


def test_an_append_that_brings_nothing_new_leaves_the_sums_as_they_are(store):
    store.append(answers(3))
    store.roll(NOON_US + 3 * HOUR_US)
    store.append(answers(3))
    assert store.roll(NOON_US + 3 * HOUR_US) == 0
    store.append([entry(request_id="new")])
    assert store.roll(NOON_US + 3 * HOUR_US) == 1


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
    assert store.roll(NOON_US + 3 * HOUR_US) == 0
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
