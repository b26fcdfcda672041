"""writer: where the journal takes nothing, rows wait in memory, and what is lost is counted."""

from headgate.ledger import writer
from headgate.ledger.complaints import COMPLAIN_SECONDS
from headgate.ledger.journal import Journal
from headgate.ledger.writer import Ledger
from tests.ledger.moods import FullJournal, Moody, Watch, held
from tests.ledger.samples import answers, entry


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


def test_what_a_stop_leaves_to_the_next_start_is_told_once(tmp_path, caplog):
    store = Moody()
    store.away = True
    ledger = Ledger(store, Journal(tmp_path / "j"), clock=Watch(), interval=600)
    for row in answers(3):
        ledger.record(row)
    for _ in range(2):
        ledger.close()
    told = [text for text in caplog.messages if text.startswith("ledger.left")]
    assert told == [f"ledger.left: 3 rows wait in {tmp_path / 'j'} for the next start"]
    again = held(tmp_path)
    assert again.flush()
    assert len(list(again.store.entries())) == 3
    caplog.clear()
    again.close()
    assert caplog.messages == []


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
