"""writer: what was recorded reaches the store, whatever fails on the way."""

import logging
import threading
from pathlib import Path

import msgspec
import pytest

from headgate.errors import ConfigError
from headgate.ledger import writer
from headgate.ledger.complaints import COMPLAIN_SECONDS
from headgate.ledger.entry import Entry
from headgate.ledger.intake import TRIAL_BYTES
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.records import frame
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store
from headgate.ledger.tender import Tender
from headgate.ledger.url import open_store
from headgate.ledger.writer import SWEEP_SECONDS, Ledger
from tests.ledger.moods import FullJournal, Moody, Watch
from tests.ledger.samples import answers, entry, prompt, questions


@pytest.fixture
def url(tmp_path) -> str:
    return f"sqlite:///{tmp_path}/ledger.db"


def stored(url: str) -> list[Entry]:
    store = open_store(url, create=False)
    found = list(store.entries())
    store.close()
    return found


def held(tmp_path: Path) -> Ledger:
    """A ledger whose writer only looks when it is asked to."""
    return Ledger(Moody(), Journal(tmp_path / "j"), clock=Watch(), interval=600)


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
    for _ in range(1000):
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
    for _ in range(1000):
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


def test_a_full_disk_keeps_rows_in_memory_until_the_store_takes_them(tmp_path, caplog):
    store = Moody()
    store.away = True
    ledger = Ledger(store, FullJournal(tmp_path / "j"), clock=Watch(), interval=600)
    for row in answers(20):
        ledger.record(row)
    assert caplog.text.count("ledger.journal_failed: [Errno 28] No space left") == 1
    assert not ledger.flush()
    assert (ledger.counts.pending, ledger.counts.failed) == (20, 21)

    store.away = False
    assert ledger.flush()
    assert list(store.entries()) == answers(20)
    assert ledger.counts.lost == 0
    ledger.close()


def test_trouble_that_lasts_is_logged_once_a_minute(tmp_path, caplog):
    watch = Watch()
    ledger = Ledger(Moody(), FullJournal(tmp_path / "j"), clock=watch, interval=600)
    for row in answers(10):
        ledger.record(row)
        watch.now += COMPLAIN_SECONDS / 5
    assert caplog.text.count("ledger.journal_failed") == 2
    ledger.close()


def test_rows_in_memory_go_to_the_journal_at_the_end_if_it_works_again(tmp_path):
    store = Moody()
    store.away = True
    journal = FullJournal(tmp_path / "j")
    ledger = Ledger(store, journal, clock=Watch(), interval=600)
    ledger.record(entry())
    journal.full = False
    ledger.close()
    assert ledger.counts.lost == 0
    again = held(tmp_path)
    assert again.flush()
    assert list(again.store.entries()) == [entry()]
    again.close()


def test_memory_is_bounded_and_what_it_cannot_hold_is_counted_as_lost(tmp_path, caplog):
    store = Moody()
    store.away = True
    ledger = Ledger(store, FullJournal(tmp_path / "j"), clock=Watch(), interval=600, memory_rows=10)
    for row in answers(15):
        ledger.record(row)
    assert (ledger.counts.pending, ledger.counts.lost) == (10, 5)
    assert "ledger.row_lost" in caplog.text
    ledger.close()
    assert ledger.counts.lost == 15


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


def test_a_ledger_whose_journal_is_full_is_not_safe_until_there_is_room_again(tmp_path):
    store = Moody()
    ledger = Ledger(store, Journal(tmp_path / "j", spool_bytes=5000), clock=Watch(), interval=600)
    said = [ledger.safe]
    store.away = True
    for row in answers(20):
        ledger.record(row)
    said.append(ledger.safe)
    assert not ledger.flush()
    said.append(ledger.safe)
    store.away = False
    assert ledger.flush()
    assert ledger.flush()
    said.append(ledger.safe)
    assert said == [True, False, False, True]
    assert sorted(row.request_id for row in store.entries()) == sorted(
        row.request_id for row in answers(20)
    )
    assert ledger.counts.lost == 0
    ledger.close()


def test_a_journal_that_works_again_takes_what_waits_in_memory_though_the_store_is_away(tmp_path):
    store = Moody()
    ledger = Ledger(store, Journal(tmp_path / "j"), clock=Watch(), interval=600)
    store.away = True
    assert ledger._journal is not None
    ledger._journal._spool_bytes = 0  # as a full disk
    for row in answers(3):
        ledger.record(row)
    assert not ledger.flush()
    said = [ledger.safe]
    ledger._journal._spool_bytes = 1 << 30
    assert not ledger.flush()
    said.append(ledger.safe)
    assert said == [False, True]
    ledger.close()
    again = held(tmp_path)
    assert again.flush()
    assert list(again.store.entries()) == answers(3)
    again.close()


