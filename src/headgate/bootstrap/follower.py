"""What a serving process does of the watch: it counts its requests and follows what was decided.

Whoever looks (`bootstrap.lookout`) may be another process, or a person at the command line. What
they decide are events of the ledger, and hold in every process within `FOLLOW_SECONDS`.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from headgate.errors import HeadgateError
from headgate.ledger.store import Store
from headgate.monitor.standing import ACTION_KINDS, Action, standing
from headgate.routing.controls import STEADY, Controls
from headgate.values import Clock

__all__ = ["FOLLOW_SECONDS", "Follower", "controls_of"]

_log = logging.getLogger("headgate.watch")

TICK_SECONDS = 1.0
FOLLOW_SECONDS = 2.0
"""Between two looks for actions that another process took, or somebody at the command line."""
COMPLAIN_SECONDS = 60.0


class Follower:
    """A thread that follows, once it is started; `tick` is one turn.

    Args:
        open_store: a connection to the ledger that nobody else uses; called in the thread.
        steer: puts controls in force for every decision from now on.
        clock: the time.
        count: done at every turn; the place of what a process counts of its own requests.
    """

    def __init__(
        self,
        *,
        open_store: Callable[[], Store],
        steer: Callable[[Controls], None],
        clock: Clock,
        count: Callable[[], object] | None = None,
    ) -> None:
        self._open_store = open_store
        self._steer = steer
        self._clock = clock
        self._count = count
        self._store: Store | None = None
        self._followed = self._complained = float("-inf")
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Put in force what the ledger says, then go on in a thread.

        So a restart ends no pin, not even for its first requests.
        """
        self._heed(self._follow_when_due)
        self._thread = threading.Thread(target=self._run, name="headgate-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End the thread, then let go of what it used."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._let_go()

    def _let_go(self) -> None:
        if self._store is not None:
            self._store.close()

    def tick(self) -> None:
        """Do what is due. Never raises."""
        self._heed(self._count)
        self._heed(self._follow_when_due)

    def _run(self) -> None:
        while not self._closing.wait(TICK_SECONDS):
            self.tick()

    def _heed(self, do: Callable[[], object] | None) -> None:
        """Do it; what goes wrong is logged once in a while, and tried again at the next turn."""
        try:
            if do is not None:
                do()
        except HeadgateError as error:
            self._complain(error)
        except Exception as error:  # noqa: BLE001 - serving goes on, and so must the watch
            self._complain(error, defect=True)

    def _complain(self, error: Exception, *, defect: bool = False) -> None:
        now = self._clock.monotonic()
        if now - self._complained >= COMPLAIN_SECONDS:
            self._complained = now
            _log.error("watch.failed: %s", error, exc_info=error if defect else None)

    def _opened(self) -> Store:
        if self._store is None:
            self._store = self._open_store()
        return self._store

    def _follow_when_due(self) -> None:
        """Put in force what the events say, whoever wrote them."""
        now = self._clock.monotonic()  # the time of day may be set back
        if now - self._followed >= FOLLOW_SECONDS:
            self._followed = now
            self._steer(controls_of(standing(self._opened().events(kinds=ACTION_KINDS)).action))


def controls_of(action: Action | None) -> Controls:
    """The controls that an action stands for."""
    if action is None:
        return STEADY
    return Controls(pinned=action.kind == "pin", threshold=action.threshold)
