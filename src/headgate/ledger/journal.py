"""The journal: append-only segments that hold an entry before the caller has the last byte.

A segment is a file of records, nothing else:

    marker   4 bytes   b"HGE1"
    length   u32 LE    bytes of payload
    crc32    u32 LE    of the payload
    payload  msgpack   one `Entry` as a map; empty in a record that only tried the disk

One record is one `write`, so a process killed at any moment leaves at most its last record torn.
The marker lets a reader find the next whole record behind a damaged one. A segment is locked
(`flock`) while its process lives; the lock dies with the process, and that is how another one
knows that it may take the segment over.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import threading
import uuid
import zlib
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec

from headgate.errors import ConfigError
from headgate.ledger.entry import Entry

__all__ = [
    "MAX_PAYLOAD",
    "MOST_SEGMENTS",
    "Journal",
    "Scan",
    "Segment",
    "frame",
    "leftovers",
    "scan",
]

MARKER = b"HGE1"
SUFFIX = ".segment"
MAX_PAYLOAD = 1 << 20
"""Longest payload, bytes: a length beyond it is damage, not a record."""

GROUP_BYTES = 4 << 20
"""What is read, and stored in one commit, at a time; some 6,000 entries."""
MOST_SEGMENTS = 16
"""Files that are open at once while the store is away; then the last one grows."""

_HEAD = struct.Struct("<4sII")
_DECODER = msgspec.msgpack.Decoder(Entry)


class Scan(NamedTuple):
    """What a stretch of a segment holds: whole entries, and the bytes that are none."""

    entries: list[Entry]
    damaged: list[bytes]
    end: int
    """How many bytes were looked at."""


def frame(payload: bytes) -> bytes:
    """One record as it stands in a segment."""
    return _HEAD.pack(MARKER, len(payload), zlib.crc32(payload)) + payload


def scan(data: bytes, *, to_the_end: bool = True) -> Scan:
    """Read every whole record; what lies between or behind them comes back as damaged.

    A whole record that is no entry is one piece of damage, a torn stretch up to the next marker is
    another. With `to_the_end` off, more bytes follow `data`, and reading stops at the first record
    that is not whole in it.
    """
    entries: list[Entry] = []
    damaged: list[bytes] = []
    at = 0
    while at < len(data):
        payload = _payload(data, at)
        if payload is None:
            if not to_the_end:
                break
            end = _next_record(data, at + 1)
            damaged.append(data[at:end])
        else:
            end = at + _HEAD.size + len(payload)
            entry = _entry(payload)
            if not payload:  # a probe: it was only to show that the disk takes something
                pass
            elif entry is None:
                damaged.append(data[at:end])
            else:
                entries.append(entry)
        at = end
    return Scan(entries, damaged, at)


def _next_record(data: bytes, at: int) -> int:
    """Where the next whole record begins, or the end of the data."""
    while (at := data.find(MARKER, at)) >= 0:
        if _payload(data, at) is not None:
            return at
        at += 1
    return len(data)


def _payload(data: bytes, at: int) -> bytes | None:
    """The payload of the record that begins at `at`; None where no whole record does."""
    if at + _HEAD.size > len(data):
        return None
    marker, length, crc = _HEAD.unpack_from(data, at)
    if marker != MARKER or length > MAX_PAYLOAD:
        return None
    begin = at + _HEAD.size
    payload = data[begin : begin + length]
    return payload if len(payload) == length and zlib.crc32(payload) == crc else None


def _entry(payload: bytes) -> Entry | None:
    try:
        return _DECODER.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


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
        """The next entries that are not in the store yet, some `group_bytes` of them.

        Pass the scan's `end` to `take` once they are.
        """
        end = min(self.size, self.taken + group_bytes)
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
            with self.path.with_suffix(".damaged").open("ab") as file:
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
        with self._lock:
            if not self._segments:
                raise ValueError("the journal is closed")
            record = self._record
            self._encoder.encode_into(entry, record, _HEAD.size)
            length = len(record) - _HEAD.size
            if length > MAX_PAYLOAD:
                raise ValueError(f"an entry of {length:,} bytes is over {MAX_PAYLOAD:,}")
            crc = zlib.crc32(memoryview(record)[_HEAD.size :])
            _HEAD.pack_into(record, 0, MARKER, length, crc)
            if self._waiting + len(record) > self._spool_bytes:
                raise OSError(errno.ENOSPC, f"{self._spool_bytes:,} bytes wait for the store")
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
            self._waiting += _HEAD.size

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
