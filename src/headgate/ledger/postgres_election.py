"""The election among gateways on several machines that share a ledger in PostgreSQL."""

from __future__ import annotations

from contextlib import suppress

import psycopg

from headgate.ledger.postgres import destination
from headgate.ledger.postgres_locks import LEADING
from headgate.ledger.postgres_patience import ImpatientConnection
from headgate.ledger.url import SERVING_PATIENCE

__all__ = ["PostgresElection"]

_LEADING = f"SELECT pg_try_advisory_xact_lock({LEADING})"


class PostgresElection:
    """Who holds an advisory lock of the database leads.

    The lock is held by a transaction that stays open on a connection of its own. It has no snapshot
    between two questions, so it keeps no old rows alive, and unlike a lock of the session it is
    safe behind a pooler. It ends with the connection, and so with the process. A server that ends
    transactions which do nothing (`idle_in_transaction_session_timeout`) leaves this one alone. One
    that says nothing is given up, and somebody else may lead.

    Args:
        url, password: as for the store.
    """

    def __init__(self, url: str, *, password: str | None = None) -> None:
        self._to = destination(url, password)
        self._db: ImpatientConnection | None = None

    def leads(self) -> bool:
        """Whether this process holds the lock, or could take it now."""
        try:
            if self._db is not None:
                self._db.execute("SELECT 1")
                return True
            db = ImpatientConnection.connect(**self._to, prepare_threshold=None)
        except psycopg.Error:
            self.close()
            return False
        db.patience = SERVING_PATIENCE
        try:
            db.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
            row = db.execute(_LEADING).fetchone()
            if row is not None and row[0]:
                self._db = db
                return True
        except psycopg.Error:
            pass
        db.close()
        return False

    def close(self) -> None:
        """Let go of the lock."""
        if self._db is not None:
            with suppress(psycopg.Error):
                self._db.close()
            self._db = None
