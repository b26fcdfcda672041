"""A real PostgreSQL for tests, carried by a package from PyPI, and a real PgBouncer before it.

Each is started when it is first needed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from benchmarks.reliability.database import package
from benchmarks.reliability.outcome import Missing

__all__ = ["new_database", "pooler", "postgres_server", "through"]

UNPACKED = Path(__file__).parents[1] / "build" / "pgbouncer" / "usr"
"""Where `make pooler` puts it where it is not installed."""

POOLER = """
[databases]
* = host={server}
[pgbouncer]
listen_addr =
listen_port = 6432
unix_socket_dir = {directory}
auth_type = trust
auth_file = {directory}/users
pool_mode = transaction
logfile = {directory}/log
{more}
"""


@contextmanager
def postgres_server() -> Iterator[str]:
    """A server of our own on a socket of its own; yields its URL, stops it in the end."""
    try:
        postgres = package()
    except Missing as error:
        pytest.skip(f"no PostgreSQL to test with: {error}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        directory = Path(tempfile.mkdtemp(prefix="headgate-postgres-"))
        server: Any = postgres.get_server(directory)
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


@contextmanager
def pooler(server: str, more: str = "") -> Iterator[Path]:
    """A PgBouncer before the server that hands a connection on after each transaction.

    Args:
        server: the URL of `postgres_server`, or of a database in it.
        more: lines for its section `[pgbouncer]`.

    Yields:
        The directory of its socket, for `through`.
    """
    directory = Path(tempfile.mkdtemp(prefix="headgate-pgbouncer-"))
    (directory / "users").write_text('"postgres" ""\n')
    home = Path(server.rpartition("host=")[2])
    (directory / "ini").write_text(POOLER.format(server=home, directory=directory, more=more))
    with subprocess.Popen(
        _pooler_command(directory, home.owner()), stderr=subprocess.DEVNULL
    ) as process:
        try:
            _until(directory / ".s.PGSQL.6432", process)
            yield directory
        finally:
            process.terminate()
    shutil.rmtree(directory, ignore_errors=True)


def through(directory: Path, url: str) -> str:
    """The URL of the same database by way of a pooler."""
    return f"{url.partition('?')[0]}?host={directory}&port=6432"


def _pooler_command(directory: Path, owner: str) -> list[str]:
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    command = [program] if program else []
    if not program:
        if not (UNPACKED / "sbin" / "pgbouncer").is_file():
            pytest.skip("no PgBouncer to test with: `make pooler` gets it on a Debian")
        libraries = ":".join(str(path) for path in UNPACKED.glob("lib/*-linux-gnu*"))
        command = ["env", f"LD_LIBRARY_PATH={libraries}", str(UNPACKED / "sbin" / "pgbouncer")]
    if os.getuid() == 0:  # it does not run as root, and nor does the server
        shutil.chown(directory, owner)
        command += ["-u", owner]
    return [*command, str(directory / "ini")]


def _until(socket: Path, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 60
    while not socket.exists():
        assert process.poll() is None, "PgBouncer has ended at once"
        assert time.monotonic() < end, "PgBouncer does not come"
        time.sleep(0.01)
