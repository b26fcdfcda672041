"""open_ledger: the ledger with its settings, closed in the end whatever happens."""

from pathlib import Path

import pytest

from headgate.cli.open_ledger import open_ledger
from headgate.errors import ConfigError
from headgate.ledger.journal import Journal
from headgate.ledger.sqlite import SqliteStore
from tests.cli.test_status import TOML
from tests.ledger.samples import answers


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    SqliteStore(tmp_path / "headgate.db").close()
    return tmp_path


def test_the_settings_name_the_ledger_and_its_prices(here):
    (here / "headgate.toml").write_text(TOML)
    with open_ledger(None, (), None) as (store, settings, book):
        assert list(store.entries()) == []
        assert settings is not None
        assert settings.escalation.budget == 0.15
        assert book is not None


def test_a_ledger_that_is_named_needs_no_settings(here):
    with open_ledger(None, (), "sqlite:///headgate.db") as opened:
        assert (opened.settings, opened.book) == (None, None)


def test_without_both_it_says_what_to_do(here):
    with pytest.raises(ConfigError, match="headgate init"), open_ledger(None, (), None):
        pass


def test_rows_that_a_stopped_gateway_left_are_taken_in_and_told(here, capsys):
    journal = Journal(here / "headgate.db.journal")
    for row in answers(3):
        journal.append(row)
    journal.close()
    with open_ledger(None, (), "sqlite:///headgate.db") as (store, *_):
        assert len(list(store.outcomes())) == 3
    assert capsys.readouterr().err == "Took in 3 rows that a stopped gateway left.\n"


def test_the_ledger_is_closed_when_something_goes_wrong(here):
    with (
        pytest.raises(RuntimeError),
        open_ledger(None, (), "sqlite:///headgate.db") as (store, *_),
    ):
        raise RuntimeError
    with pytest.raises(Exception, match="closed"):
        list(store.entries())
