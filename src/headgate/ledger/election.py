"""One of the processes on a ledger leads, and when it dies another one follows."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import Protocol

from headgate.errors import ConfigError
from headgate.ledger.url import journal_directory

__all__ = ["Alone", "Election", "FileElection", "election_of"]


class Election(Protocol):
    """Asked again and again; at most one process at a time is told that it leads."""

    def leads(self) -> bool:
        """Whether this process leads now. Never raises: without an answer nobody leads."""

    def close(self) -> None:
        """Stand down; closing twice is harmless."""


class Alone:
    """Of a ledger in memory there is one process."""

    def leads(self) -> bool:
        """It leads."""
        return True

    def close(self) -> None:
        """There is nothing to give back."""


class FileElection:
    """Processes on one machine: who holds the lock of a file leads; the lock dies with the process.

    Args:
        path: the file; it is made where it is not there, and stays.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd: int | None = None

    def leads(self) -> bool:
        """Whether this process holds the lock, or could take it now."""
        if self._fd is not None:
            return True
        try:
            fd = os.open(self._path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        except OSError:
            return False
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(fd)
            return False
        self._fd = fd
        return True

    def close(self) -> None:
        """Let go of the lock."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def election_of(url: str, *, password: str | None = None) -> Election:
    """The election among the processes that share a ledger.

    Raises:
        ConfigError: the URL names no store Headgate knows.
    """
    if url.startswith(("postgresql://", "postgres://")):
        from headgate.ledger.postgres_election import PostgresElection  # an extra

        return PostgresElection(url, password=password)
    journal = journal_directory(url)
    if journal is None:
        return Alone()
    name = journal.name.removesuffix(".journal")
    if not journal.parent.is_dir():
        raise ConfigError(
            f"There is no directory {journal.parent} for the ledger.",
            fix="Make it, or set [ledger] url to another place.",
        )
    return FileElection(journal.with_name(f"{name}.watch"))