def test_whoever_records_gets_in_between_while_memory_is_brought_to_the_journal(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(writer, "PIECE_ROWS", 3)
    store = Moody()
    ledger = Ledger(store, Journal(tmp_path / "j"), clock=Watch(), interval=600)
    store.away = True
    assert ledger._journal is not None
    ledger._journal._spool_bytes = 0  # as a full disk
    rows = answers(11)
    for row in rows[:10]:
        ledger.record(row)
    said = [ledger.safe]
    waiting: list[int] = []

    def between(_: float) -> None:
        waiting.append(len(ledger._memory))
        if len(waiting) == 1:
            ledger.record(rows[10])

    monkeypatch.setattr(writer, "sleep", between)
    ledger._journal._spool_bytes = 1 << 30
    assert not ledger.flush()
    said.append(ledger.safe)
    assert (waiting, said) == ([7, 4, 1], [False, True])
    store.away = False
    assert ledger.flush()
    assert sorted(store.entries(), key=lambda row: row.at_us) == rows
    ledger.close()


def tended(directory: Path, store: Moody) -> Tender:
    """Somebody who stores for all, at each `turn`."""
    tender = Tender(store, directory, clock=Watch(), failed=lambda: None)
    assert tender.turn()
    return tender


def test_while_somebody_stores_for_all_it_only_learns_how_far_that_one_has_come(tmp_path):
    ledger, store = held(tmp_path), Moody()
    tender = tended(tmp_path / "j", store)
    tender.start()
    for row in answers(30):
        ledger.record(row)
    assert ledger.flush()
    assert ledger.counts == (30, 30, 0, 0, 0, 0, 0)
    assert list(store.entries()) == answers(30)
    assert isinstance(ledger.store, Moody)
    assert ledger.store.tried == []
    tender.close()
    ledger.close()
    assert ledger.store.tried == []
    assert list((tmp_path / "j").iterdir()) == []


def test_what_somebody_else_set_aside_is_counted_as_lost(tmp_path, caplog):
    ledger, store = held(tmp_path), Moody()
    store.cannot_hold = {"r1"}
    tender = tended(tmp_path / "j", store)
    tender.start()
    for row in answers(3):
        ledger.record(row)
    assert ledger.flush()
    assert (ledger.counts.written, ledger.counts.lost, ledger.counts.pending) == (2, 1, 0)
    assert "ledger.row_rejected" in caplog.text
    tender.close()
    ledger.close()


def test_where_that_one_ends_it_stores_again_what_is_left(tmp_path):
    ledger, store = held(tmp_path), Moody()
    tender = tended(tmp_path / "j", store)
    rows = answers(9)
    for row in rows[:5]:
        ledger.record(row)
    assert tender.turn()
    tender.close()
    for row in rows[5:]:
        ledger.record(row)
    assert ledger.flush()
    assert ledger.counts == (9, 9, 0, 0, 0, 0, 0)
    assert isinstance(ledger.store, Moody)
    assert list(ledger.store.entries()) == rows, "it did not know how far the other had come"
    assert ledger.store.groups == [9]
    ledger.close()


def test_a_row_that_both_store_is_counted_once(tmp_path):
    ledger = held(tmp_path)
    store, rows = ledger.store, answers(9)
    assert isinstance(store, Moody)
    for row in rows[:4]:
        ledger.record(row)
    assert ledger.flush()
    tender = tended(tmp_path / "j", store)
    assert ledger.flush()
    for row in rows[4:]:
        ledger.record(row)
    assert tender.turn()
    assert ledger.flush()
    assert store.groups == [4, 4, 5], "at first it does not know what has been stored"
    assert ledger.counts == (9, 9, 0, 0, 0, 0, 0)
    assert list(store.entries()) == rows
    tender.close()
    ledger.close()


def test_a_flush_does_not_wait_for_ever_for_somebody_who_does_not_store(tmp_path, monkeypatch):
    monkeypatch.setattr(writer, "TENDED_PATIENCE", 0.05)
    ledger, store = held(tmp_path), Moody()
    tender = tended(tmp_path / "j", store)
    ledger.record(entry())
    assert not ledger.flush()
    assert (ledger.counts.pending, ledger.counts.failed) == (1, 0)
    assert tender.turn()
    assert ledger.flush()
    tender.close()
    ledger.close()


def test_at_the_end_it_stores_its_own_though_somebody_tends(tmp_path):
    ledger, store = held(tmp_path), Moody()
    tender = tended(tmp_path / "j", store)
    for row in answers(3):
        ledger.record(row)
    ledger.close()
    assert ledger.counts.pending == 0
    assert list(ledger.store.entries()) == answers(3)
    tender.close()


def test_a_spool_that_is_full_only_for_want_of_a_look_has_room(tmp_path):
    journal = Journal(tmp_path / "j", spool_bytes=4000)
    ledger, store = Ledger(Moody(), journal, clock=Watch(), interval=600), Moody()
    tender = tended(tmp_path / "j", store)
    assert ledger.flush()
    for row in answers(40):
        ledger.record(row)
        assert tender.turn()
    assert ledger.safe
    assert len(list(store.entries())) == 40
    tender.close()
    ledger.close()
    assert ledger.counts == (40, 40, 0, 0, 0, 0, 0)


@pytest.mark.parametrize("kind", ["memory:", "sqlite"])
def test_a_prompt_that_was_kept_is_in_the_store_after_a_flush(url, kind):
    ledger = Ledger.open(url if kind == "sqlite" else kind, clock=Watch())
    ledger.record(entry())
    for one in questions(3):
        ledger.keep(one)
    assert ledger.flush()
    assert list(ledger.store.prompts()) == questions(3)
    assert ledger.prompts == (3, 0)
    assert ledger.counts == (1, 1, 0, 0, 0, 0, 0)
    ledger.close()


def test_prompts_wait_in_the_journal_while_the_store_is_away(url, tmp_path):
    ledger = held(tmp_path)
    assert isinstance(ledger.store, Moody)
    ledger.store.away = True
    ledger.record(entry())
    ledger.keep(prompt())
    assert not ledger.flush()
    assert ledger.store.prompt("r0") is None
    ledger.store.away = False
    assert ledger.flush()
    assert ledger.store.prompt("r0") == prompt()
    ledger.close()


def test_while_rows_wait_in_memory_prompts_are_dropped_counted_and_logged_once(tmp_path, caplog):
    store = Moody()
    store.away = True
    journal = FullJournal(tmp_path / "j")
    ledger = Ledger(store, journal, clock=Watch(), interval=600)
    ledger.record(entry())
    for one in questions(3):
        ledger.keep(one)
    assert ledger.prompts == (0, 3)
    assert ledger.counts.pending == 1
    assert caplog.text.count("ledger.prompt_dropped") == 1
    journal.full = store.away = False
    assert ledger.flush()
    ledger.keep(prompt(request_id="later"))
    assert ledger.flush()
    assert [one.request_id for one in store.prompts()] == ["later"]
    ledger.close()


@pytest.mark.parametrize(
    "bad", [{"request": "\ud800"}, {"at_us": 1 << 70}, {"request": "x" * (1 << 20)}]
)
def test_a_prompt_that_cannot_be_written_down_is_dropped_and_raises_nothing(url, caplog, bad):
    ledger = Ledger.open(url, clock=Watch())
    ledger.keep(prompt(**bad))
    ledger.keep(prompt(request_id="good"))
    ledger.record(entry())
    assert ledger.flush()
    assert ledger.prompts == (1, 1)
    assert ledger.counts.lost == 0
    assert "ledger.prompt_dropped" in caplog.text
    ledger.close()


def test_a_prompt_that_the_store_can_never_hold_is_dropped_and_kept_nowhere(url, tmp_path, caplog):
    ledger = Ledger.open(url, clock=Watch())
    ledger.keep(prompt(request_id="poison", at_us=1 << 63))
    ledger.keep(prompt(request_id="good"))
    assert ledger.flush()
    assert "ledger.prompt_dropped" in caplog.text
    assert [one.request_id for one in ledger.store.prompts()] == ["good"]
    ledger.close()
    assert list((tmp_path / "ledger.db.journal").iterdir()) == []


def test_prompts_after_the_end_are_dropped(url):
    ledger = Ledger.open(url, clock=Watch())
    ledger.close()
    ledger.keep(prompt())
    assert ledger.prompts == (0, 1)


def test_the_log_never_shows_a_prompt(tmp_path, caplog):
    caplog.set_level(logging.DEBUG)
    ledger = Ledger(Moody(), FullJournal(tmp_path / "j"), clock=Watch(), memory_rows=0)
    ledger.record(entry())
    ledger.keep(prompt(request="c4n4ry", answer="c4n4ry"))
    ledger.keep(prompt(request="c4n4ry\ud800"))
    ledger.close()
    ledger.keep(prompt(request="c4n4ry"))
    assert caplog.records
    assert "c4n4ry" not in caplog.text


def test_somebody_who_stores_for_all_stores_prompts_too(tmp_path):
    ledger, store = held(tmp_path), Moody()
    tender = tended(tmp_path / "j", store)
    tender.start()
    ledger.record(entry())
    for one in questions(3):
        ledger.keep(one)
    assert ledger.flush()
    assert list(store.prompts()) == questions(3)
    tender.close()
    ledger.close()
