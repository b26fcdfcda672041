"""Worker processes that share one port: started together, replaced when they die, drained together.

The parent serves nothing. It holds one end of two kinds of pipe: through its own pipe a worker says
that it is ready, and by the lifeline, which all workers watch, they learn that the parent is gone.
Workers live in a session of their own, so that Ctrl-C reaches the parent alone.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from headgate.gateway.stopping import Stopping

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["READY", "Supervisor", "reserve"]

log = logging.getLogger("headgate.gateway")

READY = b"1"
"""What a worker writes to its pipe once it serves."""

STEADY_SECONDS = 30.0
"""A worker that lived so long is replaced at once; one that did not, after a growing pause."""
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
LATER = float("inf")
"""Not due before the first worker serves."""
Command = Callable[[int, int, int], Sequence[str]]
"""The command of worker number `i`, given its ready pipe and its end of the lifeline."""


@contextmanager
def reserve(host: str, port: int) -> Iterator[tuple[str, int]]:
    """Hold an address that several processes may listen on; port 0 takes a free one.

    Nothing listens here: the socket keeps the port and tells at once if it is taken.

    Raises:
        OSError: the address is taken or not this machine's.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        held.bind(address)
        name = held.getsockname()
        yield name[0], name[1]


class _Worker:
    """One place among the workers, and the process that has it now."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.process: subprocess.Popen[bytes] | None = None
        self.pipe = -1
        self.ready = False
        self.began = 0.0
        self.pause = FIRST_PAUSE
        self.due: float | None = 0.0 if index == 0 else LATER
        """When it is to be started; None while it runs, or is to stay away."""


class Supervisor:
    """Keeps `count` workers alive until it is told to stop.

    SIGTERM and SIGINT drain all workers; then SIGINT, or a third SIGTERM, stops them at once.
    SIGHUP goes to all.

    Args:
        command: what to start for each worker.
        count: how many, at least one.
        drain_seconds: what workers give to requests that are under way.
        kill_seconds: beyond that, until a worker that does not stop is killed.
        env: their environment; None: the parent's.
    """

    def __init__(
        self,
        command: Command,
        count: int,
        *,
        drain_seconds: float,
        kill_seconds: float = 10.0,
        env: Mapping[str, str] | None = None,
    ) -> None:
        self._command = command
        self._env = env
        self._workers = [_Worker(index) for index in range(count)]
        self._last_seconds = drain_seconds + kill_seconds
        self._lifeline = os.pipe()
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._told = False
        self._stopping = Stopping()
        self._stopping_since: float | None = None
        self._code = 0

    def run(self, ready: Callable[[], object]) -> int:
        """Start all, call `ready` once all serve, and return the exit code when all have ended.

        The others start when the first one serves: what is wrong is told once, and a new ledger is
        laid out by one process. Where a worker ends before all have been ready once, the others are
        stopped and its exit code is returned: it has said why.
        """
        with self._listening():
            while not self._over():
                self._start_due()
                self._look(self._patience())
                self._heed()
                self._bury()
                self._follow()
                if not self._told and all(worker.ready for worker in self._workers):
                    self._told = True
                    ready()
        return self._code

    @contextmanager
    def _listening(self) -> Iterator[None]:
        """Signals wake the selector through a socket, and are heeded between two looks."""
        waker, woken = socket.socketpair()
        for end in (waker, woken):
            end.setblocking(False)
        self._selector.register(woken, selectors.EVENT_READ, woken)
        before = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
        names = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
        handlers = {name: signal.signal(name, self._note) for name in names}
        try:
            yield
        finally:
            for name, handler in handlers.items():
                signal.signal(name, handler)
            signal.set_wakeup_fd(before)
            self._signal_all(signal.SIGKILL)  # none is left, unless we are leaving by an error
            for pipe in self._lifeline:
                os.close(pipe)
            self._selector.close()
            waker.close()
            woken.close()

    def _note(self, number: int, _: object) -> None:
        self._signals.append(number)

    def _over(self) -> bool:
        """Nobody runs, and nobody is to be started."""
        return all(worker.process is None and worker.due is None for worker in self._workers)

    # ---- one look

    def _start_due(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if worker.due is not None and worker.due <= now:
                self._start(worker, now)

    def _follow(self) -> None:
        if self._workers[0].ready and not self._told:
            for worker in self._workers:
                if worker.due == LATER:
                    worker.due = 0.0

    def _start(self, worker: _Worker, now: float) -> None:
        worker.pipe, theirs = os.pipe()
        lifeline = self._lifeline[0]
        try:
            worker.process = subprocess.Popen(  # noqa: S603 - our own command
                self._command(worker.index, theirs, lifeline),
                pass_fds=(theirs, lifeline),
                start_new_session=True,
                env=self._env,
            )
        finally:
            os.close(theirs)
        worker.began, worker.due, worker.ready = now, None, False
        self._selector.register(worker.pipe, selectors.EVENT_READ, worker)

    def _patience(self) -> float | None:
        """Seconds until something is due by itself."""
        starts = (worker.due for worker in self._workers)
        dues = [due for due in starts if due is not None and due < LATER]
        if self._stopping_since is not None:
            dues.append(self._stopping_since + self._last_seconds)
        return max(0.0, min(dues) - time.monotonic()) if dues else None

    def _look(self, patience: float | None) -> None:
        for key, _ in self._selector.select(patience):
            if isinstance(key.data, _Worker):
                self._hear(key.data)
            else:
                with suppress(BlockingIOError):
                    key.data.recv(4096)

    def _hear(self, worker: _Worker) -> None:
        """It is ready, or (the pipe ends) it will never be."""
        worker.ready = os.read(worker.pipe, 1) == READY
        self._selector.unregister(worker.pipe)
        os.close(worker.pipe)
        worker.pipe = -1

    def _heed(self) -> None:
        signals, self._signals = self._signals, []
        for number in signals:
            if number == signal.SIGHUP:
                self._signal_all(signal.SIGHUP)
            elif number in (signal.SIGTERM, signal.SIGINT):
                means = self._stopping.hear(number)
                if means == "drain":
                    self._stop()
                elif means == "at once":
                    self._signal_all(signal.SIGINT)
        since = self._stopping_since
        if since is not None and time.monotonic() >= since + self._last_seconds:
            log.error("workers that do not stop are killed")
            self._signal_all(signal.SIGKILL)
            self._stopping_since = time.monotonic()

    def _stop(self) -> None:
        """Have all workers drain, and start none."""
        if self._stopping_since is None:
            self._stopping_since = time.monotonic()
        for worker in self._workers:
            worker.due = None
        self._signal_all(signal.SIGTERM)

    def _signal_all(self, number: int) -> None:
        for worker in self._workers:
            if worker.process is not None:
                worker.process.send_signal(number)  # does nothing to one that has ended

    def _bury(self) -> None:
        for worker in self._workers:
            if worker.process is not None and worker.process.poll() is not None:
                self._ended(worker, worker.process.returncode)

    def _ended(self, worker: _Worker, code: int) -> None:
        pid = worker.process.pid if worker.process is not None else 0
        worker.process = None
        if worker.pipe >= 0:
            self._hear(worker)
        worker.ready = False
        if self._stopping_since is not None:
            # told to end before it could listen to signals: it ended as it was told
            heeded = code in (-signal.SIGTERM, -signal.SIGINT)
            self._code = self._code or (0 if heeded else _exit_code(code))
            return
        if not self._told:  # it could not start: that will not be better the second time
            self._code = _exit_code(code) or 1
            self._stop()
            return
        now = time.monotonic()
        steady = now - worker.began >= STEADY_SECONDS
        worker.pause = FIRST_PAUSE if steady else min(worker.pause * 2, LONGEST_PAUSE)
        worker.due = now + worker.pause
        log.error(
            "worker %d (process %d) has ended with %s; another starts in %.1f s",
            worker.index,
            pid,
            f"signal {-code}" if code < 0 else f"exit code {code}",
            worker.pause,
        )


def _exit_code(code: int) -> int:
    """As a shell tells it: 128 and the signal that ended a process."""
    return 128 - code if code < 0 else code
