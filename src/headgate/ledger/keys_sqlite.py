"""The key store's way to a ledger in an SQLite file."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from headgate.ledger.keys_sql import Run
from headgate.ledger.store import StoreError

__all__ = ["SqliteDatabase"]

BUSY_SECONDS = 5.0
"""How long to wait for another process's lock."""
TURN_SECONDS = 0.02
"""How long SQLite itself asks for the lock at a time. Its pauses grow to a tenth of a second, and
whoever stores row after row lets the lock go for a few milliseconds: asked so seldom it may be
missed for seconds. Begun anew, the pauses are 1 to 10 ms."""


class SqliteDatabase:
    """A connection of its own, so that keys never wait for the ledger's rows in this process.

    Args:
        path: a ledger that is there.
    """

    def __init__(self, path: Path, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.name = str(path)
        self._lock = threading.Lock()
        self._busy_seconds = busy_seconds
        with self._told():
            self._db = sqlite3.connect(
                path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
            )
            try:
                self._db.execute("PRAGMA synchronous = FULL")
            except BaseException:
                self._db.close()
                raise

    @contextmanager
    def reading(self) -> Iterator[Run]:
        """Each statement sees the latest state; no method reads with two that must agree."""
        with self._lock, self._told():
            yield self._run

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """A transaction that holds the file's one write lock from its beginning."""
        with self._lock, self._told():
            self._begin()
            try:
                yield self._run
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def _begin(self) -> None:
        """Take the write lock as soon as whoever has it lets it go."""
        until = time.monotonic() + self._busy_seconds
        self._patience(TURN_SECONDS)
        try:
            while True:
                try:
                    self._db.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as error:
                    busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
                    if not busy or time.monotonic() >= until:
                        raise
        finally:
            self._patience(self._busy_seconds)

    def _patience(self, seconds: float) -> None:
        self._db.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")

    def has_table(self, run: Run, name: str) -> bool:
        """Whether there is such a table."""
        return bool(run("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?", name))

    def close(self) -> None:
        """Close the connection."""
        with self._lock:
            self._db.close()

    def _run(self, sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, parameters).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StoreError(
                f"The keys in {self.name} cannot be read or written: {error}.",
                fix="Another process may hold the file locked, the disk may be full, or this user "
                "may not write it.",
            ) from error
