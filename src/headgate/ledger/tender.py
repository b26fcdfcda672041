"""Stores for all processes of a journal, beside them, so that they only have to write."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from headgate.ledger.complaints import Complaints
from headgate.ledger.intake import LONGEST_WAIT, Intake
from headgate.ledger.rolling import Rolling
from headgate.ledger.segment import SUFFIX, Segment, leftovers
from headgate.ledger.store import Store, StoreError
from headgate.ledger.taken import forget
from headgate.ledger.tended import hold, let_go
from headgate.ledger.tidying import Tidying
from headgate.values import Clock

__all__ = ["Tender"]

TURN_SECONDS = 0.25
"""Between two turns: what a power cut (not a crash) can take. A turn costs some 0.6 ms of a
processor besides its rows, which with ten turns and 3,000 rows a second was a sixth of all."""
SWEEP_SECONDS = 2.0
"""How often to look for segments of processes that have ended."""


class Tender:
    """A thread that stores, once it is started; `turn` is one turn.

    While another process tends the journal, it waits for that one to end. Where it ends itself, by
    `kill -9` too, each process stores its own rows again.

    Args:
        store: a connection to the ledger that nobody else uses.
        directory: the journal's.
        clock: the time.
        failed: called at every time that the store failed.
        dropped: told how many prompts were given up, at every time that some were.
        prompts_last: seconds after which a prompt is deleted; None: never by itself.
    """

    def __init__(
        self,
        store: Store,
        directory: Path,
        *,
        clock: Clock,
        failed: Callable[[], object],
        dropped: Callable[[int], object] = lambda _: None,
        prompts_last: float | None = None,
    ) -> None:
        self._store = store
        self._directory = directory
        self._clock = clock
        self._failed = failed
        self._tell_dropped = dropped
        self._intake = Intake(store, clock.monotonic)
        self._complain = Complaints(clock, self._standing)
        self._followed: dict[Path, Segment] = {}
        self._held: int | None = None
        self._rolling = Rolling(store, clock)
        self._tidying = Tidying(store, clock, prompts_last)
        self._swept = float("-inf")
        self._stored = self._rejected = self._dropped = 0
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Store from now on."""
        self._thread = threading.Thread(target=self._run, name="headgate-ledger", daemon=True)
        self._thread.start()

    def finish(self) -> None:
        """End the thread, then store what is there by now.

        For when the gateway has been killed: its segments are nobody's any more.
        """
        self._stop()
        self._closing.clear()
        self._swept = float("-inf")
        self.turn()

    def close(self) -> None:
        """End after the group that is under way; what is left stays in the journal.

        Closes the store too.
        """
        self._stop()
        for segment in self._followed.values():
            segment.release()
        self._followed.clear()
        if self._held is not None:
            let_go(self._directory, self._held)
            self._held = None
        self._store.close()

    def _stop(self) -> None:
        self._closing.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        wait = TURN_SECONDS
        while not self._closing.wait(wait):
            wait = TURN_SECONDS if self.turn() else min(wait * 2, LONGEST_WAIT)

    def turn(self) -> bool:
        """Store what all have written; False where that failed, and nothing is lost by it."""
        try:
            if self._held is None:
                self._held = hold(self._directory)
            if self._held is not None:
                for segment in self._there():
                    self._take(segment)
                self._sweep()
                if not self._closing.is_set():
                    self._rolling.turn()
                    self._tidying.turn()
        except Exception as error:  # noqa: BLE001 - the rows are safe, and the thread must live on
            self._intake.failed()
            known = isinstance(error, (StoreError, OSError))
            self._complain("ledger.store_failed", error, defect=None if known else error)
            self._failed()
            return False
        return True

    def _there(self) -> list[Segment]:
        """The segments of living processes."""
        paths = set(self._directory.glob(f"*{SUFFIX}"))
        for path in self._followed.keys() - paths:
            self._followed.pop(path).release()
            forget(path)  # we may have told of it after it was dropped
        for path in paths - self._followed.keys():
            try:
                segment = Segment.follow(path)
            except OSError:
                continue  # the sweep says so
            if segment is not None:
                self._followed[path] = segment
        return list(self._followed.values())

    def _take(self, segment: Segment) -> None:
        segment.grow()
        target = segment.size  # what comes meanwhile is for the next turn, in a group again
        while segment.taken < target and not self._closing.is_set():
            taken = self._intake.group(segment)
            if not taken.end:
                return  # a record is being written
            segment.take(*taken)
            segment.tell()
            self._count(taken.stored, taken.rejected, "they can never be stored")

    def _sweep(self) -> None:
        now = self._clock.monotonic()
        if now - self._swept < SWEEP_SECONDS:
            return
        self._swept = now  # where one cannot be read, the living do not wait for it
        for segment in leftovers(self._directory):
            found = self._intake.take_over(segment, going_on=lambda: not self._closing.is_set())
            self._count(found.rows, found.damaged, "torn records, or rows that cannot be stored")

    def _count(self, stored: int, rejected: int, why: str) -> None:
        self._stored += stored
        self._rejected += rejected
        if rejected:
            self._complain("ledger.rows_set_aside", why)
        if self._intake.dropped > self._dropped:
            self._tell_dropped(self._intake.dropped - self._dropped)
            self._dropped = self._intake.dropped
            self._complain("ledger.prompt_dropped", "the store can never hold it")

    def _standing(self) -> str:
        dropped = self._intake.dropped
        return f"stored {self._stored}, set aside {self._rejected}, prompts dropped {dropped}"
