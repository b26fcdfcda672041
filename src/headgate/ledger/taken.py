"""How far a segment's rows are in the store: told beside it by whoever stores for all."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path
from typing import NamedTuple

__all__ = ["Taken", "forget", "tell", "told"]

SUFFIX = ".taken"

_TOLD = struct.Struct("<QQQ")
_SUM = struct.Struct("<I")


class Taken(NamedTuple):
    """What became of a segment's first bytes, or of the next ones."""

    end: int
    """How many bytes."""
    stored: int
    """Rows in the store."""
    rejected: int
    """Rows set aside: they cannot be read, or never be stored."""


def tell(segment: Path, taken: Taken) -> None:
    """Say how far all of a segment before this is taken.

    Raises:
        OSError: the directory cannot be written to.
    """
    flags = os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC
    fd = os.open(segment.with_suffix(SUFFIX), flags, 0o600)
    try:
        text = _TOLD.pack(*taken)
        os.pwrite(fd, text + _SUM.pack(zlib.crc32(text)), 0)
    finally:
        os.close(fd)


def told(segment: Path) -> Taken | None:
    """What was said of a segment last; None where nothing was, or it is being said just now."""
    try:
        fd = os.open(segment.with_suffix(SUFFIX), os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        found = os.pread(fd, _TOLD.size + _SUM.size, 0)
    finally:
        os.close(fd)
    text, check = found[: _TOLD.size], found[_TOLD.size :]
    if len(check) != _SUM.size or zlib.crc32(text) != _SUM.unpack(check)[0]:
        return None
    return Taken(*_TOLD.unpack(text))


def forget(segment: Path) -> None:
    """The segment goes, and with it what was said of it."""
    segment.with_suffix(SUFFIX).unlink(missing_ok=True)
