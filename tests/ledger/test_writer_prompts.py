"""writer: prompts go the way of the rows, and give way to them."""

import logging

import pytest

from headgate.ledger.writer import Ledger
from tests.ledger.moods import FullJournal, Moody, Watch, held
from tests.ledger.samples import entry, prompt, questions


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
    for number in range(3):
        ledger.keep(prompt(request_id=f"poison{number}", at_us=1 << 63))
    ledger.keep(prompt(request_id="good"))
    assert ledger.flush()
    assert caplog.text.count("ledger.prompt_dropped: the store can never hold it") == 1
    assert ledger.prompts == (4, 3)
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
