"""A file that a command line names: a directory in its place is told with what to write instead."""

from __future__ import annotations

import os
from pathlib import Path

import click

__all__ = ["FilePath"]


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
        if os.path.isdir(value):  # noqa: PTH112 - the value may be text or a path
            here = os.fspath(value)
            within = f"{here.rstrip('/')}/" if here.strip("/") else "/"
            self.fail(f"{here} is a directory. Name a file in it: {within}…", param, ctx)
        return super().convert(value, param, ctx)
