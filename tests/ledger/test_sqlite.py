"""sqlite: the file itself: its schema, its locks, and what is said when it cannot be used."""

import os
import re
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.ledger.prompts_sql import PAGE_PROMPTS
from headgate.ledger.sqlite import APPLICATION_ID, SqliteStore
from headgate.ledger.statements import migrations, statement
from headgate.ledger.store import RowRejectedError, StoreError
from tests.ledger.samples import NOON_US, answers, entry, prompt, questions

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger.md"


def raw(path: Path) -> closing[sqlite3.Connection]:
    return closing(sqlite3.connect(path, isolation_level=None))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with three rows."""
    store = SqliteStore(tmp_path / "ledger.db")
    store.append(answers(3))
    store.close()
    return tmp_path / "ledger.db"


def test_rows_are_there_when_the_file_is_opened_again(path):
    store = SqliteStore(path, create=False)
    assert list(store.entries()) == answers(3)
    assert store.check() == []
    store.close()
    store.close()


def test_the_file_is_marked_as_a_ledger_and_keeps_a_write_ahead_log(path):
    with raw(path) as db:
        assert db.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_every_table_is_strict(path):
    with raw(path) as db:
        tables = db.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'")
        found = {name: strict for name, strict in tables if not name.startswith("sqlite_")}
    assert set(found) >= {"attempts", "events", "hourly_attempts", "hours", "migrations"}
    assert set(found.values()) == {1}


def test_every_table_and_column_is_documented_with_its_type_and_no_other_is(path):
    documented: dict[str, list[tuple[str, str]]] = {}
    table = ""
    for line in DOCUMENT.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = re.fullmatch(r"## Table `(\w+)`", line)
            table = heading[1] if heading else ""
        row = re.match(r"\| `(\w+)` \| ([A-Z]+) \| ", line)
        if table and row:
            documented.setdefault(table, []).append((row[1], row[2]))
    with raw(path) as db:
        actual = {
            name: db.execute(f"SELECT name, type FROM pragma_table_xinfo('{name}')").fetchall()
            for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
        }
    assert documented == actual


def test_the_documented_application_id_is_the_files(path):
    assert f"= {APPLICATION_ID} (`HDGT`)" in DOCUMENT.read_text(encoding="utf-8")


def test_the_documented_queries_run(path):
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Ask it yourself")[2]
    (block,) = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    days, failures = (part for part in block.split(";") if part.strip())
    with raw(path) as db:
        assert db.execute(days).fetchall() == [("2026-11-23", "cheap", 0.009, 0)]
        assert db.execute(failures).fetchall() == []


def test_each_migration_step_is_noted(path):
    assert [step for step, _, _ in migrations("sqlite")] == list(
        range(1, len(migrations("sqlite")) + 1)
    )
    with raw(path) as db:
        noted = db.execute("SELECT step, name FROM migrations ORDER BY step").fetchall()
    assert noted == [(step, name) for step, name, _ in migrations("sqlite")]


def test_a_newer_schema_is_left_alone(path):
    with raw(path) as db:
        db.execute("INSERT INTO migrations VALUES (999, '0999_later', 0)")
    with pytest.raises(ConfigError, match=r"schema version 999.*Upgrade Headgate"):
        SqliteStore(path)


def test_text_is_not_a_ledger(tmp_path):
    path = tmp_path / "notes.db"
    path.write_text("to do: buy a ledger\n" * 100)
    with pytest.raises(ConfigError, match=r"not a Headgate ledger.*another file"):
        SqliteStore(path)
    assert path.read_text().startswith("to do")


def test_another_programs_database_is_not_a_ledger_and_stays_as_it_was(tmp_path):
    path = tmp_path / "other.db"
    with raw(path) as db:
        db.execute("CREATE TABLE attempts (x)")
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="not a Headgate ledger"):
        SqliteStore(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_ledger(tmp_path):
    (tmp_path / "empty.db").touch()
    store = SqliteStore(tmp_path / "empty.db")
    assert store.append(answers(1)) == 1
    store.close()


def test_a_directory_is_not_a_file(tmp_path):
    with pytest.raises(ConfigError, match=r"is a directory.*Name a file"):
        SqliteStore(tmp_path)


def test_a_missing_directory_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"no directory .*absent.*Make the directory"):
        SqliteStore(tmp_path / "absent" / "ledger.db")


@contextmanager
def unprivileged() -> Iterator[Path]:
    """A directory of somebody else's, seen by a user who may only read it."""
    directory = Path(tempfile.mkdtemp(prefix="headgate-read-only-"))
    root = os.geteuid() == 0
    try:
        SqliteStore(directory / "ledger.db").close()
        (directory / "ledger.db").chmod(0o444)
        directory.chmod(0o555)
        if root:
            os.seteuid(65534)
        yield directory
    finally:
        if root:
            os.seteuid(0)
        directory.chmod(stat.S_IRWXU)
        for file in directory.iterdir():
            file.unlink()
        directory.rmdir()


@pytest.mark.parametrize("name", ["ledger.db", "new.db"])
def test_a_place_that_may_only_be_read_is_a_config_error(name):
    with (
        unprivileged() as directory,
        pytest.raises(ConfigError, match=r"cannot be opened for writing.*Let the gateway's user"),
    ):
        SqliteStore(directory / name)


def test_a_locked_file_is_a_store_error_and_nothing_is_half_stored(path):
    store = SqliteStore(path, busy_seconds=0.01)
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match=r"locked\. Another program holds it"):
            store.append([entry(request_id="late")])
        assert store.requests()[0].requests == 3
        other.execute("ROLLBACK")
    assert store.append([entry(request_id="late")]) == 1
    store.close()


