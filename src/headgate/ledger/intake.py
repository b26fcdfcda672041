"""Brings what stands in segments to the store: in groups, and without the rows that never fit."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.prompt import Prompt
from headgate.ledger.records import Scan, frame
from headgate.ledger.segment import GROUP_BYTES, Segment, leftovers
from headgate.ledger.store import RowRejectedError, Store
from headgate.ledger.taken import Taken
from headgate.ledger.url import journal_directory

__all__ = [
    "INTERVAL",
    "LONGEST_WAIT",
    "TRIAL_BYTES",
    "Intake",
    "Recovered",
    "append",
    "append_prompts",
    "recover",
]

_log = logging.getLogger("headgate.ledger")

INTERVAL = 0.1
"""Seconds between two looks at the journal where each process stores its own rows: how far the
store lags behind, and what a power cut (not a crash) takes; else it is `TURN_SECONDS`."""
LONGEST_WAIT = 5.0
"""Seconds between two tries while the store fails."""

TRIAL_BYTES = 8 << 10
"""What a store that has failed is tried with, some 20 rows; each group that it takes in time may be
twice as large. Reading thousands of rows again for each vain try would slow the callers down."""
FIRST_BYTES = 256 << 10
"""What a store that is not known yet is given, some 700 rows."""
GROUP_SECONDS = 0.25
"""How long storing a group should take: for so long nobody else can write, and budgets must."""


class Recovered(NamedTuple):
    """What the segments of dead processes gave."""

    rows: int
    damaged: int


def recover(
    url: str,
    store: Store,
    *,
    journal: Path | None = None,
    monotonic: Callable[[], float] = time.monotonic,
) -> Recovered:
    """Store what dead processes left in the journal of `url`; living ones keep their segments.

    `journal` is its directory where that is not the usual one; `monotonic` tells how long storing
    takes, so that the store is never held for long.

    Raises:
        StoreError: the store does not take the rows; they stay in the journal.
        OSError: the journal cannot be read.
    """
    directory = journal or journal_directory(url)
    rows = damaged = 0
    if directory is not None and directory.is_dir():
        intake = Intake(store, monotonic)
        try:
            for segment in leftovers(directory):
                found = intake.take_over(segment)
                rows += found.rows
                damaged += found.damaged
        finally:  # what is dropped is dropped, though the store fails at the next segment
            if intake.dropped:
                _log.error(
                    "ledger.prompt_dropped: the store can never hold %d of them", intake.dropped
                )
    return Recovered(rows, damaged)


def append(store: Store, entries: Sequence[Entry]) -> tuple[int, list[Entry]]:
    """Store the entries in one group; where one of them spoils it, all but those that never fit.

    Returns how many were new, and those that can never be stored.
    """
    if not entries:
        return 0, []
    try:
        return store.append(entries), []
    except RowRejectedError:
        new = 0
        rejected: list[Entry] = []
        for entry in entries:
            try:
                new += store.append([entry])
            except RowRejectedError:
                rejected.append(entry)
        return new, rejected


def append_prompts(store: Store, prompts: Sequence[Prompt]) -> int:
    """Store the prompts, and return how many of them can never be; these are kept nowhere."""
    if not prompts:
        return 0
    try:
        store.keep_prompts(prompts)
    except RowRejectedError:
        if len(prompts) > 1:
            return sum(append_prompts(store, [prompt]) for prompt in prompts)
        return 1
    return 0


def _set_aside(segment: Segment, scan: Scan, rejected: list[Entry]) -> None:
    framed = [frame(msgspec.msgpack.encode(entry)) for entry in rejected]
    segment.set_aside([*scan.damaged, *framed])


class Intake:
    """Stores segments in groups; small ones while the store fails or is slow.

    Args:
        store: takes the rows.
        monotonic: seconds that only grow: tells how long it took.
    """

    def __init__(self, store: Store, monotonic: Callable[[], float]) -> None:
        self._store = store
        self._monotonic = monotonic
        self._group_bytes = FIRST_BYTES
        self.dropped = 0
        """Prompts that the store can never hold; they are kept nowhere."""

    def group(self, segment: Segment) -> Taken:
        """Store the next rows of a segment, `GROUP_BYTES` of it at most.

        Raises:
            StoreError: the store does not take them; call `failed`, and try again.
        """
        return self._next(segment)[0]

    def take_over(
        self, segment: Segment, *, going_on: Callable[[], bool] = lambda: True
    ) -> Recovered:
        """Store what a dead process left in a segment, and delete it.

        Args:
            segment: of nobody any more; it is dropped, or released where rows are left.
            going_on: asked after each group; where it says no, the rest is left to others.

        Raises:
            StoreError: the store does not take the rows; the segment is released.
        """
        rows = damaged = 0
        try:
            while not segment.empty and going_on():
                taken, new = self._next(segment)
                segment.take(*taken)
                rows += new
                damaged += taken.rejected
        except BaseException:
            segment.release()
            raise
        if segment.empty:
            segment.drop()
        else:
            segment.release()
        return Recovered(rows, damaged)

    def _next(self, segment: Segment) -> tuple[Taken, int]:
        """Store a group; what it was, and how many of its rows were new."""
        scan = segment.unread(self._group_bytes)
        began = self._monotonic()
        new, rejected = append(self._store, scan.entries)
        dropped = append_prompts(self._store, scan.prompts)
        self._fit(scan.end, self._monotonic() - began)
        _set_aside(segment, scan, rejected)
        self.dropped += dropped  # only now: what fails before is tried again as a whole
        lost = len(rejected)
        return Taken(scan.end, len(scan.entries) - lost, lost + len(scan.damaged)), new

    def _fit(self, size: int, seconds: float) -> None:
        """Make the next group as large as `GROUP_SECONDS` allow, going by the last one."""
        if 2 * seconds > GROUP_SECONDS:
            self._group_bytes = int(size * GROUP_SECONDS / seconds)
        else:
            self._group_bytes = max(self._group_bytes, 2 * size)
        self._group_bytes = min(max(self._group_bytes, TRIAL_BYTES), GROUP_BYTES)

    def failed(self) -> None:
        """The store has failed: it is tried with few rows until it takes some."""
        self._group_bytes = TRIAL_BYTES
