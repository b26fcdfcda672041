"""From the ledger's URL to the store behind it, and to the journal beside it."""

from __future__ import annotations

from pathlib import Path

from headgate.errors import ConfigError
from headgate.ledger.keys import KeyStore
from headgate.ledger.keys_memory import MemoryKeys
from headgate.ledger.keys_sql import SqlKeys
from headgate.ledger.keys_sqlite import SqliteDatabase
from headgate.ledger.memory import MemoryStore
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import Store

__all__ = ["SERVING_PATIENCE", "file_of", "journal_directory", "open_keys", "open_store"]

SERVING_PATIENCE = 15.0
"""For whoever serves: what it asks takes milliseconds, and waits five seconds for another writer.
More than that, and a server that hangs would keep it from ending."""
_SQLITE = "sqlite:///"
_POSTGRES = ("postgresql://", "postgres://")
_MEMORY = "memory:"


def open_store(
    url: str,
    *,
    create: bool = True,
    password: str | None = None,
    patience: float | None = None,
) -> Store:
    """The store a URL names.

    Args:
        url: `sqlite:///relative.db`, `sqlite:////absolute.db`, `postgresql://user@host/database`
            or `memory:`.
        create: make it if it is not there.
        password: for a database that asks for one.
        patience: seconds that a database may say nothing while it is waited for; None: as many as
            it likes. Nothing to a file.

    Raises:
        ConfigError: the URL names no store Headgate knows, or one that cannot be used.
        StoreError: the store is there but does not answer.
    """
    if url.startswith(_POSTGRES):
        from headgate.ledger.postgres import PostgresStore  # an extra: not everyone has psycopg

        return PostgresStore(url, password=password, create=create, patience=patience)
    path = _sqlite_path(url)
    return MemoryStore() if path is None else SqliteStore(path, create=create)


def open_keys(
    url: str,
    *,
    create: bool = True,
    password: str | None = None,
    patience: float | None = None,
) -> KeyStore:
    """Where the virtual keys and budgets of a ledger rest: in its own database.

    Raises:
        ConfigError: the URL names no ledger, or one that cannot be used.
        StoreError: it is there but does not answer.
    """
    if url.startswith(_POSTGRES):
        from headgate.ledger.keys_postgres import PostgresDatabase  # an extra, as above

        way = PostgresDatabase(url, password=password, create=create, patience=patience)
        return SqlKeys(way)
    path = _sqlite_path(url)
    if path is None:
        return MemoryKeys()
    SqliteStore(path, create=create).close()  # it is a ledger, and of this version
    return SqlKeys(SqliteDatabase(path))


def journal_directory(url: str) -> Path | None:
    """Where the journal of this ledger lies if nothing else is said; None for one in memory.

    A file has its journal beside it; a database that may be on another machine has it where the
    process starts.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    if url.startswith(_POSTGRES):
        return Path("headgate.journal")
    path = _sqlite_path(url)
    return None if path is None else path.with_name(f"{path.name}.journal")


def file_of(url: str) -> Path | None:
    """The file of a ledger in one; None where it is in a database or in memory.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    return None if url.startswith(_POSTGRES) else _sqlite_path(url)


def _sqlite_path(url: str) -> Path | None:
    if url == _MEMORY:
        return None
    name = url.removeprefix(_SQLITE)
    if url.startswith(_SQLITE) and name not in ("", ":memory:") and "?" not in name:
        return Path(name)
    if ":" not in url and "@" not in url and Path(url).suffix in (".db", ".sqlite", ".sqlite3"):
        raise ConfigError(
            "The ledger is named by a URL, and this is a file's path.",
            fix=f"Write sqlite:///{url}.",
        )
    # Only the scheme is shown: what follows it may hold a password.
    raise ConfigError(
        f"The ledger url beginning with {url.partition('/')[0][:40]!r} is none that Headgate "
        "knows.",
        fix="Use sqlite:///headgate.db (a relative path), sqlite:////var/lib/headgate.db "
        "(an absolute one), postgresql://user@host/database, or memory: (rows are gone with the "
        "process).",
    )