def test_a_row_that_cannot_be_stored_spoils_its_whole_group(path):
    store = SqliteStore(path)
    with pytest.raises(RowRejectedError):
        store.append([entry(request_id="good"), entry(request_id="bad", total_us=1 << 63)])
    with pytest.raises(RowRejectedError):
        store.append([entry(request_id="bad", tier="\ud800")])
    assert store.requests()[0].requests == 3
    store.close()


def test_a_closed_store_says_so_without_a_traceback(path):
    store = SqliteStore(path)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.requests()


def test_check_finds_a_damaged_page(path):
    with raw(path) as db:
        size = db.execute("PRAGMA page_size").fetchone()[0]
        root = db.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'attempts_at'"
        ).fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * size + 3)
        file.write(b"\xff\xff")
    store = SqliteStore(path)
    damage = store.check()
    assert len(damage) == 1
    assert "malformed" in damage[0]
    store.close()


def test_a_ledger_whose_pages_are_ruined_says_so_and_what_to_do(path):
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 3000)
    with pytest.raises(StoreError, match=r"malformed.*backup"):
        SqliteStore(path)


def test_many_processes_may_make_and_fill_one_ledger_at_once(tmp_path):
    script = """
import sys
from pathlib import Path
from headgate.ledger.sqlite import SqliteStore
from tests.ledger.samples import entry

store = SqliteStore(Path(sys.argv[1]), busy_seconds=20)
for number in range(20):
    store.append([entry(request_id=f"{sys.argv[2]}-{number}")])
store.close()
"""
    path = tmp_path / "shared.db"
    children = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in "abcd"
    ]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0, 0]
    store = SqliteStore(path, create=False)
    assert store.requests()[0].requests == 80
    assert store.check() == []
    store.close()


def test_a_new_file_is_its_owners_alone_and_so_is_what_sqlite_puts_beside_it(tmp_path):
    before = os.umask(0o022)
    try:
        store = SqliteStore(tmp_path / "ledger.db")
        store.append(answers(1))
        modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()}
        store.close()
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("ledger.db", "ledger.db-wal", "ledger.db-shm"), 0o600)


def test_a_file_that_is_there_keeps_its_mode(path):
    path.chmod(0o640)
    SqliteStore(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_prompt_that_was_deleted_is_no_longer_in_the_file(tmp_path):
    path = tmp_path / "ledger.db"
    store = SqliteStore(path)
    for name in ("a", "b"):
        text = f"c4n4ry-{name} " * 5000
        store.keep_prompts([prompt(request_id=name, request=text, request_bytes=len(text))])
    store.close()
    assert b"c4n4ry-a" in path.read_bytes()
    store = SqliteStore(path)
    assert list(store.prune_prompts(NOON_US + 1)) == [2]
    store.close()
    assert b"c4n4ry" not in path.read_bytes()


def test_a_prompt_that_was_deleted_is_not_in_the_write_ahead_log_either(tmp_path):
    path = tmp_path / "ledger.db"

    def left() -> list[str]:
        return sorted(file.name for file in tmp_path.iterdir() if b"c4n4ry" in file.read_bytes())

    with closing(SqliteStore(path)) as store, closing(SqliteStore(path)) as reader:
        text = "c4n4ry " * 5000
        store.keep_prompts([prompt(request_id="a", request=text, request_bytes=len(text))])
        assert left() == ["ledger.db-wal"]
        assert list(store.prune_prompts(NOON_US + 1)) == [1]
        assert left() == []
        store.keep_prompts([prompt(request_id="b", request=text, request_bytes=len(text))])
        with reader._reading() as ask:
            ask("oldest")
            assert list(store.prune_prompts(NOON_US + 1)) == [1], "nor does it wait for who reads"
        assert list(store.prune_prompts(NOON_US + 1)) == []
        assert left() == []


def test_the_write_ahead_log_is_cut_off_once_for_each_page_and_for_a_look_that_finds_none(tmp_path):
    said: list[str] = []
    with closing(SqliteStore(tmp_path / "ledger.db")) as store:
        store.keep_prompts(questions(2 * PAGE_PROMPTS + 1))
        store._db.set_trace_callback(said.append)
        assert list(store.prune_prompts(NOON_US * 2)) == [PAGE_PROMPTS, PAGE_PROMPTS, 1]
        assert list(store.prune_prompts(NOON_US * 2)) == []
    assert sum("wal_checkpoint" in one for one in said) == 4  # the last for what another left


def test_events_of_a_kind_are_found_without_looking_at_all_others(tmp_path):
    with closing(SqliteStore(tmp_path / "ledger.db")) as store:
        sql = "EXPLAIN QUERY PLAN " + statement("sqlite", "events_of")
        asked = {"kinds": '["action.pin", "action.hold"]', "since": 0, "until": 1 << 62}
        plan = " ".join(row[3] for row in store._db.execute(sql, asked))
    assert "SEARCH events USING INDEX events_kind (kind=? AND at_us>? AND at_us<?)" in plan


def test_stored_attempts_of_requests_are_found_by_their_key(tmp_path):
    with closing(SqliteStore(tmp_path / "ledger.db")) as store:
        sql = "EXPLAIN QUERY PLAN " + statement("sqlite", "touched")
        plan = " ".join(row[3] for row in store._db.execute(sql, {"requests": '["a"]'}))
    assert "SEARCH attempts USING INDEX sqlite_autoindex_attempts_1 (request_id=?)" in plan
