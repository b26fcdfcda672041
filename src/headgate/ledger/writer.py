"""The gateway's ledger: `record` returns once an entry is safe, a thread does the rest.

    record ──> journal (a write per entry) ──> writer thread ──> store (a commit per group)

The journal is the queue: the writer reads the segments and deletes them once they are stored, so a
store that is locked or gone costs disk and no memory. Only what the journal itself cannot take
(its disk is full) waits in memory, bounded, and is tried against the store directly. While another
process tends the journal (see `tender`), the thread only learns how far that one has come.

Prompts go the same way, where they are kept at all, and give way to entries: one that the journal
has no room for is dropped.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from itertools import islice
from pathlib import Path
from time import monotonic, sleep

from headgate.ledger.complaints import Complaints
from headgate.ledger.counts import Counts, PromptCounts
from headgate.ledger.entry import Entry
from headgate.ledger.intake import (
    INTERVAL,
    LONGEST_WAIT,
    Intake,
    append,
    append_prompts,
)
from headgate.ledger.journal import SPOOL_BYTES, Journal
from headgate.ledger.late import opened_or_late
from headgate.ledger.prompt import Prompt
from headgate.ledger.rolling import Rolling
from headgate.ledger.segment import leftovers
from headgate.ledger.store import Store, StoreError
from headgate.ledger.tended import is_tended
from headgate.ledger.tidying import Tidying
from headgate.ledger.url import SERVING_PATIENCE, journal_directory, open_store
from headgate.values import Clock

__all__ = ["Ledger"]

_log = logging.getLogger("headgate.ledger")

TENDED_INTERVAL = 0.25
"""Seconds between two looks while somebody else stores: at what is stored, and whether it does."""
TENDED_PATIENCE = 5.0
"""How long a flush waits for whoever stores before it says that not all is stored."""
SWEEP_SECONDS = 60.0
"""How often to look for segments of processes that died meanwhile."""
MEMORY_PROMPTS = 1_000
"""Most prompts on their way to a ledger that is in memory itself."""
MEMORY_ROWS = 50_000
"""Most entries kept in memory while the journal fails; some 50 MB."""
GROUP_ROWS = 5_000
PIECE_ROWS, PAUSE = 50, 0.001
"""Entries that go from memory to the journal at a time, so that nobody who records waits long, and
seconds between two such pieces."""


class Ledger:
    """Takes entries from the gateway and brings them to the store; open it with `Ledger.open`."""

    def __init__(
        self,
        store: Store,
        journal: Journal | None,
        *,
        clock: Clock,
        interval: float = INTERVAL,
        memory_rows: int = MEMORY_ROWS,
        prompts_last: float | None = None,
    ) -> None:
        self.store = store
        self._journal = journal
        self._clock = clock
        self._interval = interval
        self._memory_rows = memory_rows
        self._memory: deque[Entry] = deque()
        self._prompts: deque[Prompt] = deque()
        self._taken = self._dropped = 0
        self._intake = Intake(store, clock.monotonic)
        self._complain = Complaints(clock, self._standing)
        self._rolling = Rolling(store, clock)
        self._tidying = Tidying(store, clock, prompts_last)
        self._swept = float("-inf")
        self._tended = False
        self._recorded = self._written = self._lost = self._failed = 0
        self._recovered = self._damaged = 0
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._passed = threading.Condition()
        self._asked = self._answered = 0
        self._all_stored = True
        self._closing = False
        self._safe = True
        self._thread = threading.Thread(target=self._run, name="headgate-ledger", daemon=True)
        self._thread.start()

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Clock,
        password: str | None = None,
        journal: Path | None = None,
        spool_bytes: int = SPOOL_BYTES,
        prompts_last: float | None = None,
    ) -> Ledger:
        """Open (or make) the ledger a URL names and start its writer thread.

        Rows that dead processes left in the journal are stored in the background. A store that does
        not answer now is opened when it does; until then, rows wait in the journal.

        Args:
            url: see `open_store`.
            clock: the time.
            password: for a database that asks for one.
            journal: its directory, where that is not the usual one.
            spool_bytes: how much may wait in it for the store.
            prompts_last: seconds after which a prompt is deleted; None: never by itself.

        Raises:
            ConfigError: the URL, file or directory cannot be used; says what to mend.
        """
        store = opened_or_late(
            lambda: open_store(url, password=password, patience=SERVING_PATIENCE)
        )
        directory = journal or journal_directory(url)
        try:
            own = None if directory is None else Journal(directory, spool_bytes=spool_bytes)
        except BaseException:
            store.close()
            raise
        return cls(store, own, clock=clock, prompts_last=prompts_last)

    def record(self, entry: Entry) -> None:
        """Write the entry to the journal; when this returns, it survives the process.

        Takes some microseconds and never raises. Where the journal fails, the entry waits in memory
        instead, the failure is counted, and the log says so.
        """
        self._lock.acquire()  # a `with` takes twice as long, and every request comes by here
        try:
            self._recorded += 1
            if self._journal is None:
                self._keep(entry)
            else:
                self._journal.append(entry)
        except OSError as error:
            self._failed += 1
            self._safe = False
            self._complain("ledger.journal_failed", error)
            self._keep(entry)
        except (ValueError, TypeError, OverflowError) as error:
            self._lost += 1
            self._complain("ledger.row_rejected", error)
        finally:
            self._lock.release()

    def _keep(self, entry: Entry) -> None:
        if len(self._memory) < self._memory_rows and not self._closing:
            self._memory.append(entry)
        else:
            self._lost += 1
            self._complain("ledger.row_lost", "no room is left for it in memory")

    def keep(self, prompt: Prompt) -> None:
        """Write a prompt to the journal; when this returns, it survives the process.

        Never raises. Where no room is left for it beside the entries, the prompt is dropped and
        counted, and the log says so.
        """
        with self._lock:
            try:
                if self._journal is not None and self._safe:
                    self._journal.append_prompt(prompt)
                elif self._journal is None and len(self._prompts) < MEMORY_PROMPTS:
                    self._prompts.append(prompt)
                else:
                    raise OSError("entries wait for the room that there is")
                self._taken += 1
            except (OSError, ValueError, TypeError, OverflowError) as error:
                self._dropped += 1
                self._complain("ledger.prompt_dropped", error)

    @property
    def prompts(self) -> PromptCounts:
        """What has become of the prompts so far."""
        with self._lock:
            return PromptCounts(self._taken, self._dropped)

    @property
    def safe(self) -> bool:
        """What is recorded now survives the process: the journal takes it.

        Whoever would rather refuse a request than serve it without a safe row asks before. It turns
        true again by itself, once the journal takes records and nothing waits in memory.
        """
        return self._safe

    @property
    def counts(self) -> Counts:
        """What has become of the entries so far."""
        with self._lock:
            return Counts(
                recorded=self._recorded,
                written=self._written,
                pending=self._recorded - self._written - self._lost,
                lost=self._lost,
                failed=self._failed,
                recovered=self._recovered,
                damaged=self._damaged,
            )

    def flush(self, timeout: float = 30.0) -> bool:
        """Wait until all that was recorded before is in the store, dead processes' rows too.

        Blocks: on an event loop, call it in a thread. Returns False when the store failed or did
        not finish within `timeout` seconds; the rows stay where they are safe.
        """
        if not self._thread.is_alive():
            return self.counts.pending == 0
        with self._passed:
            self._asked += 1
            asked = self._asked
            self._wake.set()
            answered = self._passed.wait_for(lambda: self._answered >= asked, timeout)
            return answered and self._all_stored

    def close(self) -> None:
        """Store what can be stored, end the writer thread, close the store.

        Rows that the store does not take stay in the journal for the next start, and the log says
        how many. Closing twice is harmless.
        """
        again, self._closing = self._closing, True
        self._wake.set()
        self._thread.join()
        with self._lock:
            self._spill()
        left = self.counts.pending
        if self._journal is not None and left and not self._all_stored and not again:
            where = self._journal.directory
            _log.warning("ledger.left: %d rows wait in %s for the next start", left, where)
        with self._lock:
            if self._journal is not None:
                self._journal.close()
        self.store.close()

    def _spill(self) -> None:
        """The last chance of rows in memory: the journal may work again."""
        while self._memory:
            entry = self._memory.popleft()
            try:
                if self._journal is None:
                    raise OSError("there is no journal")
                self._journal.append(entry)
            except OSError as error:
                self._lost += 1
                self._complain("ledger.row_lost", error)

    def _run(self) -> None:
        wait = self._interval
        closing = False
        while not closing:
            self._wake.wait(wait)
            self._wake.clear()
            closing, asked = self._closing, self._asked
            done = self._pass(sweep=asked > self._answered)
            usual = TENDED_INTERVAL if self._tended else self._interval
            wait = usual if done else min(wait * 2, LONGEST_WAIT)
            with self._passed:
                self._answered, self._all_stored = asked, done
                self._passed.notify_all()

    def _pass(self, *, sweep: bool) -> bool:
        """Bring everything there is to the store once; False where it failed."""
        try:
            self._mend()
            stored = True
            if self._journal is not None and self._look(self._journal):
                stored = not sweep or self._await(self._journal)
            elif self._journal is not None:
                self._store(self._journal)
            self._store_memory()
            if not self._tended:
                self._sweep(now=sweep)
                if not self._closing:
                    self._rolling.turn()
                    self._tidying.turn()
        except Exception as error:  # noqa: BLE001 - the rows are safe, and the thread must live on
            self._intake.failed()
            with self._lock:
                self._failed += 1
                known = isinstance(error, (StoreError, OSError))
                self._complain("ledger.store_failed", error, defect=None if known else error)
            return False
        finally:
            self._count_dropped()
        return stored

    def _look(self, journal: Journal) -> bool:
        """Learn what somebody who stores for all has stored; False where there is nobody.

        At the end this process stores what it has left, which would wait for the next start.
        """
        before = self._tended
        self._tended = not self._closing and is_tended(journal.directory)
        if before or self._tended:
            self._learn(journal)
        return self._tended

    def _learn(self, journal: Journal) -> None:
        _, stored, rejected = journal.learn()
        self._count(stored, rejected)
        journal.drop_taken()

    def _await(self, journal: Journal) -> bool:
        """Wait until all that is written now is stored by somebody else; False where it is not."""
        marks = [(segment, segment.size) for segment in journal.segments()]
        until = monotonic() + TENDED_PATIENCE
        while any(segment.taken < size for segment, size in marks):
            if monotonic() > until or self._closing:
                return False
            sleep(PAUSE)
            self._learn(journal)
        return True

    def _store(self, journal: Journal) -> None:
        for segment in journal.segments():
            target = segment.size  # what comes meanwhile is for the next pass, in a group again
            while (begin := segment.taken) < target:
                taken = self._intake.group(segment)
                if journal.take(segment, begin, taken):
                    self._count(taken.stored, taken.rejected)
            journal.drop_taken()

    def _store_memory(self) -> None:
        while group := self._in_memory():
            _, rejected = append(self.store, group)
            for _ in group:
                self._memory.popleft()
            self._count(len(group) - len(rejected), len(rejected))
        while self._prompts:
            self._intake.dropped += append_prompts(self.store, [self._prompts[0]])
            self._prompts.popleft()

    def _count_dropped(self) -> None:
        dropped, self._intake.dropped = self._intake.dropped, 0
        if dropped:
            with self._lock:
                self._dropped += dropped
                self._complain("ledger.prompt_dropped", "the store can never hold it")

    def _in_memory(self) -> list[Entry]:
        with self._lock:
            return list(islice(self._memory, GROUP_ROWS))

    def _count(self, written: int, rejected: int) -> None:
        with self._lock:
            self._written += written
            self._lost += rejected
            if rejected:
                self._complain("ledger.row_rejected", "the store can never hold it")

    def _sweep(self, *, now: bool) -> None:
        time = self._clock.monotonic()
        if self._journal is None or not (now or time - self._swept >= SWEEP_SECONDS):
            return
        for segment in leftovers(self._journal.directory):
            if is_tended(self._journal.directory):
                segment.release()  # there may be many, and this is no longer ours to do
                break
            found = self._intake.take_over(segment)
            with self._lock:
                self._recovered += found.rows
                self._damaged += found.damaged
                if found.damaged:
                    self._complain("ledger.segment_damaged", "torn records were set aside")
        self._swept = time

    def _mend(self) -> None:
        """After the journal failed: what waits in memory goes there once it takes records again."""
        if self._safe or self._journal is None:
            return
        try:
            with self._lock:
                self._journal.probe()
            while self._write_down(self._journal):
                sleep(PAUSE)  # whoever records has the lock meanwhile
        except OSError:
            return  # the store itself may take what is in memory

    def _write_down(self, journal: Journal) -> bool:
        """Bring a few of the entries in memory to the journal; False once there are none."""
        with self._lock:
            for entry in list(islice(self._memory, PIECE_ROWS)):
                try:
                    journal.append(entry)
                except (ValueError, TypeError, OverflowError) as error:
                    self._lost += 1  # this one can never be written down
                    self._complain("ledger.row_rejected", error)
                self._memory.popleft()
            if not self._memory:
                self._safe = not self._closing
            return bool(self._memory)

    def _standing(self) -> str:
        return (
            f"recorded {self._recorded}, written {self._written}, in memory {len(self._memory)}, "
            f"lost {self._lost}, failed {self._failed}, prompts dropped {self._dropped}"
        )
