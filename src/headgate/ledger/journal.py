"""The journal: append-only segments that hold an entry before the caller has the last byte.

One record is one `write`, so a process killed at any moment leaves at most its last record torn. A
segment is locked (`flock`) while its process lives; the lock dies with the process, and that is
how another one knows that it may take the segment over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import threading
import uuid
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path

import msgspec

from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.frames import ENTRY, HEAD, MAX_PAYLOAD, PROMPT, Scan, frame, scan
from headgate.ledger.prompt import Prompt

__all__ = ["GROUP_BYTES", "MOST_SEGMENTS", "SPOOL_BYTES", "Journal", "Segment", "leftovers"]

SUFFIX = ".segment"

GROUP_BYTES = 4 << 20
"""What is read, and stored in one commit, at a time; some 6,000 entries."""
MOST_SEGMENTS = 16
"""Files that are open at once while the store is away; then the last one grows."""
ROOM_FOR_ROWS = 64 << 20
"""What prompts leave free on the journal's disk, bytes; some 100,000 rows."""


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


SPOOL_BYTES = 1 << 30
"""Most bytes that wait for the store, for each process; some 1,500,000 entries."""


class Journal:
    """This process's own segments: appended to by any thread, read by one writer.

    Args:
        directory: where the segments lie.
        segment_bytes: a segment of this size gets no further records.
        spool_bytes: where so much waits for the store, `append` fails as with a full disk.

    Raises:
        ConfigError: the directory cannot be made or written to.
    """

    def __init__(
        self, directory: Path, *, segment_bytes: int = 4 << 20, spool_bytes: int = SPOOL_BYTES
    ) -> None:
        self.directory = directory
        self._segment_bytes = segment_bytes
        self._spool_bytes = spool_bytes
        self._waiting = 0
        self._lock = threading.Lock()
        self._encoder = msgspec.msgpack.Encoder()
        self._record = bytearray(4096)
        self._segments: deque[Segment] = deque()
        try:
            directory.mkdir(exist_ok=True)
            self._segments.append(Segment.create(directory))
        except OSError as error:
            raise ConfigError(
                f"The ledger's journal {directory} cannot be written: {error.strerror}.",
                fix="Make its directory and let the gateway's user write there, "
                "or set [ledger] url to another place.",
            ) from error

    def append(self, entry: Entry) -> None:
        """Write the entry down; when this returns, it survives the process.

        Raises:
            OSError: the disk, or the room for what waits, is full or fails; nothing was written.
            ValueError, TypeError, OverflowError: the entry cannot be encoded; journal closed.
        """
        self._write(ENTRY, entry, self._spool_bytes)

    def append_prompt(self, prompt: Prompt) -> None:
        """Write a prompt down, as long as that leaves room for rows.

        Prompts get half of the room for what waits, and none of the disk's last `ROOM_FOR_ROWS`.

        Raises:
            OSError, ValueError: as `append`.
        """
        disk = os.statvfs(self.directory)
        if disk.f_bavail * disk.f_frsize < ROOM_FOR_ROWS:
            raise OSError(errno.ENOSPC, f"the last {ROOM_FOR_ROWS:,} bytes of the disk are rows'")
        self._write(PROMPT, prompt, self._spool_bytes // 2)

    def _write(self, marker: bytes, value: Entry | Prompt, most_waiting: int) -> None:
        with self._lock:
            if not self._segments:
                raise ValueError("the journal is closed")
            record = self._record
            self._encoder.encode_into(value, record, HEAD.size)
            length = len(record) - HEAD.size
            if length > MAX_PAYLOAD:
                raise ValueError(f"a record of {length:,} bytes is over {MAX_PAYLOAD:,}")
            crc = zlib.crc32(memoryview(record)[HEAD.size :])
            HEAD.pack_into(record, 0, marker, length, crc)
            if self._waiting + len(record) > most_waiting:
                raise OSError(errno.ENOSPC, f"{most_waiting:,} bytes wait for the store")
            self._last().append(record)
            self._waiting += len(record)

    def _last(self) -> Segment:
        segment = self._segments[-1]
        full = segment.size >= self._segment_bytes and len(self._segments) < MOST_SEGMENTS
        return self._rotate(segment) if segment.sealed or full else segment

    def probe(self) -> None:
        """Find out whether an entry could be written down now.

        Raises:
            OSError: it could not.
            ValueError: the journal is closed.
        """
        with self._lock:
            if not self._segments:
                raise ValueError("the journal is closed")
            room = self._spool_bytes - self._waiting
            if room < min(MAX_PAYLOAD, self._spool_bytes // 2):
                raise OSError(errno.ENOSPC, f"{self._waiting:,} bytes wait for the store")
            self._last().append(frame(b""))
            self._waiting += HEAD.size

    @property
    def waiting(self) -> int:
        """Bytes of own records that are not in the store yet."""
        return self._waiting

    def take(self, segment: Segment, count: int) -> None:
        """The next `count` bytes of an own segment are in the store (or set aside)."""
        with self._lock:
            segment.take(count)
            self._waiting -= count

    def _rotate(self, full: Segment) -> Segment:
        segment = Segment.create(self.directory)
        full.sealed = True
        self._segments.append(segment)
        return segment

    def segments(self) -> list[Segment]:
        """Own segments, oldest first; the last may still grow."""
        with self._lock:
            return list(self._segments)

    def drop_taken(self) -> None:
        """Delete the sealed segments whose rows are all in the store."""
        with self._lock:
            while len(self._segments) > 1 and self._segments[0].empty:
                self._segments.popleft().drop()

    def close(self) -> None:
        """Delete what is in the store, release the rest to whoever starts next."""
        with self._lock:
            while self._segments:
                segment = self._segments.popleft()
                if segment.empty:
                    segment.drop()
                else:
                    segment.release()
