"""postgres: the database itself: its schema, its locks, its failures, and what is said of them."""

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from headgate.errors import ConfigError
from headgate.ledger.postgres import HAS_TABLE, PostgresStore
from headgate.ledger.postgres_election import PostgresElection
from headgate.ledger.postgres_patience import ImpatientConnection
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.statements import migrations
from headgate.ledger.store import StoreError
from headgate.ledger.url import SERVING_PATIENCE
from tests.databases import pooler, through
from tests.ledger.samples import answers, entry

DOCUMENT = Path(__file__).parents[2] / "docs" / "ledger.md"
KINDS = {
    "BOOLEAN": "INTEGER",
    "BIGINT": "INTEGER",
    "DOUBLE PRECISION": "REAL",
    "TEXT": "TEXT",
    "BYTEA": "BLOB",
}


@pytest.fixture
def db(postgres_url):
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest.fixture
def store(postgres_url):
    opened = PostgresStore(postgres_url)
    yield opened
    opened.close()


def test_rows_are_there_when_the_database_is_opened_again(postgres_url):
    first = PostgresStore(postgres_url)
    first.append(answers(3))
    first.close()
    first.close()
    again = PostgresStore(postgres_url, create=False)
    assert list(again.entries()) == answers(3)
    again.close()


def test_both_databases_go_through_the_same_steps_to_the_same_tables(store, db, tmp_path):
    assert [step.name for step in migrations("postgres")] == [
        step.name for step in migrations("sqlite")
    ]
    steps = db.execute("SELECT step, name FROM headgate.migrations ORDER BY step").fetchall()
    assert steps == [(step.number, step.name) for step in migrations("postgres")]
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in db.execute(
        "SELECT table_name, column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = 'headgate' ORDER BY ordinal_position"
    ):
        found.setdefault(table, {})[column] = KINDS[kind.upper()]
    del found["attempts"]["sequence"]  # SQLite has it unasked: the rowid
    file = SqliteStore(tmp_path / "l.db")
    columns = "SELECT name, type FROM pragma_table_xinfo('{}')"
    in_file: dict[str, dict[str, str]] = {
        table: dict(file._db.execute(columns.format(table))) for table in found
    }
    file.close()
    assert found == in_file


def test_one_that_waits_while_another_one_makes_the_tables_finds_them_made(postgres_url, db):
    """Two gateways that are started at once on an empty database."""
    with ThreadPoolExecutor(1) as other, psycopg.connect(postgres_url) as first:
        first.execute("SELECT pg_advisory_xact_lock(1212434260, 1)")
        opening = other.submit(PostgresStore, postgres_url)
        until_one_waits(db)
        first.execute("CREATE SCHEMA headgate")
        for step in migrations("postgres"):
            first.execute(step.script.encode())
            first.execute(
                "INSERT INTO headgate.migrations VALUES (%s, %s, 0)", (step.number, step.name)
            )
        first.commit()
        opened = opening.result(60)
    assert opened.append(answers(2)) == 2
    opened.close()


def until_one_waits(db: psycopg.Connection) -> None:
    """For a lock of ours."""
    asked = """SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database
        WHERE d.datname = current_database() AND l.locktype = 'advisory' AND NOT l.granted"""
    end = time.monotonic() + 60
    while db.execute(asked).fetchone() is None:
        assert time.monotonic() < end, "nobody waits"
        time.sleep(0.01)


def test_a_table_that_another_process_has_just_made_is_seen_within_a_transaction(postgres_url, db):
    with psycopg.connect(postgres_url) as looking:
        for _ in range(2):
            assert looking.execute(f"{HAS_TABLE} 'some'").fetchone() is None
        db.execute("CREATE SCHEMA headgate")
        db.execute("CREATE TABLE headgate.some (x int)")
        assert looking.execute(f"{HAS_TABLE} 'some'").fetchone() is not None


def test_what_an_older_version_left_of_a_pooled_connection_does_not_disturb(store, db):
    """A pooler hands a connection on with its temporary tables."""
    with store._connected() as connection:
        connection.execute("CREATE TEMPORARY TABLE incoming (request_id text, place bigint)")
    assert store.append(answers(2)) == 2


