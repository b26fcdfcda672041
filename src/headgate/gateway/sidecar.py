"""Keeps one process beside this one: started once we serve, again when it ends, ended with us.

Its standard input is its lifeline: what is written there it is told, and when it ends, even because
we were killed, so does the process. What it has to say comes by its standard output.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager, closing, suppress
from pathlib import Path
from typing import Generic, Literal, TypeVar

import msgspec

from headgate.errors import ConfigError
from headgate.gateway.private_directory import private_directory
from headgate.gateway.relay import framed, received
from headgate.gateway.supervisor import FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS

__all__ = ["Sidecar", "Trouble"]

log = logging.getLogger("headgate.gateway")

STOP_SECONDS = 5.0
LONGEST_SILENCE = 60.0
"""Seconds without a word from it, after which it is taken for hung (it was stopped, say) and ended:
it may hold the ledger, and what it should store waits. After half of it, it is in trouble."""
HEEDED = signal.SIGINT
"""What ends it once it has said something. Not SIGTERM, which a service manager may send to all
processes of a service: it is needed until all that is under way has finished, and goes on."""
Trouble = Literal["silent", "ended"]
"""It says nothing; or it has ended, and the next one has not said anything yet."""
_T = TypeVar("_T")


class Sidecar(Generic[_T]):
    """One process beside this one.

    Args:
        command: what to start, given the number of the socket that it may listen on.
        says: what its messages are.
        heard: is given each of them.
        told: is told of trouble when it begins, and why.
        well: is told when it speaks for the first time, and when it is out of trouble.
        env: its environment.
        stop_seconds: what it has to end by itself, before it is killed.
        silence_seconds: how long it may say nothing before it is taken for hung.
    """

    def __init__(
        self,
        command: Callable[[int], Sequence[str]],
        *,
        says: type[_T],
        heard: Callable[[_T], object],
        told: Callable[[Trouble, str], object] = lambda _, __: None,
        well: Callable[[], object] = lambda: None,
        env: Mapping[str, str],
        stop_seconds: float = STOP_SECONDS,
        silence_seconds: float = LONGEST_SILENCE,
    ) -> None:
        self._command = command
        self._says = says
        self._heard = heard
        self._told = told
        self._well = well
        self._env = env
        self._stop_seconds = stop_seconds
        self._silence_seconds = silence_seconds
        self._process: Process | None = None
        self._begun = asyncio.Event()
        self.trouble: Trouble | None = None
        """What is wrong with it now; None while it goes on, and before it is to begin."""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Path]:
        """Keep it, from `begin` on; gives the path of its socket, on which connections wait for it.

        Raises:
            ConfigError: the directory for temporary files cannot be used.
        """
        with ExitStack() as parts:
            path = _folder(parts) / "sidecar"
            listening = parts.enter_context(closing(_listening(path)))
            keeping = asyncio.create_task(self._keep(listening))
            try:
                yield path
            finally:
                keeping.cancel()
                await asyncio.gather(keeping, return_exceptions=True)

    def begin(self) -> None:
        """Start it: once we serve, so that it does not compete with our own start."""
        self._begun.set()

    def tell(self, message: object) -> None:
        """Tell the process something; one that is being started needs no telling."""
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(framed(message))

    async def _keep(self, listening: socket.socket) -> None:
        await self._begun.wait()
        pause = FIRST_PAUSE
        while True:
            began = time.monotonic()
            try:
                code = await self._run(listening)
                ended = f"signal {-code}" if code < 0 else f"exit code {code}"
            except (OSError, msgspec.MsgspecError) as error:
                ended = str(error)
            self._trouble("ended", ended)
            steady = time.monotonic() - began >= STEADY_SECONDS
            pause = FIRST_PAUSE if steady else min(pause * 2, LONGEST_PAUSE)
            log.error(
                "the process beside the gateway has ended (%s); another starts in %.1f s",
                ended,
                pause,
            )
            await asyncio.sleep(pause)

    def _trouble(self, trouble: Trouble, why: str) -> None:
        self.trouble = trouble
        self._told(trouble, why)

    def _fall_silent(self) -> None:
        seconds = self._silence_seconds / 2
        log.error("the process beside the gateway has said nothing for %g s", seconds)
        self._trouble("silent", f"it has said nothing for {seconds:g} s")

    async def _run(self, listening: socket.socket) -> int:
        """One life of it; the code that it ended with."""
        starting = asyncio.create_task(self._started(listening))
        try:
            process = self._process = await asyncio.shield(starting)
        except asyncio.CancelledError:  # half started, it would be nobody's
            await _ended(await starting, self._stop_seconds, signal.SIGTERM)
            raise
        by = signal.SIGTERM
        try:
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            with suppress(EOFError):
                while True:
                    said = await self._said(process.stdout)
                    if by is not HEEDED or self.trouble is not None:
                        by, self.trouble = HEEDED, None
                        self._well()
                    self._heard(said)
            return await process.wait()
        finally:
            self._process = None
            ending = asyncio.create_task(_ended(process, self._stop_seconds, by))
            try:
                await asyncio.shield(ending)
            except asyncio.CancelledError:  # we end while it is being ended
                await ending
                raise

    async def _started(self, listening: socket.socket) -> Process:
        return await asyncio.create_subprocess_exec(
            *self._command(listening.fileno()),
            stdin=PIPE,
            stdout=PIPE,
            pass_fds=[listening.fileno()],
            start_new_session=True,  # Ctrl-C is for us; we tell it
            env=dict(self._env),
        )

    async def _said(self, stdout: asyncio.StreamReader) -> _T:
        """Its next message."""
        loop = asyncio.get_running_loop()
        silent = loop.call_later(self._silence_seconds / 2, self._fall_silent)
        try:
            async with asyncio.timeout(self._silence_seconds):  # `wait_for` can lose our own end
                return await received(stdout, self._says)
        except TimeoutError as error:
            raise TimeoutError(
                f"it was silent for {self._silence_seconds:g} s: stopped, or it hangs"
            ) from error
        finally:
            silent.cancel()


async def _ended(process: Process, seconds: float, by: signal.Signals) -> None:
    """End it if it has not ended yet, by force where it does not heed; its pipes are closed."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            process.send_signal(by)
    try:
        await asyncio.wait_for(process.communicate(), seconds)
    except TimeoutError:
        log.error(
            "the process beside the gateway does not stop within %g s, and is killed; "
            "what it has not stored is in the journal, and stored at the next start",
            seconds,
        )
        with suppress(ProcessLookupError):
            process.kill()
        await process.communicate()


def _folder(parts: ExitStack) -> Path:
    try:
        return parts.enter_context(private_directory("beside"))
    except OSError as error:
        raise _no_place(error) from error


def _listening(path: Path) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        listening.bind(str(path))
        listening.listen(64)
    except OSError as error:
        listening.close()
        raise _no_place(error) from error
    return listening


def _no_place(error: OSError) -> ConfigError:
    return ConfigError(
        f"No socket can be made in the directory for temporary files: {error}.",
        fix="Set TMPDIR to a directory that can be written to and has a short path.",
    )
