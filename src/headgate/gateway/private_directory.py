"""A directory for one run of the gateway, in that for temporary files; those of dead runs go.

Whoever uses one holds a lock in it, which ends with its process, however that ends. So a directory
whose lock can be had is nobody's any more. A lock has its name only once it is held: between the
two, nobody could tell a directory that begins from one that was left.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

__all__ = ["hold", "private_directory"]

_LOCK = "lock"


@contextmanager
def private_directory(kind: str) -> Iterator[Path]:
    """A new directory of this kind, for its owner only; at the end it is deleted.

    Before, those of the same kind are deleted that this user's processes have left when they were
    killed.

    Raises:
        OSError: none can be made where temporary files go.
    """
    prefix = f"headgate-{kind}-"
    _clear(Path(tempfile.gettempdir()), prefix)
    with tempfile.TemporaryDirectory(prefix=prefix, ignore_cleanup_errors=True) as made:
        folder = Path(made)
        unnamed = folder / f"{_LOCK}.new"
        with unnamed.open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_SH)
            unnamed.rename(folder / _LOCK)
            yield folder


def hold(folder: Path) -> None:
    """Use a directory until this process ends, also where who has made it ends before."""
    with suppress(OSError):  # it is not one of these
        lock = os.open(folder / _LOCK, os.O_RDONLY | os.O_CLOEXEC)
        fcntl.flock(lock, fcntl.LOCK_SH)  # stays open for good


def _clear(place: Path, prefix: str) -> None:
    for folder in place.glob(f"{prefix}*"):
        with suppress(OSError):  # another one of us is at it, or it is not ours
            if not _is_ours(folder):
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder)


def _is_ours(folder: Path) -> bool:
    """Anybody may make a directory there, or a link."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()
