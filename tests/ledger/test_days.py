"""days: a day whose hours have not changed is read once; what is kept is never another's."""

import pytest

from headgate.ledger import days
from headgate.ledger.days import Days, whole
from headgate.ledger.memory import MemoryStore
from headgate.ledger.rollups import LATENCIES, SPEND, Split
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Window
from headgate.ledger.totals import DAY_US, HOUR_US
from tests.ledger.samples import NOON_US, entry


class Hourly:
    """Kept sums of one row an hour."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int, int]] = []

    def __call__(self, name, by=(), **parameters):
        assert name == "rolled_spend"
        first, end = parameters["first"], parameters["end"]
        self.asked.append((first, end, parameters["ceiling"]))
        return [(1, 0, hour) for hour in range(first, end)]


def hours(first, end, changes=1):
    return [(hour, changes, True) for hour in range(first, end)]


def total(rows):
    return sum(row[0] for row in rows), sum(row[2] for row in rows)


def test_a_day_is_whole_when_all_sums_of_its_hours_hold():
    assert whole([]) == {}
    assert whole([(24, 2, True), (30, 5, True), (48, 1, True)]) == {1: 7, 2: 1}
    assert whole([(24, 2, True), (30, 5, False), (48, 1, True), (71, 1, True)]) == {2: 2}


@pytest.mark.parametrize(
    ("by", "changes", "read"),
    [
        (("measure",), 24, "daily_latencies"),
        (("measure",), 23, "rolled_latencies"),
        (("measure", "hour"), 24, "rolled_latencies"),
    ],
)
def test_a_day_that_the_store_has_summed_up_is_read_from_there_while_it_holds(by, changes, read):
    asked = []

    def ask(name, by=(), **parameters):
        if name == "days":
            return [(2, changes)]
        asked.append((name, parameters.get("day")))
        return []

    Days()(ask, LATENCIES, by, Split(24, 96, 96, ()), hours(24, 96))
    within = [(name, day) for name, day in asked if name == read]
    assert len(within) == (1 if read == "daily_latencies" else 3)
    assert (read, 2 if read == "daily_latencies" else None) in within


def test_a_window_is_answered_whole_whatever_days_are_at_hand():
    ask, kept = Hourly(), Days()
    for first, end in ((5, 100), (5, 100), (24, 96), (30, 40), (0, 24), (48, 200), (7, 9)):
        rows = kept(ask, SPEND, (), Split(first, end, end, ()), hours(first, end))
        assert total(rows) == (end - first, sum(range(first, end)))


def test_days_at_hand_are_not_read_again():
    ask, kept = Hourly(), Days()
    parts = Split(5, 100, 100, ())
    kept(ask, SPEND, (), parts, hours(5, 100))
    days = [(day, day + 24, day + 24) for day in (24, 48, 72)]
    assert sorted(ask.asked) == [(5, 24, 24), *days, (96, 100, 100)]
    ask.asked.clear()
    kept(ask, SPEND, (), parts, hours(5, 100))
    assert ask.asked == [(5, 24, 24), (96, 100, 100)]


@pytest.mark.parametrize("state", [(50, 2, True), (50, 1, False)])
def test_a_day_is_read_again_when_an_hour_of_it_has_changed_or_holds_no_more(state):
    ask, kept = Hourly(), Days()
    parts = Split(24, 96, 96, ())
    kept(ask, SPEND, (), parts, hours(24, 96))
    ask.asked.clear()
    kept(ask, SPEND, (), parts, [*hours(24, 50), state, *hours(51, 96)])
    assert ask.asked == [(48, 72, 72)]


def test_a_day_between_two_that_changed_is_not_counted_twice():
    ask, kept = Hourly(), Days()
    parts = Split(0, 96, 96, ())
    kept(ask, SPEND, (), parts, hours(0, 96))
    found = [*hours(0, 24), *hours(24, 48, 2), *hours(48, 72), *hours(72, 96, 2)]
    assert total(kept(ask, SPEND, (), parts, found)) == (96, sum(range(96)))


def test_no_more_sums_are_kept_than_there_is_room_for(monkeypatch):
    monkeypatch.setattr(days, "MOST_ROWS", 50)
    ask, kept = Hourly(), Days()
    parts = Split(0, 96, 96, ())
    kept(ask, SPEND, (), parts, hours(0, 96))
    ask.asked.clear()
    for _ in range(2):
        kept(ask, SPEND, (), Split(48, 96, 96, ()), hours(48, 96))
    assert ask.asked == []
    kept(ask, SPEND, (), parts, hours(0, 96))
    assert ask.asked == [(0, 24, 24), (24, 48, 48)]


def test_answers_from_days_at_hand_stay_those_of_the_rows(tmp_path):
    """Rows come late, are pruned and summed up again, by this process and by another."""
    store, other = SqliteStore(tmp_path / "l.db"), SqliteStore(tmp_path / "l.db")
    twin = MemoryStore()
    start = NOON_US // DAY_US * DAY_US
    rows = [
        entry(request_id=f"r{hour}", at_us=start + hour * HOUR_US + 9, cost_nano=hour)
        for hour in range(96)
    ]
    store.append(rows)
    twin.append(rows)
    window = Window(start, start + 4 * DAY_US)

    def agree():
        assert store.tiers(window, ("key",)) == twin.tiers(window, ("key",))
        assert store.latencies(window) == twin.latencies(window)
        assert store.days(window) == twin.days(window)

    agree()
    store.roll(start + 5 * DAY_US)
    agree()
    for number, writer in enumerate((other, store)):
        late = [entry(request_id=f"late{number}", at_us=start + DAY_US + 5 * HOUR_US, cost_nano=7)]
        writer.append(late)
        twin.append(late)
        agree()
        other.roll(start + 5 * DAY_US)
        agree()
    assert sum(other.prune(start + 2 * DAY_US)) == 28  # up to the hour before the newest row
    agree()
    other.unroll()
    agree()
    store.close()
    other.close()


def test_sums_that_were_made_again_replace_those_at_hand(tmp_path):
    store, other = SqliteStore(tmp_path / "l.db"), SqliteStore(tmp_path / "l.db")
    start = NOON_US // DAY_US * DAY_US
    window = Window(start, start + DAY_US)
    store.append([entry(at_us=start + HOUR_US)])
    store.roll(start + 2 * DAY_US)
    other._db.execute("UPDATE hourly_spend SET cost_nano = cost_nano + 1")
    (wrong,) = store.days(window)
    other.unroll()
    other.roll(start + 2 * DAY_US)
    (right,) = store.days(window)
    assert (wrong.cost_nano, right.cost_nano) == (3_000_001, 3_000_000)
    store.close()
    other.close()
