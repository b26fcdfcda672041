"""A file that a command line names: what may stand in its place, and how it is written."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import click

from headgate.errors import ConfigError

__all__ = ["FilePath", "can_be_written", "write_new", "write_whole"]


class FilePath(click.Path):
    """The type of an option or argument that is a file; the function receives a `Path`.

    Args:
        exists: whether it must be there already.
        allow_dash: whether `-` stands for standard input or output.
    """

    def __init__(self, *, exists: bool = False, allow_dash: bool = False) -> None:
        super().__init__(exists=exists, dir_okay=False, allow_dash=allow_dash, path_type=Path)

    def convert(
        self,
        value: str | os.PathLike[str],
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str | bytes | os.PathLike[str]:
        """The path; a directory is none."""
        here = os.fspath(value)
        if here.endswith("/") or os.path.isdir(here):  # noqa: PTH112 - text, as it was written
            within = f"{here.rstrip('/')}/" if here.strip("/") else "/"
            self.fail(f"{here} is a directory. Name a file in it: {within}…", param, ctx)
        return super().convert(value, param, ctx)


def can_be_written(path: Path, fix: str) -> None:
    """See that a file can be made at `path`, before there is anything that would be lost.

    Raises:
        ConfigError: its directory is not there, or not to be written to.
    """
    where = path if _is_device(path) else path.resolve().parent
    if not where.exists():
        raise _unwritable(path, os.strerror(errno.ENOENT), fix)
    if not os.access(where, os.W_OK):
        raise _unwritable(path, os.strerror(errno.EACCES), fix)


def write_whole(path: Path, data: bytes, fix: str) -> None:
    """Write beside the file, then rename: it is never half there, and stays where this fails.

    Behind a link the file is replaced, not the link; a device is written to.

    Raises:
        ConfigError: it cannot be written.
    """
    try:
        if _is_device(path):
            path.write_bytes(data)
            return
        path = path.resolve()
        beside = path.with_name(f"{path.name}.{os.getpid()}.new")
        try:
            beside.write_bytes(data)
            _keep_mode(path, beside.chmod)
            beside.replace(path)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error), fix) from error


def write_new(path: Path, text: str, fix: str) -> None:
    """Write a file that was not there; where that fails, it is not there afterwards either.

    Raises:
        FileExistsError: it is there already, and stays as it is.
        ConfigError: it cannot be written.
    """
    try:
        with path.open("x", encoding="utf-8", newline="") as file:
            try:
                file.write(text)
                file.flush()
            except OSError:
                path.unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error), fix) from error


def _is_device(path: Path) -> bool:
    return path.exists() and not path.is_file()


def _keep_mode(path: Path, give: Callable[[int], object]) -> None:
    if path.exists():
        give(path.stat().st_mode & 0o777)


def _unwritable(path: Path, why: str, fix: str) -> ConfigError:
    return ConfigError(f"{path} cannot be written: {why}.", fix=fix)
