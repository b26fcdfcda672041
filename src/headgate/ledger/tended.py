"""The lock of whoever stores for all processes of a journal: while it is held, they only write."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from headgate.ledger.segment import lock

__all__ = ["hold", "is_tended", "let_go"]

NAME = "tended"


def hold(directory: Path) -> int | None:
    """Take the lock, which dies with the process; None where another process has it.

    Raises:
        OSError: the directory cannot be written to.
    """
    path = directory / NAME
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    if lock(fd, path):
        return fd
    os.close(fd)
    return None


def let_go(directory: Path, fd: int) -> None:
    """Give up the lock that `hold` gave, and leave nothing of it behind."""
    (directory / NAME).unlink(missing_ok=True)  # while it is ours: nobody else's file goes
    os.close(fd)


def is_tended(directory: Path) -> bool:
    """Whether somebody stores for all, now.

    Where that cannot be found out, nobody does: rows that two store count once, and rows that none
    stores would wait.
    """
    try:
        fd = os.open(directory / NAME, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
