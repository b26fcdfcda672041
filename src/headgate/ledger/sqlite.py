"""The ledger in one SQLite file: many readers, one writer at a time, every commit on the disk.

WAL, so that a report reads while the gateway writes. `synchronous = FULL`, because the journal's
segment is deleted once its rows are committed: with NORMAL a power cut would undo commits whose
journal is gone. The writer commits in groups, so the one `fsync` is shared by all rows of a group
and no request ever waits for it.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from operator import attrgetter
from pathlib import Path
from typing import Any

import msgspec

from headgate.errors import ConfigError
from headgate.ledger.answers import Answers, touched
from headgate.ledger.columns import bound_row_of
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.prompt import Prompt
from headgate.ledger.prompts_sql import prompt_row
from headgate.ledger.statements import Ask, Row, Write, migrations, sayable, statement
from headgate.ledger.store import RowRejectedError, StoreError
from headgate.ledger.totals import latency_from

__all__ = ["APPLICATION_ID", "SqliteStore"]

APPLICATION_ID = 0x48444754
"""`HDGT` in the file's header: how a ledger is told from any other SQLite file."""

BUSY_SECONDS = 5.0
"""How long to wait for another process's lock before the rows stay in the journal."""

PAGE_BYTES = 8192
"""Of a new file: a row has some 400 bytes, and rows go in a quarter faster than with 4096."""
CACHE_KIB = 2048
"""Of pages, for each connection: what a transaction goes over again and again. The system keeps
the file's pages for all; 16 MB made no question or row cheaper, of ten million rows neither."""

_event_row = attrgetter(*Event.__struct_fields__)


