"""The ledger in a PostgreSQL database: several gateways, on several machines, write one ledger.

A group of rows goes by COPY into a table of the connection's own, and from there into the ledger
in the same transaction. Writers take turns (an advisory lock): so rows become visible in the order
of their `sequence`, and who reads on from a sequence number misses none.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from operator import attrgetter
from typing import Any

from headgate.errors import ConfigError
from headgate.ledger.answers import Answers, touched
from headgate.ledger.columns import row_of
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.postgres_locks import WRITING
from headgate.ledger.prompt import Prompt
from headgate.ledger.prompts_sql import prompt_row
from headgate.ledger.statements import Ask, Row, Write, migrations, sayable, statement
from headgate.ledger.store import RowRejectedError, StoreError

try:
    import psycopg
    from psycopg.conninfo import conninfo_to_dict

    from headgate.ledger.postgres_patience import ImpatientConnection, SilentError
except ImportError as missing:
    raise ConfigError(
        "A ledger in PostgreSQL needs the package psycopg, which is not installed.",
        fix="pip install 'headgate[postgres]'",
    ) from missing

__all__ = ["HAS_TABLE", "PostgresStore", "destination"]

CONNECT_SECONDS = 5
"""How long to wait for the server, and for other writers, before the rows stay in the journal."""

_WRITING = f"SELECT pg_advisory_xact_lock({WRITING})"

HAS_TABLE = """
SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'headgate' AND c.relname ="""
"""Asks whether the ledger has a table, also one that another process has made a moment ago.

`to_regclass` answers from the connection's memory of what is not there, and within a transaction
none of our locks makes it forget: two that made a ledger at once both found none."""

_LASTING = {
    "connect_timeout": CONNECT_SECONDS,
    "application_name": "headgate",
    # A server that vanishes without a word is noticed within half a minute.
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}

_event_row = attrgetter(*Event.__struct_fields__)


class PostgresStore(Answers):
    """A ledger in PostgreSQL, opened; its tables are made, or brought up to date, where needed.

    Everything lies in the schema `headgate` of the database. A connection that breaks is made anew
    by the next call.

    Args:
        url: `postgresql://user@host:5432/database`, without a password.
        password: of the user; None leaves it to PGPASSWORD or the user's `.pgpass`.
        create: make the tables if there are none.
        patience: seconds that the server may say nothing, but while tables are brought up to date;
            None: as many as it likes, as for one who asks about much.

    Raises:
        ConfigError: the URL cannot be used, there is no ledger, or a newer Headgate wrote it.
        StoreError: the server does not answer.
    """

    def __init__(
        self,
        url: str,
        *,
        password: str | None = None,
        create: bool = True,
        patience: float | None = None,
    ) -> None:
        super().__init__()
        self._patience = patience
        self._to = _destination(url)
        self.name = _name(self._to)
        self._password = password
        self._lock = threading.Lock()
        self._db: ImpatientConnection | None = None
        self._closed = False
        try:
            with self._connected() as db:
                self._prepare(db, create=create)
        except BaseException:
            self.close()
            raise

    def _prepare(self, db: ImpatientConnection, *, create: bool) -> None:
        steps = migrations("postgres")
        version = _version(db)
        if version == 0 and not create:
            raise ConfigError(
                f"There is no ledger in {self.name} yet.",
                fix="It is made by the first `headgate serve`; "
                "point [ledger] url or --ledger at an existing one.",
            )
        if version < steps[-1].number:
            db.patience = None  # to bring much up to date takes as long as it takes
            with db.transaction():
                db.execute(_WRITING)
                # Asked again under the lock: another process may have gone first.
                for step in steps[_version(db) :]:
                    db.execute("CREATE SCHEMA IF NOT EXISTS headgate")
                    db.execute(_trusted(step.script))
                    db.execute(
                        "INSERT INTO headgate.migrations (step, name, applied_us)"
                        " VALUES (%s, %s, %s)",
                        (step.number, step.name, time.time_ns() // 1000),
                    )
            db.patience = self._patience
        if version > steps[-1].number:
            raise ConfigError(
                f"The ledger in {self.name} has schema version {version}; "
                f"this Headgate knows versions up to {steps[-1].number}.",
                fix="Upgrade Headgate, or set [ledger] url to another database.",
            )

    def append(self, entries: Sequence[Entry]) -> int:
        """Store all entries in one transaction, on the server's disk when this returns."""
        if not entries:
            return 0
        with self._rejecting(), self._transaction() as cursor:
            cursor.execute(_sql("incoming"))
            with cursor.copy(_sql("copy")) as copy:
                for place, entry in enumerate(entries):
                    copy.write_row(_storable((*row_of(entry), place)))
            hours = touched(partial(_run_query, cursor), entries)
            new = cursor.execute(_sql("append")).rowcount
            if new:
                cursor.executemany(_sql("change"), hours)
        return new

    def note(self, events: Sequence[Event]) -> int:
        """Keep all events in one transaction, on the server's disk when this returns."""
        with self._rejecting(), self._changing() as (_, write):
            return write("note", [_storable(_event_row(event)) for event in events])

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        """Keep all prompts in one transaction, on the server's disk when this returns."""
        with self._rejecting(), self._changing() as (_, write):
            return write("keep_prompt", [_storable(prompt_row(prompt)) for prompt in prompts])

    def check(self) -> list[str]:
        """What no sound ledger holds; the pages on the disk are PostgreSQL's own matter."""
        return self._unsound()

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._closed = True
            self._drop()

    @contextmanager
    def _reading(self) -> Iterator[Ask]:
        with self._connected() as db, db.transaction():
            db.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield partial(_run_query, db.cursor())

    @contextmanager
    def _changing(self) -> Iterator[tuple[Ask, Write]]:
        with self._transaction() as cursor:
            yield partial(_run_query, cursor), partial(_run_change, cursor)

    @contextmanager
    def _transaction(self) -> Iterator[psycopg.Cursor[Row]]:
        """A transaction in which no other writer is."""
        with self._connected() as db, db.transaction():
            db.execute(f"SET LOCAL lock_timeout = '{CONNECT_SECONDS}s'")
            db.execute(_WRITING)
            yield db.cursor()

    @contextmanager
    def _rejecting(self) -> Iterator[None]:
        try:
            yield
        except (psycopg.DataError, psycopg.IntegrityError, UnicodeError) as error:
            raise RowRejectedError(
                f"A row cannot be stored in the ledger in {self.name}: {_first_line(error)}."
            ) from error

    @contextmanager
    def _connected(self) -> Iterator[ImpatientConnection]:
        with self._lock:
            if self._closed:
                raise StoreError(f"The ledger in {self.name} is closed.")
            try:
                if self._db is None or self._db.closed:
                    self._db = self._connect()
                yield self._db
            except (psycopg.DataError, psycopg.IntegrityError):
                raise
            except psycopg.Error as error:
                # A broken connection would fail for ever; a sound one is quickly made again.
                self._drop()
                raise _store_error(self.name, error) from error

    def _connect(self) -> ImpatientConnection:
        given = _given(self._to, self._password)
        # No prepared statements: poolers between here and the server need not know them.
        made = ImpatientConnection.connect(**given, autocommit=True, prepare_threshold=None)
        made.patience = self._patience
        return made

    def _drop(self) -> None:
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.close()
            self._db = None


