"""What the commands that read samples share: their options, the bar, the file of rejects."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec

from headgate.analysis.readers import FIELDS, FORMATS, Reader, expand
from headgate.analysis.readers.formats import LEDGER
from headgate.analysis.record import Record, Reject
from headgate.cli.files import FilePath
from headgate.errors import ConfigError
from headgate.render.table import plain
from headgate.values import counted

__all__ = ["notes_of", "open_reader", "reader_options"]

EVERY = 8192
MOST_UNREAD = 8
STEP = 0.2


def reader_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add FILES, `--format`, `--map` and `--rejects`: `files`, `form`, `mapping`, `rejects`."""
    for option in (
        click.option(
            "--rejects",
            type=FilePath(),
            help="Write rows that cannot be read there, with file, line and reason.",
        ),
        click.option(
            "--map",
            "mapping",
            multiple=True,
            metavar="FIELD=COLUMN,...",
            help="Columns that are called otherwise, such as prompt=question; repeatable.",
        ),
        click.option(
            "--format",
            "form",
            type=click.Choice([*FORMATS, LEDGER]),
            metavar="FORM",
            help=f"The form of the files: {', '.join([*FORMATS, LEDGER])}; default: told by their "
            "first rows.",
        ),
        click.argument("files", nargs=-1, required=True),
    ):
        command = option(command)
    return command


@contextmanager
def open_reader(
    files: tuple[str, ...], form: str | None, mapping: tuple[str, ...], rejects: Path | None
) -> Iterator[tuple[Reader, Iterator[Record]]]:
    """The reader that the options ask for, and its records behind a progress bar.

    Raises:
        ConfigError: a mapping cannot be read, or the file of rejects cannot be written.
        UnreadableError: there are no such files, or they are of another shape.
    """
    with ExitStack() as stack:
        names = expand(files)
        keep = None
        if rejects is not None:
            _not_among(rejects, names)
            try:
                sink = stack.enter_context(rejects.open("w", encoding="utf-8", newline="\n"))
            except OSError as error:
                raise ConfigError(
                    f"{rejects} cannot be written: {error.strerror}.",
                    fix="Name another file with --rejects.",
                ) from error

            def keep(reject: Reject) -> None:
                line = msgspec.json.encode(reject._asdict()).decode("utf-8", "replace")
                sink.write(line + "\n")

        reader = Reader(names, form=form, mapping=_mapping(mapping), rejects=keep)
        size = sum(os.stat(name).st_size for name in names if name != "-")  # noqa: PTH116
        yield reader, _watched(reader, size)


def _not_among(rejects: Path, names: list[str]) -> None:
    if rejects.exists() and any(name != "-" and rejects.samefile(name) for name in names):
        raise ConfigError(
            f"{rejects} is one of the files that are read.", fix="Name another with --rejects."
        )


def _mapping(texts: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in ",".join(texts).split(",") if texts else ():
        field, equals, column = text.strip().partition("=")
        if not (field and equals and column):
            raise ConfigError(
                f"--map {text!r} is no mapping.",
                fix=f"Write prompt=COLUMN; fields are {', '.join(FIELDS)}.",
            )
        found[field.strip()] = column.strip()
    return found


def _watched(reader: Reader, size: int) -> Iterator[Record]:
    if not sys.stderr.isatty():
        yield from reader.records()
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    columns = (
        TextColumn("Reading"),
        BarColumn(bar_width=None),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]:,} rows, {task.fields[rate]:,} rows/s"),
    )
    started = shown = time.monotonic()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=size or None, rows=0, rate=0)
        for record in reader.records():
            yield record
            if not reader.taken % EVERY and (now := time.monotonic()) - shown > STEP:
                shown = now
                rate = round(reader.taken / (now - started))
                bar.update(task, completed=reader.position, rows=reader.taken, rate=rate)


def notes_of(reader: Reader, *, kept: bool) -> list[str]:
    """What was not taken, and why."""
    notes = []
    if reader.unread:
        names = list(reader.unread)
        told = ", ".join(map(plain, names[:MOST_UNREAD]))
        more = len(names) - MOST_UNREAD
        told += f" and {more:,} more" if more > 0 else ""
        hint = f"name its field: --map FIELD={plain(names[0])}; fields are cheap, premium, route, "
        hint += "category, conversation and more"
        notes.append(f"Not read, for what they hold is not known: {told}. If one matters, {hint}.")
    if reader.passed:
        notes.append(f"Passed over, for they are no model calls: {counted(reader.passed, 'row')}.")
    if reader.rejected:
        most = sorted(reader.reasons.items(), key=lambda item: -item[1])[:5]
        told = "; ".join(f"{times:,} × {reason}" for reason, times in most)
        if reader.first is not None:
            told += f"; the first is {reader.first.file}:{reader.first.line}"
        hint = "" if kept else " Keep them with --rejects FILE."
        notes.append(f"{counted(reader.rejected, 'row')} could not be read: {told}.{hint}")
    return notes
