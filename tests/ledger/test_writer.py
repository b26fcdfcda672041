"""writer: what was recorded reaches the store, whatever fails on the way."""

import logging
import threading

import msgspec
import pytest

from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.intake import TRIAL_BYTES
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.records import frame
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store
from headgate.ledger.url import open_store
from headgate.ledger.writer import SWEEP_SECONDS, Ledger
from tests.ledger.moods import FullJournal, Moody, Watch, held
from tests.ledger.samples import answers, entry


def stored(url: str) -> list[Entry]:
    store = open_store(url, create=False)
    found = list(store.entries())
    store.close()
    return found


def test_what_is_recorded_is_in_the_store_after_a_flush(url):
    ledger = Ledger.open(url, clock=Watch())
    for row in answers(50):
        ledger.record(row)
    assert ledger.flush()
    assert list(ledger.store.entries()) == answers(50)
    assert ledger.counts == (50, 50, 0, 0, 0, 0, 0)
    ledger.close()


def test_what_is_recorded_is_in_the_store_after_closing_and_the_journal_is_empty(url, tmp_path):
    ledger = Ledger.open(url, clock=Watch())
    for row in answers(50):
        ledger.record(row)
    ledger.close()
    assert stored(url) == answers(50)
    assert list((tmp_path / "ledger.db.journal").iterdir()) == []


def test_the_writer_looks_by_itself_without_being_asked(url):
    ledger = Ledger.open(url, clock=Watch())
    ledger.record(entry())
    for _ in range(6000):
        if ledger.counts.written:
            break
        threading.Event().wait(0.01)
    assert ledger.counts.pending == 0
    ledger.close()


def test_rows_go_to_the_store_in_groups(tmp_path):
    ledger = held(tmp_path)
    for row in answers(200):
        ledger.record(row)
    ledger.close()
    assert isinstance(ledger.store, Moody)
    assert ledger.store.groups == [200]


