"""Brings what stands in journal segments into the store, and takes over those of dead processes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.frames import Scan, frame
from headgate.ledger.journal import Segment, leftovers
from headgate.ledger.prompt import Prompt
from headgate.ledger.store import RowRejectedError, Store
from headgate.ledger.url import journal_directory

__all__ = ["Recovered", "Stored", "recover", "store_entries", "store_scan", "take_over"]


class Recovered(NamedTuple):
    """What the segments of dead processes gave."""

    rows: int
    damaged: int


class Stored(NamedTuple):
    """What became of the records of a scan."""

    new: int
    """Entries that the store did not have."""
    damaged: list[bytes]
    """What could not be read, and entries that the store can never hold, as frames."""
    rejected: int
    """How many entries those are."""
    dropped: int
    """Prompts that the store can never hold; they are kept nowhere."""


def recover(url: str, store: Store, *, journal: Path | None = None) -> Recovered:
    """Store what dead processes left in the journal of `url`; living ones keep their segments.

    `journal` is its directory where that is not the usual one.

    Raises:
        StoreError: the store does not take the rows; they stay in the journal.
        OSError: the journal cannot be read.
    """
    directory = journal or journal_directory(url)
    rows = damaged = 0
    if directory is not None and directory.is_dir():
        for segment in leftovers(directory):
            found = take_over(segment, store)
            rows += found.rows
            damaged += found.damaged
    return Recovered(rows, damaged)


def take_over(segment: Segment, store: Store) -> Recovered:
    """Store all of a segment and delete it; where the store fails, it stays as it was.

    Raises:
        StoreError: the store does not take its records.
    """
    rows = damaged = 0
    try:
        while not segment.empty:
            scan = segment.unread()
            stored = store_scan(store, scan)
            segment.set_aside(stored.damaged)
            segment.take(scan.end)
            rows += stored.new
            damaged += len(stored.damaged)
    except BaseException:
        segment.release()
        raise
    segment.drop()
    return Recovered(rows, damaged)


def store_scan(store: Store, scan: Scan) -> Stored:
    """Store what a scan has found.

    Raises:
        StoreError: the store cannot take it now; whatever it has taken it will know again.
    """
    new, rejected = store_entries(store, scan.entries)
    damaged = [*scan.damaged, *(frame(msgspec.msgpack.encode(entry)) for entry in rejected)]
    return Stored(new, damaged, len(rejected), store_prompts(store, scan.prompts))


def store_entries(store: Store, entries: Sequence[Entry]) -> tuple[int, list[Entry]]:
    """Store the entries in one group; where one of them spoils it, all but those that never fit.

    Returns how many were new, and those that never fit.
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


def store_prompts(store: Store, prompts: Sequence[Prompt]) -> int:
    """Store the prompts, and return how many of them can never be."""
    if not prompts:
        return 0
    try:
        store.keep_prompts(prompts)
    except RowRejectedError:
        if len(prompts) == 1:
            return 1
        return sum(store_prompts(store, [prompt]) for prompt in prompts)
    return 0
