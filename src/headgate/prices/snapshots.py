"""Fetched price lists on disk: each a directory that is written whole, then named, never changed.

A name is the moment it was taken and a digest of its content,
`20261123T204105.250000Z-9f2c41d07ab3e655`; the fraction keeps two lists of one second in order.
A directory whose content is not what its name says is passed over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from headgate.prices.table import Table

__all__ = ["Snapshots"]

KEPT = 3
"""How many lists stay; older ones are removed once a newer one is in place."""

_NAME = re.compile(r"\d{8}T\d{6}(?:\.\d{6})?Z-(?P<digest>[0-9a-f]{16})")
_STAGE = ".incoming-"


class Snapshots:
    """The lists of one directory, which need not be there."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def newest(self) -> Table | None:
        """The newest list that is whole; None where there is none."""
        for path in self._paths():
            table = _whole(path)
            if table is not None:
                return table
        return None

    def damaged(self) -> list[Path]:
        """The lists that are not what their names say."""
        return [path for path in self._paths() if _whole(path) is None]

    def stage(self, files: Mapping[str, bytes]) -> Path:
        """Write a list beside the others without a name yet: nobody reads it.

        Raises:
            OSError: the directory cannot be written.
        """
        self.directory.mkdir(parents=True, exist_ok=True)
        stage = self.directory / f"{_STAGE}{os.urandom(8).hex()}"
        stage.mkdir()
        for name, content in files.items():
            with (stage / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        return stage

    def keep(self, stage: Path, at: datetime) -> Path:
        """Give a staged list its name: from now on it is the newest.

        Raises:
            OSError: the directory cannot be written.
        """
        name = f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}-{_digest(stage)}"
        path = self.directory / name
        if path.exists():
            self.drop(stage)  # the same list at the same moment
        else:
            stage.rename(path)
            _sync(self.directory)
        for old in list(self._paths())[KEPT:]:
            self.drop(old)
        return path

    def drop(self, path: Path) -> None:
        """Remove a list, such as a staged one that was not found fit; it need not be there."""
        import shutil  # only an update gets here, and every command reads this file

        shutil.rmtree(path, ignore_errors=True)

    def _paths(self) -> Iterator[Path]:
        """All lists by name, the newest first."""
        try:
            paths = sorted(self.directory.iterdir(), reverse=True)
        except OSError:
            return
        yield from (path for path in paths if _NAME.fullmatch(path.name))


def _whole(path: Path) -> Table | None:
    match = _NAME.fullmatch(path.name)
    try:
        if match is None or _digest(path) != match["digest"]:
            return None
        return Table(path)
    except (OSError, msgspec.DecodeError):
        return None


def _digest(directory: Path) -> str:
    """16 hex digits of the SHA-256 over the names and contents of all files."""
    import hashlib  # most commands never find a fetched list

    digest = hashlib.sha256()
    for path in sorted(directory.iterdir()):
        content = path.read_bytes()
        digest.update(f"{path.name} {len(content)}\n".encode())
        digest.update(content)
    return digest.hexdigest()[:16]


def _sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
