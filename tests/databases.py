"""A real PostgreSQL for tests: carried by the package pgserver, started when it is first needed."""

from __future__ import annotations

import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

__all__ = ["new_database", "postgres_server"]


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server of our own on a socket of its own; yields its URL, stops it in the end."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pgserver = pytest.importorskip(
            "pgserver", reason="no PostgreSQL to test with: pgserver has no wheel for this Python"
        )
        directory = Path(tempfile.mkdtemp(prefix="headgate-postgres-"))
        server: Any = pgserver.get_server(directory)
    try:
        yield server.get_uri()
    finally:
        server.cleanup()
        shutil.rmtree(directory, ignore_errors=True)


@contextmanager
def new_database(server: str) -> Iterator[str]:
    """An empty database on the server; yields its URL, drops it in the end."""
    import psycopg

    name = f"t{uuid.uuid4().hex}"
    url = server.replace("/postgres?", f"/{name}?").replace(":@", "@")
    with psycopg.connect(server, autocommit=True) as db:
        db.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield url
        finally:
            db.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
