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

from headgate.ledger.records import HEAD, MAX_PAYLOAD, Scan, next_record, scan
from headgate.ledger.taken import Taken, forget, tell, told

__all__ = ["GROUP_BYTES", "SUFFIX", "Segment", "leftovers", "lock"]

SUFFIX = ".segment"
GROUP_BYTES = 512 << 10
"""What is read, and stored in one commit, at a time; some 1,400 entries, which take ten times the
memory. Four times as many were no cheaper."""


class Segment:
    """One file of the journal, locked for as long as it is open, or followed while another has it.

    `size` is how far its records are whole, `taken` how far they are in the store, `stored` and
    `rejected` what rows these were; a sealed segment gets no further records.
    """

    __slots__ = (
        "fd", "followed", "path", "rejected", "sealed", "size", "stored", "stuck", "taken",
    )  # fmt: skip

    def __init__(
        self, path: Path, fd: int, *, size: int = 0, sealed: bool = False, followed: bool = False
    ) -> None:
        self.path = path
        self.fd = fd
        self.size = size
        self.taken = self.stored = self.rejected = 0
        self.sealed = sealed
        self.followed = followed
        self.stuck = -1
        """Where a followed segment did not go on when it was last read."""

    @classmethod
    def create(cls, directory: Path) -> Segment:
        """A new segment of this process, locked before anyone could have taken it over."""
        while True:
            path = directory / f"{os.getpid()}-{uuid.uuid4().hex[:12]}{SUFFIX}"
            flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND | os.O_CLOEXEC
            fd = os.open(path, flags, 0o600)
            # Between open and lock another process may have taken the empty file for a leftover.
            if lock(fd, path):
                return cls(path, fd)
            os.close(fd)

    @classmethod
    def take_over(cls, path: Path) -> Segment | None:
        """A dead process's segment, locked; None while its process lives or once it is gone."""
        try:
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        if lock(fd, path):
            segment = cls(path, fd, size=os.fstat(fd).st_size, sealed=True)
            segment.learn()
            return segment
        os.close(fd)
        return None

    @classmethod
    def follow(cls, path: Path) -> Segment | None:
        """A segment that its process has locked, to be read as it grows; None once it is gone."""
        try:
            segment = cls(path, os.open(path, os.O_RDONLY | os.O_CLOEXEC), followed=True)
        except FileNotFoundError:
            return None
        segment.learn()
        return segment

    def grow(self) -> None:
        """Look how long a followed segment has become."""
        self.size = os.fstat(self.fd).st_size

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
        for length in (group_bytes, HEAD.size + MAX_PAYLOAD):  # a record may be longer than a group
            end = min(self.size, self.taken + length)
            whole = end == self.size and not self.followed
            found = scan(_read(self.fd, self.taken, end), to_the_end=whole)
            if found.end or self.empty:
                return found
        # Damage where a record should begin, or one is under way: the next may be anywhere.
        data = _read(self.fd, self.taken, self.size)
        return self._growing(data) if self.followed else scan(data)

    def _growing(self, data: bytes) -> Scan:
        """Its last record may be under way; what stands before a whole one is damage.

        But not at the first look: the process may have cut off what it could not finish, and have
        written on from there, while we were reading.
        """
        found = scan(data, to_the_end=False)
        if found.end:
            return found
        end = next_record(data, 1)
        if end < len(data) and self.stuck == self.taken:
            return Scan([], [data[:end]], end, [])
        self.stuck = self.taken
        return Scan([], [], 0, [])

    def take(self, end: int, stored: int = 0, rejected: int = 0) -> None:
        """The next `end` bytes are in the store (or set aside)."""
        self.taken += end
        self.stored += stored
        self.rejected += rejected

    def tell(self) -> None:
        """Say how far it is taken, to the process that has it or will take it over.

        Raises:
            OSError: the directory cannot be written to.
        """
        tell(self.path, Taken(self.taken, self.stored, self.rejected))

    def learn(self) -> None:
        """Go as far as whoever stores for all has come."""
        self.advance(told(self.path))

    def advance(self, found: Taken | None) -> Taken:
        """Go as far as somebody says that it is stored; returns what is new of that."""
        if found is None or found.end <= self.taken:
            return Taken(0, 0, 0)
        stored, rejected = found.stored - self.stored, found.rejected - self.rejected
        new = Taken(found.end - self.taken, stored, rejected)
        self.take(*new)
        return new

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
        forget(self.path)
        os.close(self.fd)

    def release(self) -> None:
        """Close the file and keep it: whoever comes next takes it over."""
        os.close(self.fd)


def lock(fd: int, path: Path) -> bool:
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
