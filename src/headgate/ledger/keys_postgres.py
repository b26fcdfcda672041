"""The key store's way to a ledger in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from headgate.ledger.keys_sql import Run
from headgate.ledger.postgres import HAS_TABLE, PostgresStore
from headgate.ledger.postgres_locks import KEYS

__all__ = ["PostgresDatabase"]

_ALONE = f"SELECT pg_advisory_xact_lock({KEYS})"


class PostgresDatabase(PostgresStore):
    """A connection of its own to a ledger, so that keys never wait for this process's rows.

    It lends in transactions that take turns: a turn is a few milliseconds long, and each process
    takes one a second.
    """

    @contextmanager
    def reading(self) -> Iterator[Run]:
        """Look at one state of the database."""
        with self._connected() as db, db.transaction():
            run = _runner(db)
            run("SET LOCAL search_path TO headgate")
            yield run

    @contextmanager
    def writing(self) -> Iterator[Run]:
        """A transaction in which no other process is."""
        with self._connected() as db, db.transaction():
            run = _runner(db)
            run("SET LOCAL search_path TO headgate")
            run("SET LOCAL lock_timeout = '5s'")
            run(_ALONE)
            yield run

    def has_table(self, run: Run, name: str) -> bool:
        """Whether there is such a table."""
        return bool(run(f"{HAS_TABLE} ?", name))


def _runner(db: Any) -> Run:
    def run(sql: str, *parameters: Any) -> list[tuple[Any, ...]]:
        cursor = db.execute(sql.replace("?", "%s").encode(), parameters)
        return list(cursor.fetchall()) if cursor.description else []

    return run
