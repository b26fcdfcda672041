"""tender: what living processes write and dead ones left is stored, by one for all."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from headgate.ledger.journal import Journal
from headgate.ledger.records import frame
from headgate.ledger.segment import Segment
from headgate.ledger.taken import Taken, told
from headgate.ledger.tended import hold, is_tended, let_go
from headgate.ledger.tender import SWEEP_SECONDS, Tender
from tests.ledger.moods import Moody, Watch
from tests.ledger.samples import answers, entry, questions

ROWS = answers(12)


class House:
    """A journal with a living process, and who tends it."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = Journal(directory)
        self.store, self.clock, self.failures = Moody(), Watch(), 0
        self.dropped: list[int] = []
        self.tender = self.another()

    def another(self) -> Tender:
        return Tender(
            self.store,
            self.directory,
            clock=self.clock,
            failed=self.count,
            dropped=self.dropped.append,
        )

    def count(self) -> None:
        self.failures += 1

    def write(self, first: int, end: int) -> None:
        for row in ROWS[first:end]:
            self.journal.append(row)

    def names(self) -> list[str]:
        return [row.request_id for row in self.store.entries()]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path / "j")
    yield house
    house.tender.close()
    house.journal.close()


def named(first: int, end: int) -> list[str]:
    return [row.request_id for row in ROWS[first:end]]


def test_what_a_living_process_writes_is_stored_turn_by_turn_in_a_group_each(house):
    house.write(0, 5)
    assert house.tender.turn()
    house.write(5, 8)
    assert house.tender.turn()
    assert house.tender.turn()
    assert house.names() == named(0, 8)
    assert house.store.groups == [5, 3]


def test_its_process_learns_how_far_it_is_stored_and_drops_what_is_full(tmp_path):
    house = House(tmp_path / "j")
    house.journal.close()
    house.journal = Journal(house.directory, segment_bytes=1500)
    house.write(0, 7)
    first, *_, last = house.journal.segments()
    assert house.tender.turn()
    assert house.journal.waiting > 0
    assert house.journal.learn()[1:] == (7, 0)
    assert house.journal.waiting == 0
    assert house.journal.learn() == (0, 0, 0)
    house.journal.drop_taken()
    assert not first.path.exists()
    assert told(first.path) is None
    assert last.path.exists()
    assert house.tender.turn()
    house.journal.close()
    assert house.tender.turn()
    house.tender.close()
    assert list(house.directory.iterdir()) == []


def test_a_record_that_is_being_written_is_left_until_it_is_whole(house):
    (segment,) = house.journal.segments()
    house.write(0, 1)
    record = segment.path.read_bytes()
    with segment.path.open("ab") as file:
        file.write(record[:100])
        file.flush()
        assert house.tender.turn()
        assert house.tender.turn()
        assert told(segment.path) == Taken(len(record), 1, 0)
        file.write(record[100:])
    assert house.tender.turn()
    assert told(segment.path) == Taken(2 * len(record), 2, 0)
    assert not segment.path.with_suffix(".damaged").exists()


def test_damage_before_a_whole_record_is_set_aside_at_the_second_look(house, caplog):
    (segment,) = house.journal.segments()
    house.write(0, 2)
    with segment.path.open("ab") as file:
        file.write(b"damage")
    house.write(2, 3)
    assert house.tender.turn()
    assert house.names() == named(0, 2)
    assert house.tender.turn()
    assert house.names() == named(0, 3)
    assert segment.path.with_suffix(".damaged").read_bytes() == b"damage"
    found = told(segment.path)
    assert found is not None
    assert found[1:] == (3, 1)
    assert "ledger.rows_set_aside" in caplog.text


def test_a_row_the_store_can_never_hold_is_set_aside_and_its_process_learns_it(house):
    house.store.cannot_hold = {"r1"}
    house.write(0, 4)
    assert house.tender.turn()
    assert house.journal.learn()[1:] == (3, 1)
    assert house.names() == ["r0", "r2", "r3"]


def test_prompts_that_can_never_be_stored_are_counted_in_one_line(house, caplog):
    house.store.cannot_hold = {"r0", "r2"}
    for one in questions(4):
        house.journal.append_prompt(one)
    assert house.tender.turn()
    house.journal.append_prompt(questions(1)[0])
    assert house.tender.turn()
    assert [one.request_id for one in house.store.prompts()] == ["r1", "r3"]
    assert caplog.text.count("ledger.prompt_dropped: the store can never hold it") == 1
    assert "prompts dropped 2" in caplog.text
    assert house.tender._standing().endswith("prompts dropped 3")
    assert house.dropped == [2, 1]


