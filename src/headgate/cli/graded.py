"""What the commands over graded files share: their options, reading, and opening a router."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from headgate.analysis.graded import Graded, mapping_of, read_graded
from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, fingerprint, load

__all__ = [
    "files_argument",
    "map_option",
    "need_train",
    "open_graded",
    "open_router",
    "seed_option",
]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])
SHOWN = 3


def files_argument(command: _Callback) -> _Callback:
    """Add `FILES...`; the function receives `files: tuple[Path, ...]`."""
    return click.argument(
        "files", nargs=-1, required=True, type=click.Path(path_type=Path, dir_okay=False)
    )(command)


def map_option(command: _Callback) -> _Callback:
    """Add `--map FIELD=COLUMN`, repeatable; the function receives `columns: tuple[str, ...]`."""
    return click.option(
        "--map",
        "columns",
        multiple=True,
        metavar="FIELD=COLUMN",
        help="Where a field stands if not under its own name, as cheap=score_small; repeatable.",
    )(command)


def seed_option(command: _Callback) -> _Callback:
    """Add `--seed N`; the function receives `seed: int`."""
    return click.option("--seed", default=0, show_default=True, help="Another split, other folds.")(
        command
    )


def open_graded(files: tuple[Path, ...], columns: tuple[str, ...]) -> Graded:
    """Read the files, and say on standard error which rows were left out.

    Raises:
        ConfigError: a file cannot be used.
    """
    graded = read_graded(files, mapping_of(columns))
    if graded.rejected:
        click.echo(f"{len(graded.rejected)} rows cannot be used:", err=True)
        for place, reason in graded.rejected[:SHOWN]:
            click.echo(f"  {place}: {reason}", err=True)
        if len(graded.rejected) > SHOWN:
            click.echo("  ...", err=True)
    return graded


def open_router(path: Path) -> tuple[Artifact, str]:
    """The artifact in a file, and its version.

    Raises:
        ConfigError: the file cannot be read or holds no sound router.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be read: {error.strerror}.", fix="Make one with `headgate train`."
        ) from error
    return load(data, str(path)), fingerprint(data)


def need_train() -> None:
    """Say what is missing where the extra `train` is not installed.

    Raises:
        ConfigError: numpy, scipy or scikit-learn is not there.
    """
    try:
        import scipy  # noqa: F401 - numpy comes with it
        import sklearn  # noqa: F401
    except ImportError as error:
        raise ConfigError(
            f"This needs {error.name}, which is not installed.",
            fix="Run `pip install 'headgate[train]'`.",
        ) from error