class SqliteStore(Answers):
    """A ledger file, opened; made and brought to the present schema where needed.

    Args:
        path: the file.
        create: make the file if there is none.
        busy_seconds: how long a write waits for another process's lock.

    Raises:
        ConfigError: there is no such file or directory, it is not a ledger, a newer Headgate wrote
            it, or this user may not write there.
        StoreError: another process holds the file locked for longer than `busy_seconds`.
    """

    def __init__(
        self, path: Path, *, create: bool = True, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        super().__init__()
        self.path = path
        self._lock = threading.Lock()
        self._busy_seconds = busy_seconds
        _look(path, create=create)
        _make_private(path)
        try:
            self._db = sqlite3.connect(
                path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
        except sqlite3.OperationalError as error:
            raise _unwritable(path, error) from error
        try:
            self._prepare()
        except sqlite3.Error as error:
            self._db.close()
            raise _open_error(path, error) from error
        except BaseException:
            self._db.close()
            raise

    def _prepare(self) -> None:
        steps = migrations("sqlite")
        if self._is_empty():
            self._db.execute(f"PRAGMA page_size = {PAGE_BYTES}")
            self._enter_wal()
        elif self._pragma("application_id") != APPLICATION_ID:
            raise _not_a_ledger(self.path)
        self._db.execute("PRAGMA synchronous = FULL")
        self._db.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
        self._db.create_function("latency_from", 1, latency_from, deterministic=True)
        if self._version() < steps[-1][0]:
            with self._transaction("BEGIN IMMEDIATE"):
                # Asked again under the lock: another process may have gone first.
                for step, name, script in steps[self._version() :]:
                    self._apply(step, name, script)
        if self._version() > steps[-1][0]:
            raise ConfigError(
                f"The ledger {self.path} has schema version {self._version()}; "
                f"this Headgate knows versions up to {steps[-1][0]}.",
                fix="Upgrade Headgate, or set [ledger] url to a new file.",
            )

    def _enter_wal(self) -> None:
        """WAL is a property of the file; SQLite does not wait for a lock when it is set."""
        deadline = time.monotonic() + BUSY_SECONDS
        while True:
            try:
                self._db.execute("PRAGMA journal_mode = WAL")
                return
            except sqlite3.OperationalError as error:
                if not _is_busy(error) or time.monotonic() > deadline:
                    raise
            time.sleep(0.01)

    def _apply(self, step: int, name: str, script: str) -> None:
        for one in _statements(script):
            self._db.execute(one)
        self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        self._db.execute(
            "INSERT INTO migrations (step, name, applied_us) VALUES (?, ?, ?)",
            (step, name, time.time_ns() // 1000),
        )

    def _pragma(self, name: str) -> int:
        return int(self._db.execute(f"PRAGMA {name}").fetchone()[0])

    def _is_empty(self) -> bool:
        tables = self._db.execute("SELECT COUNT(*) FROM sqlite_schema").fetchone()[0]
        return bool(tables == 0 and self._pragma("application_id") in (0, APPLICATION_ID))

    def _version(self) -> int:
        if self._is_empty():
            return 0
        return int(self._db.execute("SELECT MAX(step) FROM migrations").fetchone()[0])

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[None]:
        self._db.execute(begin)
        try:
            yield
            self._db.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # SQLite may have rolled back by itself
                self._db.execute("ROLLBACK")
            raise

    @contextmanager
    def _reading(self) -> Iterator[Ask]:
        with self._lock, _faults(self.path), self._transaction("BEGIN"):
            yield self._run_query

    @contextmanager
    def _changing(self) -> Iterator[tuple[Ask, Write]]:
        with self._lock, _faults(self.path), self._transaction("BEGIN IMMEDIATE"):
            yield self._run_query, self._run_change

    @contextmanager
    def _erasing(self) -> Iterator[tuple[Ask, Write]]:
        """The file's pages are overwritten where rows are deleted; without it they keep texts.

        Older pages stand in the write-ahead log until it is begun anew, so that is done at once;
        where somebody reads just then, it is done by whoever erases next, though there be nothing
        left to erase, or writes much.
        """
        with self._lock, _faults(self.path):
            self._db.execute("PRAGMA secure_delete = ON")
            try:
                with self._transaction("BEGIN IMMEDIATE"):
                    yield self._run_query, self._run_change
            finally:
                self._db.execute("PRAGMA secure_delete = OFF")
            self._empty_log()

    def _empty_log(self) -> None:
        """Bring the write-ahead log into the file and cut it off, unless somebody is reading."""
        self._db.execute("PRAGMA busy_timeout = 0")
        try:
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {round(self._busy_seconds * 1000)}")

    def _run_query(self, name: str, by: Sequence[str] = (), **parameters: Any) -> list[Row]:
        for key, value in parameters.items():
            said = sayable(value)
            # a value of SQLite's is no list; json_each reads one
            parameters[key] = msgspec.json.encode(said).decode() if type(said) is list else said
        return self._db.execute(statement("sqlite", name, by), parameters).fetchall()

    def _run_change(self, name: str, rows: Sequence[Row] | None = None, **parameters: Any) -> int:
        sql = statement("sqlite", name)
        if rows is None:
            return self._db.execute(sql, parameters).rowcount
        return max(self._db.executemany(sql, rows).rowcount, 0)

    def append(self, entries: Sequence[Entry]) -> int:
        """Store all entries in one transaction, on the disk when this returns."""
        with self._rejecting(), self._changing() as (ask, write):
            hours = touched(ask, entries)
            new = write("append", list(map(bound_row_of, entries)))
            if new:
                write("change", hours)
        return new

    def note(self, events: Sequence[Event]) -> int:
        """Keep all events in one transaction, on the disk when this returns."""
        with self._rejecting(), self._changing() as (_, write):
            return write("note", list(map(_event_row, events)))

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        """Keep all prompts in one transaction, on the disk when this returns."""
        with self._rejecting(), self._changing() as (_, write):
            return write("keep_prompt", list(map(prompt_row, prompts)))

    @contextmanager
    def _rejecting(self) -> Iterator[None]:
        try:
            yield
        except (OverflowError, UnicodeError, sqlite3.IntegrityError) as error:
            raise RowRejectedError(
                f"A row cannot be stored in the ledger {self.path}: {error}."
            ) from error

    def check(self) -> list[str]:
        """SQLite's own check of the file, then what no sound ledger holds."""
        try:
            with self._lock, _faults(self.path):
                found = self._db.execute("PRAGMA integrity_check").fetchall()
            return [row[0] for row in found if row[0] != "ok"] + self._unsound()
        except StoreError as error:
            if _is_corrupt(error.__cause__):
                return [str(error)]
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()


def _statements(script: str) -> Iterator[str]:
    """The statements of a script one by one; `executescript` would commit what is under way."""
    one = ""
    for line in script.splitlines(keepends=True):
        one += line
        if sqlite3.complete_statement(one):
            yield one
            one = ""


@contextmanager
def _faults(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.Error as error:
        raise _store_error(path, error) from error


def _code(error: BaseException | None) -> int:
    """SQLite's primary result code; 0 for an error that is none of its own."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _is_busy(error: sqlite3.Error) -> bool:
    return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


def _is_corrupt(error: BaseException | None) -> bool:
    return _code(error) == sqlite3.SQLITE_CORRUPT


def _look(path: Path, *, create: bool) -> None:
    """Say plainly what SQLite would call "unable to open database file"."""
    if path.is_dir():
        raise ConfigError(
            f"The ledger {path} is a directory.",
            fix="Name a file in [ledger] url, such as sqlite:///headgate.db.",
        )
    if not path.parent.is_dir():
        raise ConfigError(
            f"The ledger {path} cannot be made: there is no directory {path.parent}.",
            fix="Make the directory, or set [ledger] url to another place.",
        )
    if not create and not path.exists():
        raise ConfigError(
            f"There is no ledger at {path} yet.",
            fix="It is made by the first `headgate serve`; "
            "point [ledger] url or --ledger at an existing one.",
        )


def _make_private(path: Path) -> None:
    """Make the file where there is none, for its owner alone; SQLite's other files follow it."""
    with suppress(OSError):  # SQLite says what is wrong with it
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_CLOEXEC, 0o600))


def _open_error(path: Path, error: sqlite3.Error) -> ConfigError | StoreError:
    if _code(error) == sqlite3.SQLITE_NOTADB:
        return _not_a_ledger(path)
    if _code(error) in (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM):
        return _unwritable(path, error)
    return _store_error(path, error)


def _store_error(path: Path, error: sqlite3.Error) -> StoreError:
    if _is_busy(error):
        fix = "Another program holds it; try again, or end that program."
    elif _is_corrupt(error):
        fix = "Restore the file from a backup, or move it aside and start a new one."
    else:
        fix = "Look at its disk and its permissions."
    return StoreError(f"The ledger {path} does not answer: {error}.", fix=fix)


def _not_a_ledger(path: Path) -> ConfigError:
    return ConfigError(
        f"{path} is not a Headgate ledger.",
        fix="Nothing was changed in it; set [ledger] url to another file.",
    )


def _unwritable(path: Path, error: sqlite3.Error) -> ConfigError:
    return ConfigError(
        f"The ledger {path} cannot be opened for writing: {error}.",
        fix="Let the gateway's user write the file and its directory, "
        "or set [ledger] url to another place.",
    )
