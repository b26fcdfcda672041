"""A clock, a store, a journal and a ledger that do what a test tells them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from headgate.ledger.entry import Entry
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.prompt import Prompt
from headgate.ledger.store import RowRejectedError, StoreError
from headgate.ledger.writer import Ledger


class Watch:
    """A clock that goes when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Moody(MemoryStore):
    """A store that is away, or has no room for some rows, when a test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.broken = False
        self.cannot_hold: set[str] = set()
        self.groups: list[int] = []
        self.tried: list[int] = []

    def append(self, entries: Sequence[Entry]) -> int:
        self.tried.append(len(entries))
        if self.away:
            raise StoreError("The store is away.")
        if self.broken:
            raise ZeroDivisionError("a defect")
        if any(row.request_id in self.cannot_hold for row in entries):
            raise RowRejectedError("It cannot be held.")
        self.groups.append(len(entries))
        return super().append(entries)

    def keep_prompts(self, prompts: Sequence[Prompt]) -> int:
        if self.away:
            raise StoreError("The store is away.")
        if any(one.request_id in self.cannot_hold for one in prompts):
            raise RowRejectedError("It cannot be held.")
        return super().keep_prompts(prompts)


class FullJournal(Journal):
    """A journal whose disk is full until a test makes room."""

    full = True

    def append(self, entry: Entry) -> None:
        if self.full:
            raise OSError(28, "No space left on device")
        super().append(entry)


def held(directory: Path) -> Ledger:
    """A ledger whose writer only looks when it is asked to."""
    return Ledger(Moody(), Journal(directory / "j"), clock=Watch(), interval=600)
