"""ledger: the settings' ledger is opened, with its password and its journal."""

import time
from pathlib import Path

import msgspec
import pytest

from headgate.bootstrap.ledger import (
    exposed_prompts,
    journal_of,
    ledger_of,
    recordable_of,
    store_of,
    tender_of,
    transcripts_of,
)
from headgate.errors import ConfigError
from headgate.ledger.memory import MemoryStore
from headgate.ledger.tended import is_tended
from headgate.settings.schema import LedgerSettings
from tests.ledger.samples import answers, prompt


def test_the_store_of_a_url_is_opened():
    assert isinstance(store_of(LedgerSettings(url="memory:"), {}), MemoryStore)


def test_a_reader_does_not_make_the_ledger_and_a_writer_does(tmp_path):
    settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db")
    with pytest.raises(ConfigError, match="no ledger at"):
        store_of(settings, {})
    store_of(settings, {}, create=True).close()
    store_of(settings, {}).close()


def test_a_password_variable_that_is_not_set_is_named():
    settings = LedgerSettings(url="memory:", password_env="DB_PASSWORD")
    for env in ({}, {"DB_PASSWORD": ""}):
        with pytest.raises(ConfigError, match=r"DB_PASSWORD is not set.*export DB_PASSWORD"):
            store_of(settings, env)
    store_of(settings, {"DB_PASSWORD": "hunter2"}).close()


def test_the_journal_lies_where_the_settings_say(tmp_path):
    settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db", journal=str(tmp_path / "j"))
    assert journal_of(settings) == tmp_path / "j"
    ledger = ledger_of(settings, {}, time)
    ledger.record(answers(1)[0])
    assert [path.suffix for path in (tmp_path / "j").iterdir()] == [".segment"]
    assert not Path(tmp_path / "l.db.journal").exists()
    ledger.close()
    with_rows = store_of(settings, {})
    assert len(list(with_rows.entries())) == 1
    with_rows.close()


def test_the_usual_journal_is_left_to_the_ledger():
    assert journal_of(LedgerSettings()) is None


def test_only_a_closed_gateway_asks_whether_rows_are_safe(tmp_path):
    settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db")
    ledger = ledger_of(settings, {}, time)
    closed = LedgerSettings(url=settings.url, on_failure="closed")
    assert (recordable_of(settings, ledger)(), recordable_of(closed, ledger)()) == (True, True)
    ledger._safe = False
    assert (recordable_of(settings, ledger)(), recordable_of(closed, ledger)()) == (True, False)
    ledger.close()


def test_who_stores_for_all_does_so_where_the_settings_say(tmp_path):
    for journal in (None, str(tmp_path / "elsewhere")):
        settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db", journal=journal)
        ledger = ledger_of(settings, {}, time)
        tender = tender_of(settings, {}, time, failed=lambda: None)
        tender.turn()
        where = Path(journal or f"{tmp_path}/l.db.journal")
        assert is_tended(where)
        tender.close()
        assert not is_tended(where)
        ledger.close()


def test_prompts_are_taken_down_only_where_the_settings_say_so(tmp_path):
    settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db", prompt_bytes=2000)
    ledger = ledger_of(settings, {}, time)
    assert transcripts_of(settings, ledger, ()) is None
    storing = msgspec.structs.replace(settings, store_prompts=True)
    found = transcripts_of(storing, ledger, ["key"])
    assert found is not None
    assert (found.most, found.secrets) == (2000, (b"key",))
    found.keep(prompt(at_us=time.time_ns() // 1000))
    assert ledger.flush()
    assert ledger.store.count_prompts() == 1
    ledger.close()


def test_prompts_older_than_they_are_kept_are_deleted_also_where_none_are_stored_any_more(tmp_path):
    settings = LedgerSettings(url=f"sqlite:///{tmp_path}/l.db", keep_prompts=3600.0)
    store = store_of(settings, {}, create=True)
    store.keep_prompts([prompt(at_us=(time.time_ns() // 1000) - 3_700_000_000)])
    ledger = ledger_of(settings, {}, time)
    assert ledger.flush()
    assert store.count_prompts() == 0
    ledger.close()
    store.close()


def test_a_file_with_prompts_that_others_may_read_is_told_of(tmp_path):
    path = tmp_path / "l.db"
    settings = LedgerSettings(url=f"sqlite:///{path}", store_prompts=True)
    assert exposed_prompts(settings) is None
    store_of(settings, {}, create=True).close()
    assert exposed_prompts(settings) is None
    path.chmod(0o640)
    found = exposed_prompts(settings)
    assert found is not None
    assert found.fix == f"chmod go= {path}*"
    for other in ({"store_prompts": False}, {"url": "memory:"}, {"url": "postgresql://h/d"}):
        assert exposed_prompts(msgspec.structs.replace(settings, **other)) is None
