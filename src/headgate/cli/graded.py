"""What the commands over graded files share: their options, reading, and opening a router."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from headgate.analysis.graded import Graded
from headgate.analysis.pairs import Names
from headgate.analysis.readers import UnreadableError
from headgate.analysis.rows import GradedRow
from headgate.cli.numbers import SEED, Real
from headgate.cli.reading import notes_of, open_reader, reader_options
from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact, fingerprint, load
from headgate.values import counted

__all__ = [
    "Files",
    "Read",
    "draws_option",
    "good_option",
    "graded_names",
    "graded_options",
    "names_of",
    "need_train",
    "open_graded",
    "open_router",
    "read_graded",
    "seed_option",
]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


class Files(NamedTuple):
    """Graded files as the command line names them."""

    names: tuple[str, ...]
    form: str | None
    mapping: tuple[str, ...]
    rejects: Path | None
    sides: Names


def graded_names(command: _Callback) -> _Callback:
    """Add `--graded-cheap` and `--graded-premium`: `graded_cheap` and `graded_premium`."""
    for side in ("premium", "cheap"):
        command = click.option(
            f"--graded-{side}",
            metavar="NAME",
            help=f"The {side} model's name in rows that grade one model, or compare two.",
        )(command)
    return command


def names_of(cheap: str | None, premium: str | None) -> Names:
    """The names that were given; a tier's own where none was."""
    return Names(cheap or "cheap", premium or "premium")


def graded_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add FILES and all that says how to read them; the function receives `files: Files`."""

    @functools.wraps(command)
    def with_files(
        files: tuple[str, ...],
        form: str | None,
        mapping: tuple[str, ...],
        rejects: Path | None,
        graded_cheap: str | None,
        graded_premium: str | None,
        **rest: Any,
    ) -> Any:
        sides = names_of(graded_cheap, graded_premium)
        return command(files=Files(files, form, mapping, rejects, sides), **rest)

    return reader_options(graded_names(with_files))


def good_option(command: _Callback) -> _Callback:
    """Add `--good SCORE`; the function receives `good: float`."""
    return click.option(
        "--good",
        default=0.5,
        show_default=True,
        type=Real(0, 1),
        help="Least score of an answer that will do.",
    )(command)


def draws_option(usual: int) -> Callable[[_Callback], _Callback]:
    """Add `--draws N`; the function receives `draws: int`."""
    return click.option(
        "--draws",
        type=click.IntRange(20, 10_000),
        default=usual,
        show_default=True,
        help="Bootstrap draws for the intervals.",
    )


def seed_option(command: _Callback) -> _Callback:
    """Add `--seed N`; the function receives `seed: int`."""
    return click.option(
        "--seed", type=SEED, default=0, show_default=True, help="Another split, other folds."
    )(command)


class Read(NamedTuple):
    """What graded files hold."""

    rows: list[GradedRow]
    notes: list[str]
    """What was left out."""
    forms: set[str]


def open_graded(files: Files) -> list[GradedRow]:
    """Read the files, and say on standard error what was left out.

    Raises:
        ConfigError: the mapping or the file of rejects cannot be used.
        UnreadableError: a file cannot be read, or no row has a request and both grades.
    """
    read = read_graded(files)
    for note in read.notes:
        click.echo(f"Note: {note}", err=True)
    return read.rows


def read_graded(files: Files) -> Read:
    """Read the files, and keep what is to be said of what was left out.

    Raises:
        ConfigError, UnreadableError: as for `open_graded`.
    """
    graded = Graded(files.sides)
    with open_reader(files.names, files.form, files.mapping, files.rejects) as (reader, records):
        for record in records:
            graded.add(record)
    rows = graded.rows()
    left_out = list(_left_out(graded))
    notes = [*notes_of(reader, kept=files.rejects is not None), *left_out]
    if not rows:
        why = f" {' '.join(notes)}" if notes else ""
        raise UnreadableError(
            f"No row has a request and the grades of both answers.{why}",
            fix="Give `prompt`, `cheap` and `premium` (0 to 1), or name your columns with "
            "--map cheap=COLUMN,premium=COLUMN; docs/sample.md lists the other forms of grades.",
        )
    return Read(rows, notes, set(reader.forms.values()))


def _left_out(graded: Graded) -> Iterator[str]:
    cheap, premium = graded.names
    if graded.bare:
        bare = counted(graded.bare, "graded request")
        yield f"Without a text: {bare}. Name the file of prompts too."
    if graded.halves.single:
        yield (
            f"Graded for one model only: {counted(graded.halves.single, 'request')}. What the "
            "other would have answered is not known."
        )
    if graded.strangers and not graded.halves.scores:
        yield (
            f"Single grades are of {', '.join(sorted(graded.strangers))}: say which is which with "
            "--graded-cheap and --graded-premium."
        )
    if graded.other:
        yield (
            f"{graded.other:,} verdicts are not over {cheap} and {premium}: name yours with "
            "--graded-cheap and --graded-premium."
        )


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