def test_a_ledger_in_memory_needs_no_files(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ledger = Ledger.open("memory:", clock=Watch())
    ledger.record(entry())
    assert ledger.flush()
    ledger.close()
    assert list(ledger.store.entries()) == [entry()]
    assert list(tmp_path.iterdir()) == []


def test_threads_may_record_at_once(url):
    ledger = Ledger.open(url, clock=Watch())
    rows = answers(400)

    def work(part: list[Entry]) -> None:
        for row in part:
            ledger.record(row)

    threads = [threading.Thread(target=work, args=(rows[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert ledger.flush()
    assert ledger.counts.written == 400
    ledger.close()
    assert stored(url) == rows


def test_while_the_store_is_away_rows_wait_in_the_journal_and_none_in_memory(tmp_path, caplog):
    ledger = held(tmp_path)
    assert isinstance(ledger.store, Moody)
    ledger.store.away = True
    for row in answers(30):
        ledger.record(row)
    assert not ledger.flush()
    assert ledger.counts.pending == 30
    assert ledger.counts.failed == 1
    assert "ledger.store_failed: The store is away." in caplog.text

    ledger.store.away = False
    assert ledger.flush()
    assert list(ledger.store.entries()) == answers(30)
    assert ledger.counts == (30, 30, 0, 0, 1, 0, 0)
    ledger.close()


def test_rows_the_store_did_not_take_before_the_end_are_taken_at_the_next_start(tmp_path):
    ledger = held(tmp_path)
    assert isinstance(ledger.store, Moody)
    ledger.store.away = True
    for row in answers(30):
        ledger.record(row)
    ledger.close()
    assert ledger.counts.pending == 30

    again = held(tmp_path)
    assert again.flush()
    assert list(again.store.entries()) == answers(30)
    assert again.counts == (0, 0, 0, 0, 0, 30, 0)
    again.close()


def test_a_process_that_dies_while_another_lives_is_swept_up_after_a_minute(tmp_path):
    watch = Watch()
    ledger = Ledger(MemoryStore(), Journal(tmp_path / "j"), clock=watch, interval=0.01)
    assert ledger.flush()
    dead = Journal(tmp_path / "j")
    dead.append(entry())
    dead.close()
    watch.now += SWEEP_SECONDS
    for _ in range(6000):
        if ledger.counts.recovered:
            break
        threading.Event().wait(0.01)
    assert list(ledger.store.entries()) == [entry()]
    ledger.close()


def test_a_torn_record_is_kept_aside_counted_and_logged(tmp_path, caplog):
    directory = tmp_path / "j"
    dead = Journal(directory)
    dead.append(entry())
    (segment,) = dead.segments()
    dead.close()
    with segment.path.open("ab") as file:
        file.write(frame(b"whole")[:-2])

    ledger = held(tmp_path)
    assert ledger.flush()
    assert ledger.counts.recovered == 1
    assert ledger.counts.damaged == 1
    assert "ledger.segment_damaged" in caplog.text
    assert segment.path.with_suffix(".damaged").read_bytes() == frame(b"whole")[:-2]
    assert not segment.path.exists()
    ledger.close()


@pytest.mark.parametrize("bad", [{"tier": "\ud800"}, {"total_us": 1 << 70}])
def test_an_entry_that_cannot_be_written_down_is_counted_and_raises_nothing(url, caplog, bad):
    ledger = Ledger.open(url, clock=Watch())
    ledger.record(entry(**bad))
    ledger.record(entry(request_id="good"))
    assert ledger.flush()
    assert (ledger.counts.written, ledger.counts.lost) == (1, 1)
    assert "ledger.row_rejected" in caplog.text
    ledger.close()


def test_a_row_the_store_can_never_hold_does_not_hold_up_the_others(url, tmp_path):
    ledger = Ledger.open(url, clock=Watch())
    ledger.record(entry(request_id="a"))
    ledger.record(entry(request_id="poison", total_us=1 << 63))
    ledger.record(entry(request_id="b"))
    assert ledger.flush()
    assert (ledger.counts.written, ledger.counts.lost, ledger.counts.pending) == (2, 1, 0)
    ledger.close()
    assert [row.request_id for row in stored(url)] == ["a", "b"]
    (kept,) = (tmp_path / "ledger.db.journal").glob("*.damaged")
    assert b"poison" in kept.read_bytes()


def test_a_poisoned_row_of_a_dead_process_is_set_aside_too(tmp_path):
    dead = Journal(tmp_path / "j")
    for row in answers(3):
        dead.append(row)
    dead.close()
    ledger = held(tmp_path)
    assert isinstance(ledger.store, Moody)
    ledger.store.cannot_hold = {"r1"}
    assert ledger.flush()
    assert (ledger.counts.recovered, ledger.counts.damaged) == (2, 1)
    ledger.close()


def test_a_defect_in_the_store_is_logged_with_its_traceback_and_the_writer_lives_on(
    tmp_path, caplog
):
    ledger = held(tmp_path)
    assert isinstance(ledger.store, Moody)
    ledger.store.broken = True
    ledger.record(entry())
    assert not ledger.flush()
    assert "ZeroDivisionError" in caplog.text
    ledger.store.broken = False
    assert ledger.flush()
    assert ledger.counts.written == 1
    ledger.close()


def test_an_entry_after_the_end_is_counted_as_lost_and_raises_nothing(url):
    ledger = Ledger.open(url, clock=Watch())
    ledger.close()
    ledger.close()
    assert ledger.flush()
    ledger.record(entry())
    assert ledger.counts.lost == 1


def test_a_store_that_has_failed_is_tried_with_few_rows_and_then_with_more(tmp_path):
    ledger = held(tmp_path)
    store = ledger.store
    assert isinstance(store, Moody)
    store.away = True
    for row in answers(400):
        ledger.record(row)
    for _ in range(3):
        assert not ledger.flush()
    whole, *trials = store.tried
    assert whole == 400
    assert trials == [trials[0]] * 2
    assert 10 <= trials[0] <= 40
    store.away = False
    assert ledger.flush()
    assert store.groups[0] == trials[0]
    assert store.groups[1] >= 2 * trials[0] - 2
    assert sum(store.groups) == 400
    assert [row.request_id for row in store.entries()] == [row.request_id for row in answers(400)]
    ledger.close()


def test_a_row_longer_than_a_trial_is_stored_all_the_same(tmp_path):
    ledger = held(tmp_path)
    store = ledger.store
    assert isinstance(store, Moody)
    store.away = True
    rows = [entry(request_id="long", tags="x" * 2 * TRIAL_BYTES), entry(request_id="short")]
    for row in rows:
        ledger.record(row)
    assert not ledger.flush()
    store.away = False
    assert ledger.flush()
    assert list(store.entries()) == rows
    ledger.close()


def test_a_locked_database_costs_time_and_no_row(tmp_path):
    path = tmp_path / "ledger.db"
    store: Store = SqliteStore(path, busy_seconds=0.01)
    ledger = Ledger(store, Journal(tmp_path / "j"), clock=Watch(), interval=600)
    other = SqliteStore(path)
    with other._transaction("BEGIN IMMEDIATE"):
        for row in answers(10):
            ledger.record(row)
        assert not ledger.flush()
    other.close()
    assert ledger.flush()
    assert ledger.counts.written == 10
    ledger.close()


def test_opening_where_no_journal_can_be_made_is_a_config_error(tmp_path):
    (tmp_path / "ledger.db.journal").write_text("in the way")
    with pytest.raises(ConfigError, match="journal"):
        Ledger.open(f"sqlite:///{tmp_path}/ledger.db", clock=Watch())


def test_the_log_never_shows_a_row(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    ledger = Ledger(Moody(), FullJournal(tmp_path / "j"), clock=Watch(), memory_rows=0)
    ledger.record(entry(tags='{"canary":"c4n4ry"}', session="c4n4ry"))
    ledger.close()
    assert caplog.records
    assert "c4n4ry" not in caplog.text


def test_hours_that_are_over_are_summed_up_one_after_the_other(url):
    clock = Watch()
    ledger = Ledger.open(url, clock=clock)
    long_ago = int(clock.time() * 1e6) - 10 * 3_600_000_000
    for row in answers(3):
        ledger.record(msgspec.structs.replace(row, at_us=long_ago))
    for _ in range(6):
        assert ledger.flush()
    ledger.close()
    store = open_store(url, create=False)
    assert store.roll(int(clock.time() * 1e6)) == 0
    store.unroll()
    assert store.roll(int(clock.time() * 1e6)) == 2, "the hour and its day"
    store.close()