def test_a_store_that_is_away_loses_nothing_and_is_told_of(house, caplog):
    house.write(0, 6)
    house.store.away = True
    assert not house.tender.turn()
    assert not house.tender.turn()
    assert house.failures == 2
    assert caplog.text.count("ledger.store_failed: The store is away.") == 1
    house.store.away = False
    assert house.tender.turn()
    assert house.names() == named(0, 6)


def test_a_defect_in_the_store_is_logged_with_its_traceback(house, caplog):
    house.write(0, 1)
    house.store.broken = True
    assert not house.tender.turn()
    assert "ZeroDivisionError" in caplog.text
    house.store.broken = False
    assert house.tender.turn()


def test_what_dead_processes_left_is_stored_soon_and_their_segments_go(house):
    assert house.tender.turn()
    dead = Journal(house.directory)
    for row in ROWS[:3]:
        dead.append(row)
    (segment,) = dead.segments()
    dead.close()
    with segment.path.open("ab") as file:
        file.write(frame(b"whole")[:-2])
    house.clock.now += SWEEP_SECONDS
    assert house.tender.turn()
    assert house.names() == named(0, 3)
    assert not segment.path.exists()
    assert segment.path.with_suffix(".damaged").read_bytes() == frame(b"whole")[:-2]


def test_a_successor_goes_on_where_its_predecessor_stood(house):
    house.write(0, 5)
    assert house.tender.turn()
    house.tender.close()
    house.tender = house.another()
    house.write(5, 7)
    assert house.tender.turn()
    assert house.store.groups == [5, 2]


def test_who_takes_a_dead_processs_segment_over_goes_on_there_too(house):
    house.write(0, 5)
    assert house.tender.turn()
    house.write(5, 7)
    house.journal.close()
    house.clock.now += SWEEP_SECONDS
    assert house.tender.turn()
    assert house.store.groups == [5, 2]
    assert list(house.directory.glob("*.segment")) == []


def test_while_another_process_tends_it_waits_for_its_end(house):
    held = hold(house.directory)
    assert held is not None
    house.write(0, 2)
    assert house.tender.turn()
    assert house.names() == []
    let_go(house.directory, held)
    assert house.tender.turn()
    assert house.names() == named(0, 2)
    assert is_tended(house.directory)
    house.tender.close()
    assert not is_tended(house.directory)


def test_its_thread_stores_by_itself_until_it_is_closed(house):
    house.tender.start()
    house.write(0, 3)
    for _ in range(6000):
        if house.names():
            break
        threading.Event().wait(0.01)
    assert house.names() == named(0, 3)
    house.tender.close()
    house.write(3, 4)
    assert house.names() == named(0, 3)


def test_when_the_gateway_was_killed_it_stores_the_rest_before_it_ends(house):
    house.tender.start()
    house.write(0, 3)
    house.journal.close()  # as the lock of a dead process is gone
    house.tender.finish()
    assert house.names() == named(0, 3)
    house.tender.close()
    assert list(house.directory.iterdir()) == []


def test_one_long_record_is_stored_though_groups_are_small(house):
    house.store.away = True
    long = entry(request_id="long", tags="x" * 40_000)
    house.journal.append(long)
    assert not house.tender.turn()
    house.store.away = False
    house.journal.append(ROWS[0])
    for _ in range(3):
        assert house.tender.turn()
    assert set(house.names()) == {"long", "r0"}


def test_a_segment_that_goes_while_it_is_read_leaves_nothing_behind(house):
    house.write(0, 2)
    assert house.tender.turn()
    (segment,) = house.journal.segments()
    followed = Segment.follow(segment.path)
    assert followed is not None
    followed.release()
    segment.take(segment.size)
    house.journal.close()
    followed.tell()  # a moment too late
    assert house.tender.turn()
    assert told(segment.path) is None
    assert Segment.follow(segment.path) is None


def test_a_segment_that_cannot_be_read_is_complained_of_and_holds_up_no_other(house, caplog):
    strange = house.directory / "0.segment"
    strange.symlink_to(strange)
    house.write(0, 2)
    dead = Journal(house.directory)
    dead.append(entry(request_id="dead"))
    dead.close()
    assert not house.tender.turn()
    assert set(house.names()) == {"r0", "r1", "dead"}
    assert "symbolic links" in caplog.text
    house.write(2, 4)
    assert house.tender.turn(), "until it is time for the next sweep"
    assert set(house.names()) == {"r0", "r1", "r2", "r3", "dead"}
    house.clock.now += SWEEP_SECONDS
    assert not house.tender.turn()
    strange.unlink()
    house.clock.now += SWEEP_SECONDS
    assert house.tender.turn()
