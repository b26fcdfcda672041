"""Receipts: which calls were paid and what they said, in a file that survives being killed."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Literal

import msgspec

from headgate.errors import ConfigError

__all__ = ["Receipt", "Receipts"]

WHAT = "headgate label"


class _Head(msgspec.Struct, frozen=True):
    what: str
    version: int = 1


class Receipt(msgspec.Struct, frozen=True, omit_defaults=True):
    """A line: a call is about to be sent, was answered, or failed."""

    key: str
    """A digest of the model and the body sent."""
    state: Literal["sent", "paid", "failed"]
    nano: int
    """Sent: the most that it can cost. Else: what it cost, or may have cost, in nano-USD."""
    model: str = ""
    text: str = ""
    """What the model said."""
    stop: str = ""
    """Why it ended, as `neutral.Stop` has it."""
    input_tokens: int = 0
    output_tokens: int = 0
    at: float = 0.0
    """Seconds since 1970."""


class Receipts:
    """The state file of a command that pays: opened once, appended to, each line on disk at once.

    A call that was under way when the process was killed has no end here: its whole worst case
    counts as spent. The file holds answers, so only its owner may read it.

    Args:
        path: the file; it is made where there is none.
        what: the command, which stands in the file's first line.
        option: the option that names the file, for errors.

    Raises:
        ConfigError: the file cannot be used, or another process uses it.
    """

    def __init__(self, path: Path, what: str = WHAT, option: str = "--state") -> None:
        self.path = path
        self._what = what
        self._option = option
        self.paid: dict[str, Receipt] = {}
        self.spent = 0
        """Nano-USD over all runs."""
        self.lost = 0
        """Calls that were sent and never came back, so far as this file knows."""
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
            self._file: IO[bytes] = os.fdopen(descriptor, "a+b")
        except OSError as error:
            raise ConfigError(
                f"{path} cannot be opened: {error.strerror}.", fix=f"Name another with {option}."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._file.close()
            raise ConfigError(
                f"{path} is in use by another `{what}`.",
                fix=f"Wait for it, or name another file with {option}.",
            ) from error
        self._read()

    def _read(self) -> None:
        self._file.seek(0)
        lines = self._file.read().split(b"\n")
        if lines == [b""]:
            self._write(msgspec.json.encode(_Head(self._what)))
            return
        if _decoded(lines[0], _Head) != _Head(self._what):
            self._file.close()
            raise ConfigError(
                f"{self.path} is no state of `{self._what}`, or of another version.",
                fix=f"Name another file with {self._option}.",
            )
        under_way: dict[str, list[int]] = {}
        for line in lines[1:]:
            receipt = _decoded(line, Receipt)
            if receipt is None:
                continue  # torn when the process was killed: its `sent` stays open
            if receipt.state == "sent":
                under_way.setdefault(receipt.key, []).append(receipt.nano)
                continue
            if under_way.get(receipt.key):
                under_way[receipt.key].pop()
            self._take(receipt)
        open_ones = [nano for amounts in under_way.values() for nano in amounts]
        self.lost = len(open_ones)
        self.spent += sum(open_ones)
        if lines[-1]:
            self._file.write(b"\n")

    def _take(self, receipt: Receipt) -> None:
        self.spent += receipt.nano
        if receipt.state == "paid":
            self.paid[receipt.key] = receipt

    def add(self, receipt: Receipt) -> None:
        """Write a line, and return when it is on disk."""
        self._write(msgspec.json.encode(receipt))
        if receipt.state != "sent":
            self._take(receipt)

    def _write(self, line: bytes) -> None:
        self._file.write(line + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file; another process may use it now."""
        self._file.close()


def _decoded(line: bytes, kind: Callable[..., Any]) -> Any:
    try:
        return msgspec.json.decode(line, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None