def test_a_server_that_hangs_is_given_up_and_asked_anew_later(postgres_url, db):
    """As behind a pooler that holds questions back: it is there, and says nothing."""
    PostgresStore(postgres_url).close()
    store = PostgresStore(postgres_url, patience=0.5)
    with db.transaction():
        db.execute("LOCK TABLE headgate.attempts IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match=r"does not answer: it has said nothing for 0\.5 s"):
            store.requests()
    store._patience = None
    assert store.requests() == []
    assert store.append(answers(1)) == 1
    store.close()


def test_a_pool_of_which_the_watch_has_the_only_connection_is_told_of(postgres_url):
    PostgresStore(postgres_url).close()
    with pooler(postgres_url, "default_pool_size = 1") as directory:
        url = through(directory, postgres_url)
        leader = PostgresElection(url)
        assert any(leader.leads() for _ in range(5))  # a busy machine may be late
        with pytest.raises(StoreError, match=r"said nothing for 0\.5 s.*its pool is too small"):
            PostgresStore(url, patience=0.5)
        leader.close()
        PostgresStore(url, patience=20.0).close()


def test_the_pooler_hands_one_connection_to_many(postgres_url):
    """Else nothing above and in `test_store` would be tried behind one that pools transactions."""
    with pooler(postgres_url, "default_pool_size = 1") as directory:
        url = through(directory, postgres_url)
        stores = [PostgresStore(url) for _ in range(3)]
        for number, store in enumerate(stores):
            assert store.append([entry(request_id=f"r{number}")]) == 1
        asked = "SELECT pg_backend_pid()"
        pids = set()
        for store in stores:
            with store._connected() as connection:
                pids |= {connection.execute(asked).fetchone()}
            store.close()
        assert len(pids) == 1


def test_a_server_that_hangs_while_the_ledger_is_opened_is_given_up(postgres_url, db):
    PostgresStore(postgres_url).close()
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    db.execute(f"ALTER DATABASE {name} SET lock_timeout = '20s'")  # whoever waits, not for ever
    with db.transaction():
        db.execute("LOCK TABLE headgate.migrations IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreError, match=r"does not answer: it has said nothing for 0\.5 s"):
            PostgresStore(postgres_url, patience=0.5)
    PostgresStore(postgres_url, patience=20.0).close()


class Overheard(ImpatientConnection):
    """Notes how patiently each thing is asked."""

    asked: list[tuple[str, float | None]]

    def execute(self, query, *args, **more):
        self.__dict__.setdefault("asked", []).append((str(query), self.patience))
        return super().execute(query, *args, **more)


def test_to_make_the_tables_may_take_any_time(postgres_url, db):
    store = PostgresStore(postgres_url, patience=60.0)
    db.execute("DROP SCHEMA headgate CASCADE")
    with Overheard.connect(postgres_url, autocommit=True) as connection:
        connection.patience = 60.0
        store._prepare(connection, create=True)
        assert connection.asked[0][1] == 60.0
        making = {patience for query, patience in connection.asked if "CREATE" in query}
        assert making == {None}
        assert connection.patience == 60.0
    store.close()


def test_who_has_the_watch_gives_up_a_server_that_hangs(postgres_url):
    leader = PostgresElection(postgres_url)
    assert leader.leads()
    assert leader._db is not None
    assert leader._db.patience == SERVING_PATIENCE
    leader.close()


def test_one_who_asks_about_much_waits_as_long_as_it_takes(postgres_url, db):
    store = PostgresStore(postgres_url)
    with store._connected() as connection:
        assert connection.patience is None
        assert connection.execute("SELECT 1 FROM pg_sleep(0.3)").fetchone() == (1,)
    store.close()


def test_who_leads_is_not_put_out_by_a_server_that_ends_idle_transactions(postgres_url, db):
    name = postgres_url.partition("?")[0].rpartition("/")[2]
    db.execute(f"ALTER DATABASE {name} SET idle_in_transaction_session_timeout = 500")
    leader, other = PostgresElection(postgres_url), PostgresElection(postgres_url)
    assert leader.leads()
    time.sleep(1.5)  # three times as long as is allowed
    assert leader._db is not None
    assert leader._db.execute("SELECT 1").fetchone() == (1,)
    assert not other.leads()
    leader.close()
    other.close()


def test_a_reader_does_not_make_the_tables(postgres_url, db):
    with pytest.raises(ConfigError, match=r"no ledger in the database .* yet.*headgate serve"):
        PostgresStore(postgres_url, create=False)
    assert db.execute("SELECT to_regnamespace('headgate')").fetchone() == (None,)


def test_a_newer_schema_is_left_alone(postgres_url, store, db):
    db.execute("INSERT INTO headgate.migrations VALUES (999, '0999_later', 0)")
    with pytest.raises(ConfigError, match=r"schema version 999.*Upgrade Headgate"):
        PostgresStore(postgres_url)


def test_a_connection_that_broke_is_made_again_by_the_next_call(store, db):
    store.append(answers(2))
    db.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'headgate' AND datname = current_database()"
    )
    with pytest.raises(StoreError, match=r"does not answer.*Look whether the server runs"):
        store.append([entry(request_id="late")])
    assert store.append([entry(request_id="late")]) == 1
    assert len(list(store.entries())) == 3


def test_a_writer_that_does_not_get_its_turn_is_a_store_error_and_stores_nothing(
    store, db, monkeypatch
):
    monkeypatch.setattr("headgate.ledger.postgres.CONNECT_SECONDS", "0.05")
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(1212434260, 1)")
        with pytest.raises(StoreError, match=r"lock timeout.*Another program holds it"):
            store.append(answers(1))
        assert list(store.entries()) == []
    assert store.append(answers(1)) == 1


def test_a_server_that_is_not_there_is_a_store_error_that_names_it(tmp_path):
    with pytest.raises(StoreError, match=r"database 'd' on .*nowhere does not answer"):
        PostgresStore(f"postgresql://u@/d?host={tmp_path}/nowhere")


def test_a_url_that_cannot_be_read_is_refused_without_showing_it():
    with pytest.raises(ConfigError, match="cannot be read") as refused:
        PostgresStore("postgresql://u@host/d?hunter2=1")
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize(
    "url", ["postgresql://u:hunter2@host/d", "postgresql://u@host/d?password=hunter2"]
)
def test_a_password_in_the_url_is_refused_without_showing_it(url):
    with pytest.raises(ConfigError, match=r"holds a password.*password_env") as refused:
        PostgresStore(url)
    assert "hunter2" not in str(refused.value)


def test_a_password_opens_the_database_and_is_in_no_message(postgres_url, store, db):
    store.append(answers(1))
    db.execute("CREATE ROLE clerk LOGIN PASSWORD 'hunter2'")
    try:
        db.execute("GRANT USAGE ON SCHEMA headgate TO clerk")
        db.execute("GRANT SELECT ON ALL TABLES IN SCHEMA headgate TO clerk")
        url = postgres_url.replace("postgres@", "clerk@")
        reader = PostgresStore(url, password="hunter2", create=False)
        assert len(list(reader.entries())) == 1
        with pytest.raises(StoreError, match=r"permission denied.*create and write") as refused:
            reader.append([entry(request_id="more")])
        assert "hunter2" not in str(refused.value)
        reader.close()
    finally:
        db.execute("DROP OWNED BY clerk")
        db.execute("DROP ROLE clerk")


def test_a_closed_store_says_so_without_a_traceback(postgres_url):
    store = PostgresStore(postgres_url)
    store.close()
    with pytest.raises(StoreError, match="closed"):
        store.requests()


def test_rows_become_visible_in_the_order_of_their_sequence(postgres_url, store, db):
    """Who reads on from a sequence number must not miss a row of a slower writer."""
    other = PostgresStore(postgres_url)
    with db.transaction():
        db.execute("SELECT pg_advisory_xact_lock(1212434260, 1)")
        waiting = subprocess.Popen(
            [sys.executable, "-c", APPEND, postgres_url, "slow"], stdout=subprocess.PIPE
        )
        assert waiting.stdout is not None
        assert waiting.stdout.readline() == b"ready\n"
    other.append([entry(request_id="quick")])
    assert waiting.wait(timeout=60) == 0
    waiting.stdout.close()
    sequences = [outcome.sequence for outcome in other.outcomes()]
    assert sequences == sorted(sequences)
    assert len(sequences) == 2
    other.close()


APPEND = """
import sys
from headgate.ledger.postgres import PostgresStore
from tests.ledger.samples import entry

store = PostgresStore(sys.argv[1], create=False)
print("ready", flush=True)
for number in range(int(sys.argv[3]) if len(sys.argv) > 3 else 1):
    store.append([entry(request_id=f"{sys.argv[2]}-{number}")])
store.close()
"""


def test_many_processes_may_fill_one_ledger_at_once(postgres_url, store):
    children = [
        subprocess.Popen(
            [sys.executable, "-c", APPEND, postgres_url, name, "20"], stdout=subprocess.DEVNULL
        )
        for name in "abcd"
    ]
    assert [child.wait(timeout=60) for child in children] == [0, 0, 0, 0]
    assert store.requests()[0].requests == 80
    assert store.check() == []


def test_the_documented_privileges_are_enough(postgres_url, db):
    """What docs/ledger.md tells an administrator to grant lets a gateway make and fill a ledger."""
    (grants,) = re.findall(
        r"```sql\n(-- as an administrator.*?)```", DOCUMENT.read_text("utf-8"), re.DOTALL
    )
    (name,) = db.execute("SELECT current_database()").fetchone()
    db.execute(grants.replace("DATABASE llm", f"DATABASE {name}"))
    try:
        store = PostgresStore(postgres_url.replace("postgres@", "headgate@"))
        assert store.append(answers(2)) == 2
        store.close()
    finally:
        db.execute("DROP OWNED BY headgate")
        db.execute("DROP ROLE headgate")
