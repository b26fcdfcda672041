"""url: which store and which journal a ledger's URL names."""

from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.ledger.memory import MemoryStore
from headgate.ledger.postgres import PostgresStore
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.url import journal_directory, open_store


def test_three_slashes_name_a_path_from_here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///here.db")
    assert isinstance(store, SqliteStore)
    store.close()
    assert (tmp_path / "here.db").exists()
    assert journal_directory("sqlite:///here.db") == Path("here.db.journal")


def test_four_slashes_name_a_path_from_the_root(tmp_path):
    url = f"sqlite:///{tmp_path}/there.db"
    assert url.startswith("sqlite:////")
    open_store(url).close()
    assert (tmp_path / "there.db").exists()
    assert journal_directory(url) == tmp_path / "there.db.journal"


def test_a_ledger_in_memory_has_no_journal():
    assert isinstance(open_store("memory:"), MemoryStore)
    assert journal_directory("memory:") is None


def test_a_reader_does_not_make_the_file(tmp_path):
    with pytest.raises(ConfigError, match=r"no ledger at .*absent.db yet.*headgate serve"):
        open_store(f"sqlite:///{tmp_path}/absent.db", create=False)
    assert list(tmp_path.iterdir()) == []


def test_a_database_has_its_journal_where_the_process_starts():
    assert journal_directory("postgresql://user@host/db") == Path("headgate.journal")
    assert journal_directory("postgres://user@host/db") == Path("headgate.journal")


def test_a_path_is_told_how_it_is_written_as_a_url():
    with pytest.raises(ConfigError, match=r"Write sqlite:///data/my\.db\.") as refused:
        open_store("data/my.db")
    assert "a file's path" in str(refused.value)
    with pytest.raises(ConfigError, match=r"Write sqlite:////var/my\.db\."):
        open_store("/var/my.db")


def test_a_postgresql_url_opens_that_database(postgres_url):
    store = open_store(postgres_url)
    assert isinstance(store, PostgresStore)
    store.close()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "sqlite://headgate.db",
        "sqlite:///",
        "sqlite:///:memory:",
        "sqlite:///headgate.db?mode=ro",
        "mysql://user:hunter2@host/db",
        "memory:x",
    ],
)
def test_any_other_url_is_refused_with_those_that_work_and_without_its_password(url):
    with pytest.raises(ConfigError, match=r"sqlite:///headgate.db .*memory:") as refused:
        open_store(url)
    assert "hunter2" not in str(refused.value)
