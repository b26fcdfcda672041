"""parts: a request counts where it began, whole, and what was summed up is not summed up again."""

import pytest

from headgate.ledger import parts
from headgate.ledger.parts import Part, Parts, sums_of_hour, sums_of_part
from headgate.ledger.rollups import ATTEMPTS, CUBES, LATENCIES, REQUESTS, SPEND
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Window
from headgate.ledger.totals import HOUR_US
from tests.ledger.samples import NOON_US, entry

HOUR = NOON_US // HOUR_US


@pytest.fixture
def store(tmp_path):
    """Three requests: one goes on into noon's hour, one is within it, one goes on after it."""
    store = SqliteStore(tmp_path / "l.db")
    store.append(
        [
            entry(request_id="early", at_us=NOON_US - 5, served=False, error="timeout"),
            entry(request_id="early", attempt=1, at_us=NOON_US + 5, cost_nano=100),
            entry(request_id="within", at_us=NOON_US + 7, cost_nano=10),
            entry(request_id="late", at_us=NOON_US + HOUR_US - 1, cost_nano=1, served=False),
            entry(request_id="late", attempt=1, at_us=NOON_US + HOUR_US, cost_nano=2),
        ]
    )
    yield store
    store.close()


def cost(rows):
    return sum(row[len(ATTEMPTS.dimensions) + 4] for row in rows)


def test_a_request_counts_whole_in_the_part_where_it_began(store):
    with store._reading() as ask:
        noon = sums_of_part(ask, ATTEMPTS, Part(NOON_US, NOON_US + HOUR_US))
        assert cost(noon) == 10 + 1 + 2
        assert {row[0] for row in noon} == {HOUR}
        after = Part(NOON_US + HOUR_US, NOON_US + 2 * HOUR_US)
        assert sums_of_part(ask, ATTEMPTS, after) == []
        assert cost(sums_of_part(ask, ATTEMPTS, Part(NOON_US + 6, NOON_US + 8))) == 10


def test_one_that_began_before_and_goes_on_after_a_part_is_no_part_of_it(store):
    store.append([entry(request_id="early", attempt=2, at_us=NOON_US + 9, cost_nano=9)])
    with store._reading() as ask:
        assert cost(sums_of_part(ask, ATTEMPTS, Part(NOON_US, NOON_US + 8))) == 10


def test_spend_counts_attempts_by_when_they_were_sent(store):
    with store._reading() as ask:
        assert sums_of_part(ask, SPEND, Part(NOON_US, NOON_US + HOUR_US)) == [(HOUR, 3, 0, 111)]
        assert sums_of_part(ask, SPEND, Part(0, HOUR_US)) == []


def test_the_sums_of_an_hour_are_those_of_its_part_without_the_hour(store):
    part = Part(NOON_US, NOON_US + HOUR_US)
    with store._reading() as ask:
        sums = sums_of_hour(ask, CUBES, HOUR)
        assert set(sums) == set(CUBES)
        for cube, rows in sums.items():
            assert rows == [row[1:] for row in sums_of_part(ask, cube, part)]
            width = len(cube.dimensions) + len(cube.folds)
            assert {len(row) for row in rows} == {width}


def test_what_was_summed_up_is_not_asked_again_until_its_hour_changes():
    asked = []

    def ask(name, by=(), **parameters):
        asked.append(name)
        return [(None, None)] if name == "across" else [("x", len(asked))]

    found, part = Parts(), Part(NOON_US, NOON_US + 9)
    first = found(ask, REQUESTS, part, 4)
    assert found(ask, REQUESTS, part, 4) is first
    assert asked.count("requests") == 1
    assert found(ask, REQUESTS, part, 5) is not first
    assert found(ask, LATENCIES, part, 5) != first
    assert found(ask, REQUESTS, Part(NOON_US, NOON_US + 8), 5) != first
    assert (asked.count("requests"), asked.count("latencies")) == (3, 1)


def test_what_lies_across_the_ends_is_looked_for_once_for_all_sums_until_the_hour_changes(store):
    asked, found, part = [], Parts(), Part(NOON_US, NOON_US + HOUR_US)
    with store._reading() as real:

        def ask(name, by=(), **parameters):
            asked.append(name)
            return real(name, by, **parameters)

        for cube in CUBES:
            assert found(ask, cube, part, 4) == sums_of_part(real, cube, part)
        assert asked.count("across") == 1
        found(ask, ATTEMPTS, part, 5)
        assert asked.count("across") == 2


def test_only_so_many_sums_are_kept_at_hand_those_asked_for_last(monkeypatch):
    monkeypatch.setattr(parts, "MOST_REMEMBERED", 2)
    asked = []

    def ask(name, by=(), **parameters):
        asked.append(parameters["since"])
        return []

    found = Parts()
    for since in (1, 2, 1, 3, 1, 2):
        found(ask, SPEND, Part(since, 9), 0)
    assert asked == [1, 2, 3, 2]


def test_a_row_that_comes_is_in_the_next_answer(store):
    assert sum(total.cost_nano for total in store.tiers()) == 3_000_113
    store.append([entry(request_id="new", at_us=NOON_US + 11, cost_nano=1000)])
    assert sum(total.cost_nano for total in store.tiers()) == 3_001_113


def test_a_window_that_ends_after_the_last_row_is_answered_from_the_same_sums(store):
    kept = store._parts._kept
    store.tiers(Window(NOON_US, NOON_US + 2 * HOUR_US + 1))
    before = dict(kept)
    store.tiers(Window(NOON_US, NOON_US + 2 * HOUR_US + 77))
    assert dict(kept) == before
