"""writer: while somebody stores for all processes, a ledger only writes, and learns."""

from pathlib import Path

from headgate.ledger import writer
from headgate.ledger.journal import Journal
from headgate.ledger.tender import Tender
from headgate.ledger.writer import Ledger
from tests.ledger.moods import Moody, Watch, held
from tests.ledger.samples import answers, entry, questions


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
