"""journal and writers as one machine: whatever fails, and whenever it dies, no safe row is lost.

Two workers share a directory and a store. At random they record, on a disk that may take only a
part of a record and may not be mended afterwards; look at their journals, while the store is away,
takes a group and dies before it says so, or is well; and die, and are replaced. Now and then there
is somebody who stores for both, under the same conditions, and goes again. After every step,
and in the middle of every commit, the directory is copied with what the store holds by then: that
is the machine killed at this moment. Its successor must find each safe row in the copy, once.
"""

from __future__ import annotations

import errno
import os
import resource
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

import msgspec
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from headgate.ledger import writer
from headgate.ledger.entry import Entry
from headgate.ledger.intake import recover
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.records import frame
from headgate.ledger.store import StoreError
from headgate.ledger.tender import Tender
from headgate.ledger.writer import Ledger
from tests.ledger.samples import entry

SEGMENT_BYTES, SPOOL_BYTES, MEMORY_ROWS = 1500, 20_000, 4
"""So small that segments rotate, the spool fills and memory overflows within a few steps."""

MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
WORKERS = st.integers(0, 1)
RECORD = frame(msgspec.msgpack.encode(entry(request_id="never acknowledged")))


class Shelf(MemoryStore):
    """A store that fails as it is told, and says when it is about to commit and when it has."""

    def __init__(self, commits: Callable[[], None] = lambda: None) -> None:
        super().__init__()
        self.mood = "well"
        self.commits = commits

    def append(self, entries: Sequence[Entry]) -> int:
        self.commits()
        if self.mood == "away":
            raise StoreError("The store is away.")
        new = super().append(entries)
        self.commits()
        if self.mood == "dies":
            raise StoreError("It has committed, and its answer was lost.")
        return new


class Still:
    """A clock that stands."""

    def time(self) -> float:
        return 1e9

    def monotonic(self) -> float:
        return 1000.0


@contextmanager
def room_for(length: int) -> Iterator[None]:
    """No file grows beyond this length: the kernel writes what fits, as on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (length, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class Machine(RuleBasedStateMachine):
    """See the top of the file."""

    def __init__(self) -> None:
        super().__init__()
        self.home = TemporaryDirectory(dir=MEMORY)
        self.directory = Path(self.home.name) / "journal"
        self.shelf = Shelf(self.killed_meanwhile)
        self.wrong: list[AssertionError] = []  # the writer's thread lives on, whatever is raised
        self.journals: list[Journal] = []
        self.workers: list[Ledger] = []
        self.recorded: list[list[str]] = [[], []]  # by the worker that lives now
        self.safe: set[str] = set()
        self.all: set[str] = set()
        self.torn = 0
        self.tender: Tender | None = None
        for _ in range(2):
            self.journals.append(self.journal())
            self.workers.append(self.worker(self.journals[-1]))

    def journal(self) -> Journal:
        return Journal(self.directory, segment_bytes=SEGMENT_BYTES, spool_bytes=SPOOL_BYTES)

    def worker(self, journal: Journal) -> Ledger:
        return Ledger(self.shelf, journal, clock=Still(), interval=3600, memory_rows=MEMORY_ROWS)

    # ---- what happens

    @rule(one=WORKERS, tags=st.sampled_from(["", "x" * 900]))
    def record(self, one: int, tags: str) -> None:
        ledger, name = self.workers[one], f"r{len(self.all)}"
        before = ledger.counts
        self.all.add(name)
        self.recorded[one].append(name)
        ledger.record(entry(request_id=name, tags=tags))
        if ledger.counts.failed == before.failed and ledger.counts.lost == before.lost:
            self.safe.add(name)

    @rule(one=WORKERS, room=st.integers(0, len(RECORD) + 10), stuck=st.booleans())
    def record_on_a_full_disk(self, one: int, room: int, stuck: bool) -> None:
        with ExitStack() as faults:
            if stuck:
                failing = OSError(errno.EIO, "it cannot be cut")
                faults.enter_context(patch.object(os, "ftruncate", side_effect=failing))
            faults.enter_context(room_for(self.journals[one].segments()[-1].size + room))
            self.record(one, "")

    @rule(one=WORKERS, mood=st.sampled_from(["well", "well", "away", "dies"]))
    def look(self, one: int, mood: str) -> None:
        ledger, self.shelf.mood = self.workers[one], mood
        with patch.object(writer, "TENDED_PATIENCE", 0.0):  # nobody tends meanwhile
            stored = ledger.flush()
        self.shelf.mood = "well"
        if stored:
            self.all_told(one)

    @rule(one=WORKERS, mood=st.sampled_from(["well", "away", "dies"]))
    def die_and_come_back(self, one: int, mood: str) -> None:
        """What was only in its memory may be gone, if neither journal nor store took it then."""
        self.shelf.mood = mood
        self.workers[one].close()
        self.shelf.mood = "well"
        if self.workers[one].counts.pending == 0:
            self.all_told(one)
        self.recorded[one].clear()
        self.journals[one] = self.journal()
        self.workers[one] = self.worker(self.journals[one])

    @rule(mood=st.sampled_from(["well", "well", "away", "dies"]))
    def tend(self, mood: str) -> None:
        """By one who has come just now, or was there before."""
        self.shelf.mood = mood
        if self.tender is None:
            self.tender = Tender(self.shelf, self.directory, clock=Still(), failed=lambda: None)
        self.tender.turn()
        self.shelf.mood = "well"

    @rule()
    def tend_no_more(self) -> None:
        if self.tender is not None:
            self.tender.close()
            self.tender = None

    # ---- what must hold

    def all_told(self, one: int) -> None:
        """Nothing is pending: each row is in the store or counted as lost."""
        counts = self.workers[one].counts
        stored = {row.request_id for row in self.shelf.entries()}
        there = stored.intersection(self.recorded[one])
        assert counts.pending == 0
        assert (counts.recorded, counts.written) == (len(self.recorded[one]), len(there))
        self.safe |= there

    def killed_meanwhile(self) -> None:
        try:
            self.killed_now()
        except AssertionError as error:
            self.wrong.append(error)

    @invariant()
    def nothing_was_wrong_meanwhile(self) -> None:
        for error in self.wrong:
            raise error

    @invariant()
    def killed_now(self) -> None:
        """A copy of the disk at this moment, with a last record that was torn, is taken over."""
        with TemporaryDirectory(dir=MEMORY) as folder:
            directory, store = Path(folder) / "journal", MemoryStore()
            shutil.copytree(self.directory, directory)
            MemoryStore.append(store, list(self.shelf.entries()))
            self.torn = (self.torn + 37) % len(RECORD)
            for segment in sorted(directory.glob("*.segment"))[:1]:
                with segment.open("ab") as file:
                    file.write(RECORD[: self.torn])
            recover("", store, journal=directory)
            rows = [row.request_id for row in store.entries()]
            assert len(rows) == len(set(rows))
            assert self.safe <= set(rows) <= self.all
            assert not list(directory.glob("*.segment"))

    def teardown(self) -> None:
        self.shelf.commits = lambda: None
        self.tend_no_more()
        for ledger in self.workers:
            ledger.close()
        assert self.safe <= {row.request_id for row in self.shelf.entries()}
        self.home.cleanup()


TestNothingLost = Machine.TestCase
TestNothingLost.settings = settings(max_examples=25, stateful_step_count=30)