def _run_query(
    cursor: psycopg.Cursor[Row], name: str, by: Sequence[str] = (), **parameters: Any
) -> list[Row]:
    for key, value in parameters.items():
        parameters[key] = _without_nul(sayable(value))
    return cursor.execute(_sql(name, by), parameters).fetchall()


def _run_change(
    cursor: psycopg.Cursor[Row],
    name: str,
    rows: Sequence[Row] | None = None,
    **parameters: Any,
) -> int:
    if rows is None:
        return cursor.execute(_sql(name), parameters).rowcount
    if rows:
        cursor.executemany(_sql(name), rows)
    return cursor.rowcount if rows else 0


def _version(db: psycopg.Connection[Row]) -> int:
    there = db.execute(f"{HAS_TABLE} 'migrations'").fetchone()
    if not there:
        return 0
    return int(_one(db, "SELECT COALESCE(MAX(step), 0) FROM headgate.migrations")[0])


def _one(db: psycopg.Connection[Row], sql: str) -> Row:
    row = db.execute(_trusted(sql)).fetchone()
    assert row is not None  # noqa: S101 - an aggregate has one row
    return row


def _sql(name: str, by: Sequence[str] = ()) -> Any:
    return _trusted(statement("postgres", name, by))


def _trusted(sql: str) -> Any:
    """SQL of our own files; psycopg's types ask for literals, so that no input gets in."""
    return sql.encode()


def _storable(row: Row) -> Row:
    if any(type(value) is str and "\0" in value for value in row):
        return tuple(map(_without_nul, row))
    return row


def _without_nul(value: Any) -> Any:
    """PostgreSQL's texts cannot hold the character NUL; a caller's model name might."""
    if isinstance(value, list):
        return [_without_nul(one) for one in value]
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value


def destination(url: str, password: str | None) -> dict[str, Any]:
    """What to connect with, for whoever needs a connection beside the store's.

    Raises:
        ConfigError: the URL cannot be used.
    """
    return _given(_destination(url), password)


def _given(to: dict[str, Any], password: str | None) -> dict[str, Any]:
    given = {**_LASTING, **to}
    if password is not None:
        given["password"] = password
    return given


def _destination(url: str) -> dict[str, Any]:
    try:
        to = conninfo_to_dict(url)
    except psycopg.Error as error:  # its text quotes the URL
        raise ConfigError(
            "The ledger's postgresql:// url cannot be read.",
            fix="Write postgresql://user@host:5432/database.",
        ) from error
    if to.pop("password", None) is not None:
        raise ConfigError(
            "The ledger's url holds a password.",
            fix="Take it out, and name the environment variable that holds it: "
            "[ledger] password_env; PGPASSWORD and ~/.pgpass are read too.",
        )
    return to


def _name(to: dict[str, Any]) -> str:
    """Where the ledger lies, as a message may say it."""
    return f"the database {to.get('dbname', '')!r} on {to.get('host', 'the local server')}"


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def _store_error(name: str, error: psycopg.Error) -> StoreError:
    if isinstance(error, psycopg.errors.LockNotAvailable):
        fix = "Another program holds it; try again, or end that program."
    elif isinstance(error, psycopg.errors.InsufficientPrivilege):
        fix = "Let its user create and write the schema headgate."
    elif isinstance(error, SilentError):
        fix = (
            "Look whether the server hangs; behind a pooler, whether it is paused, and whether its "
            "pool is too small: a connection for each gateway that writes, and one for the watch."
        )
    else:
        fix = "Look whether the server runs, and at its user, password and log."
    return StoreError(f"The ledger in {name} does not answer: {_first_line(error)}.", fix=fix)
