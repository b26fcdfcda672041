"""The journal: append-only segments that hold an entry before the caller has the last byte."""

from __future__ import annotations

import errno
import os
import threading
from collections import deque
from pathlib import Path

import msgspec

from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt
from headgate.ledger.records import ENTRY, HEAD, MAX_PAYLOAD, PROMPT, frame
from headgate.ledger.segment import Segment
from headgate.ledger.taken import Taken, told

__all__ = ["MOST_SEGMENTS", "SPOOL_BYTES", "Journal"]

MOST_SEGMENTS = 16
"""Files that are open at once while the store is away; then the last one grows."""
ROOM_FOR_ROWS = 64 << 20
"""What prompts leave free on the journal's disk, bytes; some 170,000 rows."""
SPOOL_BYTES = 1 << 30
"""Most bytes that wait for the store, for each process; some 2,800,000 entries."""


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
        self._encode = msgspec.msgpack.Encoder().encode
        self._segments: deque[Segment] = deque()
        self._learned = Taken(0, 0, 0)
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
        Where that half is taken, only `learn` finds out that there is room again: to look for it
        here would keep those waiting who append entries.

        Raises:
            OSError, ValueError: as `append`.
        """
        disk = os.statvfs(self.directory)
        if disk.f_bavail * disk.f_frsize < ROOM_FOR_ROWS:
            raise OSError(errno.ENOSPC, f"the last {ROOM_FOR_ROWS:,} bytes of the disk are rows'")
        self._write(PROMPT, prompt, self._spool_bytes // 2)

    def _write(self, marker: bytes, value: Entry | Prompt, most_waiting: int) -> None:
        payload = self._encode(value)
        if len(payload) > MAX_PAYLOAD:
            raise ValueError(f"a record of {len(payload):,} bytes is over {MAX_PAYLOAD:,}")
        record = frame(payload, marker)
        length = len(record)
        self._lock.acquire()  # a `with` takes twice as long, and every request comes by here
        try:
            if not self._segments:
                raise ValueError("the journal is closed")
            waiting = self._waiting + length
            if waiting > most_waiting:
                waiting = self._room(marker, length, most_waiting)
            self._last().append(record)
            self._waiting = waiting
        finally:
            self._lock.release()

    def _room(self, marker: bytes, length: int, most_waiting: int) -> int:
        """What waits once a record of this length does; for an entry, room is looked for.

        Raises:
            OSError: it may not.
        """
        if marker == ENTRY:
            self._advance([(one, told(one.path)) for one in self._segments])
        waiting = self._waiting + length
        if waiting > most_waiting:
            raise OSError(errno.ENOSPC, f"{most_waiting:,} bytes wait for the store")
        return waiting

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

    def take(self, segment: Segment, begin: int, taken: Taken) -> bool:
        """What follows `begin` in an own segment is in the store (or set aside).

        False where it was learned meanwhile that somebody else has stored it: nothing is counted.
        """
        with self._lock:
            if segment.taken != begin:
                return False
            segment.take(*taken)
            self._waiting -= taken.end
            return True

    def learn(self) -> Taken:
        """What somebody who stores for all has taken of own segments since this was last asked.

        The files are read while nobody who appends has to wait: whoever writes them stands back
        where processors are scarce, and the system may have a reader wait for it.
        """
        found = [(segment, told(segment.path)) for segment in self.segments()]
        with self._lock:
            self._advance(found)
            learned, self._learned = self._learned, Taken(0, 0, 0)
            return learned

    def _advance(self, found: list[tuple[Segment, Taken | None]]) -> None:
        for segment, taken in found:
            new = segment.advance(taken)
            self._waiting -= new.end
            self._learned = Taken(*map(sum, zip(self._learned, new, strict=True)))

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
        while True:
            with self._lock:
                if len(self._segments) < 2 or not self._segments[0].empty:
                    return
                segment = self._segments.popleft()
            segment.drop()  # the system takes its time, and who appends does not wait for it

    def close(self) -> None:
        """Delete what is in the store, release the rest to whoever starts next."""
        with self._lock:
            while self._segments:
                segment = self._segments.popleft()
                if segment.empty:
                    segment.drop()
                else:
                    segment.release()
