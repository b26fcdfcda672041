"""A segment: one file of the journal, locked (`flock`) for as long as its process lives.

One record is one `write`, so a process killed at any moment leaves at most its last record torn.
The lock dies with the process, and that is how another one knows that it may take the segment over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from headgate.ledger.records import HEAD, MAX_PAYLOAD, Scan, scan

__all__ = ["GROUP_BYTES", "SUFFIX", "Segment", "leftovers"]

SUFFIX = ".segment"
GROUP_BYTES = 4 << 20
"""What is read, and stored in one commit, at a time; some 6,000 entries."""


class Segment:
    """One file of the journal, locked for as long as it is open.

    `size` is how far its records are whole, `taken` how far they are in the store; a sealed segment
    gets no further records.
    """

    __slots__ = ("fd", "path", "sealed", "size", "taken")

    def __init__(self, path: Path, fd: int, *, size: int = 0, sealed: bool = False) -> None:
        self.path = path
        self.fd = fd
        self.size = size
        self.taken = 0
        self.sealed = sealed

    @classmethod
    def create(cls, directory: Path) -> Segment:
        """A new segment of this process, locked before anyone could have taken it over."""
        while True:
            path = directory / f"{os.getpid()}-{uuid.uuid4().hex[:12]}{SUFFIX}"
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
            fd = os.open(path, flags, 0o600)
            # Between open and lock another process may have taken the empty file for a leftover.
            if _lock(fd, path):
                return cls(path, fd)
            os.close(fd)

    @classmethod
    def take_over(cls, path: Path) -> Segment | None:
        """A dead process's segment, locked; None while its process lives or once it is gone."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        if _lock(fd, path):
            return cls(path, fd, size=os.fstat(fd).st_size, sealed=True)
        os.close(fd)
        return None

    def append(self, record: bytes | bytearray) -> None:
        """Write one record whole, or leave the segment as it was.

        Raises:
            OSError: the disk is full or fails; the segment is sealed if it cannot be mended.
        """
        try:
            written = os.write(self.fd, record)
            if written < len(record):
                raise OSError(errno.ENOSPC, "the disk took only a part of the record")
        except OSError:
            self._cut()
            raise
        self.size += written

    def _cut(self) -> None:
        try:
            os.ftruncate(self.fd, self.size)
        except OSError:
            self.sealed = True

    def unread(self, group_bytes: int = GROUP_BYTES) -> Scan:
        """The next records that are not in the store yet, some `group_bytes` of them.

        Pass the scan's `end` to `take` once they are.
        """
        for length in (group_bytes, HEAD.size + MAX_PAYLOAD):  # one record may be a group
            end = min(self.size, self.taken + length)
            found = scan(_read(self.fd, self.taken, end), to_the_end=end == self.size)
            if found.end or self.empty:
                return found
        # Damage where a record should begin: the next whole one may be anywhere.
        return scan(_read(self.fd, self.taken, self.size))

    def take(self, count: int) -> None:
        """The next `count` bytes are in the store (or set aside)."""
        self.taken += count

    @property
    def empty(self) -> bool:
        """Nothing is left to read."""
        return self.taken >= self.size

    def set_aside(self, pieces: list[bytes]) -> None:
        """Keep bytes that could not be read or stored in a file beside the segment."""
        if pieces:
            flags = os.O_CREAT | os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
            with os.fdopen(os.open(self.path.with_suffix(".damaged"), flags, 0o600), "ab") as file:
                file.writelines(pieces)

    def drop(self) -> None:
        """Delete the file; its rows are in the store."""
        self.path.unlink(missing_ok=True)
        os.close(self.fd)

    def release(self) -> None:
        """Close the file and keep it: whoever comes next takes it over."""
        os.close(self.fd)


def _lock(fd: int, path: Path) -> bool:
    """Lock the open file; False when another process holds it or `path` is no longer that file."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(fd), path.stat())
    except (BlockingIOError, FileNotFoundError):
        return False


def _read(fd: int, begin: int, end: int) -> bytes:
    pieces: list[bytes] = []
    while begin < end and (piece := os.pread(fd, end - begin, begin)):
        pieces.append(piece)
        begin += len(piece)
    return b"".join(pieces)


def leftovers(directory: Path) -> Iterator[Segment]:
    """The segments of dead processes, one by one, each locked when it is handed over.

    Those of living processes stay theirs. The caller drops or releases each before the next.

    Raises:
        OSError: after all others, when one of them cannot be opened.
    """
    unreadable: OSError | None = None
    for path in sorted(directory.glob(f"*{SUFFIX}")):
        try:
            segment = Segment.take_over(path)
        except OSError as error:
            unreadable = error
            continue
        if segment is not None:
            yield segment
    if unreadable is not None:
        raise unreadable
