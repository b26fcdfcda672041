"""Starts child processes, waits until each is ready, and leaves none behind.

Children live in a session of their own, so that Ctrl-C reaches the parent alone, which then stops
them in order; and on a leash (see `leash`), so that they end even when the parent is killed.
"""

from __future__ import annotations

import http.client
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import msgspec

from headgate.errors import HeadgateError
from headgate.testing.meter import Calls, TallyReport
from headgate.testing.provider import Ready

__all__ = ["Child", "ChildError", "Children"]

GRACE_SECONDS = 30.0
"""More than a gateway gives the process beside it; a killed one leaves its directory behind."""
LOG_LINES = 20


class ChildError(HeadgateError):
    """A child process did not become ready, or ended when it should not have."""

    exit_code = 1


class Child:
    """One running child process; its output goes to `log`."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self.name = name
        self.process = process
        self.log = log
        self.address = ""
        """Where it listens: `http://HOST:PORT`; empty for one that does not say."""

    @property
    def alive(self) -> bool:
        """Whether it still runs."""
        return self.process.poll() is None

    def last_words(self) -> str:
        """The end of its log, for an error message."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])

    def fetch(
        self, path: str, method: str = "GET", body: bytes = b"", **headers: str
    ) -> tuple[int, bytes]:
        """Ask it something over HTTP: the status and the body. An underscore is a hyphen.

        Raises:
            OSError, http.client.HTTPException: there is no answer.
        """
        connection = http.client.HTTPConnection(self.address.removeprefix("http://"), timeout=10)
        try:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, named)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def tally(self) -> TallyReport:
        """A simulated provider's own books."""
        return msgspec.json.decode(self.fetch("/_tally")[1], type=TallyReport)

    def calls(self) -> Calls:
        """A simulated provider's billed calls, equal ones counted."""
        return msgspec.json.decode(self.fetch("/_calls")[1], type=Calls)

    def forget(self) -> None:
        """Make a simulated provider begin its books, its cache and its failures anew."""
        self.fetch("/_reset", "POST")

    def stop(self, grace: float = GRACE_SECONDS) -> int:
        """Ask it to end, wait `grace` seconds, then insist. Returns its exit code."""
        if self.alive:
            self.process.terminate()
        try:
            code = self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            code = self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        return code


class Children:
    """A group of child processes; leaving the `with` block stops them, the last started first.

    Logs go to `directory`, or to a temporary one that goes away with the group.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="headgate-")
        self.directory = directory or Path(self._temporary.name if self._temporary else ".")
        self._children: list[Child] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def start(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        ready: Callable[[Child], bool],
        timeout: float = 60.0,
    ) -> Child:
        """Run `python -m ARGUMENTS` on a leash, and wait until `ready` says that it is.

        Args:
            name: what it is called in errors, and its log file.
            arguments: a module's name, or `module:function`, and its arguments.
            environment: further environment variables.
            ready: asked again and again; may set `address`.
            timeout: seconds until waiting is given up.

        Raises:
            ChildError: it ended, or was not ready in time; its last words are in the message.
        """
        log = self.directory / f"{name}.log"
        with log.open("wb") as output:
            process = self._spawn(arguments, environment, output)
        child = Child(name, process, log)
        self._children.append(child)
        deadline = time.monotonic() + timeout
        while not ready(child):
            if not child.alive or time.monotonic() > deadline:
                raise _not_ready(child, timeout)
            time.sleep(0.01)
        return child

    def provider(self, name: str, *options: str) -> Child:
        """Start a simulated provider (`python -m headgate.testing.provider OPTIONS`)."""
        return self.start(
            name, ["headgate.testing.provider", *options], ready=_says_where_it_listens
        )

    def gateway(self, config: Path, environment: Mapping[str, str]) -> Child:
        """Start `headgate serve` with this file; the environment holds the keys it names."""
        return self.start(
            "gateway",
            ["headgate.cli.main:main", "serve", "--config", str(config)],
            environment=environment,
            ready=_serves,
        )

    def pages(self, config: Path) -> Child:
        """Start `headgate ui` with this file, on a free port."""
        return self.start(
            "pages",
            ["headgate.cli.main:main", "ui", "--config", str(config), "--port", "0"],
            ready=_says_an_address,
        )

    def stop(self) -> None:
        """Stop all of them, the last started first."""
        while self._children:
            self._children.pop().stop()
        if self._temporary is not None:
            self._temporary.cleanup()

    @staticmethod
    def _spawn(
        arguments: Sequence[str], environment: Mapping[str, str] | None, output: IO[bytes]
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own modules
            [sys.executable, "-m", "headgate.testing.leash", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,
        )


def _not_ready(child: Child, timeout: float) -> ChildError:
    words = child.last_words() or "(it said nothing)"
    what = (
        f"was not ready within {timeout:g} s"
        if child.alive
        else f"ended with exit code {child.process.returncode}"
    )
    return ChildError(f"{child.name} {what}.", fix=f"Its last words:\n{words}")


def _says_where_it_listens(child: Child) -> bool:
    """The first line of the log that is a JSON object with an address says it."""
    text = child.log.read_text(errors="replace")
    for line in text.splitlines(keepends=True):
        if line.startswith('{"address":') and line.endswith("\n"):
            child.address = msgspec.json.decode(line, type=Ready).address
            return True
    return False


_LISTENS = re.compile(
    r"^Headgate (listens|shows its pages) on (?P<address>http://\S+)$", re.MULTILINE
)


def _serves(child: Child) -> bool:
    """The gateway has said where it listens, and says that it is ready."""
    return (bool(child.address) or _says_an_address(child)) and child.fetch("/readyz")[0] == 200


def _says_an_address(child: Child) -> bool:
    said = _LISTENS.search(child.log.read_text(errors="replace"))
    child.address = said["address"] if said else ""
    return bool(child.address)
