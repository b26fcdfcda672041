"""What an older Headgate has left is read by this one: frozen files, as it wrote them.

`frozen` holds a ledger (as SQL) and a journal's segment of the first day's code, and of that which
knew five steps of the schema. They are never made anew: what is in the world cannot be, either.
"""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from headgate.ledger.columns import COLUMNS
from headgate.ledger.intake import recover
from headgate.ledger.postgres import PostgresStore
from headgate.ledger.statements import migrations
from headgate.ledger.url import journal_directory, open_keys, open_store
from tests.ledger.samples import NOON_US, entry

FROZEN = Path(__file__).parent / "frozen"
OLD = {name: entry(request_id=name) for name in ("old-1", "late-1", "late-2")} | {
    "old-2": entry(request_id="old-2", served=False, error="timeout", cost_nano=None, card=None),
    "old-3": entry(request_id="old-3", session="s"),
}


@pytest.fixture(params=["first", "fifth"])
def left(request, tmp_path: Path) -> str:
    """The URL of a ledger that was left, with a journal that holds two rows more."""
    url = f"sqlite:///{tmp_path}/l.db"
    with closing(sqlite3.connect(tmp_path / "l.db")) as db:
        db.executescript((FROZEN / f"{request.param}.sql").read_text("utf-8"))
    journal = journal_directory(url)
    assert journal is not None
    journal.mkdir()
    shutil.copy(FROZEN / f"{request.param}.segment", journal / "1-0123456789ab.segment")
    return url


def schema(path: Path) -> set[tuple[str, str, str]]:
    with closing(sqlite3.connect(path)) as db:
        columns = """SELECT t.name, c.name, c.type
            FROM sqlite_schema t, pragma_table_xinfo(t.name) c WHERE t.type = 'table'"""
        return set(db.execute(columns))


def test_a_ledger_and_a_journal_of_an_older_headgate_are_read(left: str):
    store = open_store(left)
    assert recover(left, store).rows == 2
    found = {row.request_id: row for row in store.entries()}
    assert found == OLD
    assert store.check() == []
    store.roll(NOON_US + 7 * 86_400_000_000)
    assert sum(row.requests for row in store.requests()) == 5
    assert store.append([entry(request_id="new")]) == 1
    assert store.append(list(OLD.values())) == 0
    store.close()


def test_its_tables_become_those_of_a_new_ledger(left: str, tmp_path: Path):
    open_store(left).close()
    open_store(f"sqlite:///{tmp_path}/new.db").close()
    new = schema(tmp_path / "new.db")
    tables = {table for table, _, _ in new}  # that of before has tables of its keys, too
    assert {row for row in schema(tmp_path / "l.db") if row[0] in tables} == new


def test_its_keys_and_events_are_there(left: str, request):
    store, keys = open_store(left), open_keys(left)
    old = request.node.callspec.params["left"] == "fifth"
    kept = keys.keys()
    assert [key.name for key in kept] == ["of old"] * old
    assert [event.id for event in store.events()] == ["e1"] * old
    keys.close()
    store.close()


def test_a_gateway_of_before_goes_on_beside_one_that_has_brought_the_tables_up_to_date(
    postgres_url: str,
):
    """A rolling restart: what it stored, and what it stores now, is in all sums."""
    with psycopg.connect(postgres_url, autocommit=True) as old:
        old.execute("CREATE SCHEMA headgate")
        for step in migrations("postgres")[:5]:
            old.execute(step.script.encode())
            old.execute(
                "INSERT INTO headgate.migrations VALUES (%s, %s, 0)", (step.number, step.name)
            )
        known = "SELECT column_name FROM information_schema.columns WHERE table_name = 'attempts'"
        columns = [name for (name,) in old.execute(known) if name in COLUMNS]

        def stores(request_id: str) -> None:
            copy = f"""INSERT INTO headgate.attempts ({", ".join(columns)})
                SELECT {", ".join(columns)} FROM mould"""
            with old.transaction():
                old.execute("SELECT pg_advisory_xact_lock(1212434260, 1)")
                old.execute("UPDATE mould SET request_id = %s", (request_id,))
                old.execute(copy.encode())

        old.execute("CREATE TEMPORARY TABLE mould AS SELECT * FROM headgate.attempts")
        maker = PostgresStore(postgres_url)
        maker.append([entry(request_id="of the new")])
        old.execute(
            f"INSERT INTO mould ({', '.join(columns)}) SELECT {', '.join(columns)}"
            " FROM headgate.attempts".encode()
        )
        stores("of the old")
        assert {row.request_id for row in maker.entries()} == {"of the new", "of the old"}
        assert sum(row.requests for row in maker.requests()) == 2
        assert maker.check() == []
        maker.close()
