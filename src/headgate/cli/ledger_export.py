"""`headgate ledger export`: rows into a file, a page at a time, however many there are."""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from operator import attrgetter
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import click
import msgspec

from headgate.cli.ledger_options import ledger_options, period_options
from headgate.cli.open_ledger import open_ledger
from headgate.cli.period import window
from headgate.cli.progress import progress
from headgate.errors import ConfigError
from headgate.ledger.columns import COLUMNS, row_of
from headgate.ledger.prompt import Prompt
from headgate.ledger.store import Store, Window

__all__ = ["FORMATS", "export"]

FORMATS = ("parquet", "csv", "jsonl")
_FLAGS = frozenset(("routed", "premium", "served", "streamed", "aborted"))
_TEXTS = frozenset(
    (
        "request_id", "purpose", "dialect_in", "dialect_out", "route", "asked", "tier", "provider",
        "model_asked", "model_answered", "reason", "cause", "error", "usage_source", "card",
        "session", "tags", "config", "key", "team", "policy", "router", "category", "trace",
        "service_tier", "dialect", "request", "answer", "form",
    )
)  # fmt: skip


class _Sheet(NamedTuple):
    """What is exported: its name, its columns, where its rows are, and how one is written."""

    of: str
    columns: tuple[str, ...]
    rows: Callable[[Store, Window], Iterator[Any]]
    total: Callable[[Store, Window], int]
    row_of: Callable[[Any], Sequence[Any]]
    named: Callable[[Any], dict[str, Any]]
    """A row as JSON."""
    page: int
    """Rows that are held at a time."""


def _entry(entry: Any) -> dict[str, Any]:
    return dict(zip(COLUMNS, row_of(entry), strict=True))


def _exchange(prompt: Prompt) -> dict[str, Any]:
    """A prompt as the log of a call, which other commands read as a sample."""
    told = msgspec.structs.asdict(prompt)
    told["request"], told["response"] = _json(prompt.request), _json(told.pop("answer"))
    told["time"] = datetime.fromtimestamp(prompt.at_us / 1e6, UTC).isoformat()
    return told


def _json(text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        return text


_ATTEMPTS = _Sheet(
    "attempts",
    COLUMNS,
    lambda store, asked: store.entries(asked),
    lambda store, asked: sum(tier.attempts for tier in store.tiers(asked)),
    row_of,
    _entry,
    20_000,
)
_PROMPTS = _Sheet(
    "prompts",
    Prompt.__struct_fields__,
    lambda store, asked: store.prompts(asked),
    lambda store, asked: store.count_prompts(asked),
    attrgetter(*Prompt.__struct_fields__),
    _exchange,
    100,
)


@click.command("export")
@click.argument("file", metavar="FILE")
@ledger_options
@period_options
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    help="Instead of what FILE's name ends in.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE if it is there.")
@click.option("--prompts", is_flag=True, help="The stored prompts, instead of the attempts.")
def export(
    file: str,
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    form: str | None,
    force: bool,
    prompts: bool,
) -> None:
    """Write attempts to FILE: .parquet, .csv or .jsonl.

    To - go CSV or JSON lines. The columns are those of the table `attempts`, or of `prompts`. FILE
    is there when it is whole, and not before; one that is there is kept, unless --force is given.
    """
    kind = form or Path(file).suffix.removeprefix(".").lower()
    if kind not in FORMATS or (file == "-" and kind == "parquet"):
        raise click.UsageError(
            f"In what form? End FILE in {', '.join(f'.{name}' for name in FORMATS)}, "
            "or give --format; Parquet needs a file."
        )
    if file != "-" and Path(file).is_dir():
        raise ConfigError(f"{file} is a directory.", fix="Name a file in it.")
    if file != "-" and not force and Path(file).exists():
        raise ConfigError(
            f"{file} is there already, and was kept.",
            fix="Add --force to overwrite it, or name another file.",
        )
    asked = window(since, until, datetime.now(UTC))
    with open_ledger(config, sets, url) as (store, _, _):
        sheet = _PROMPTS if prompts else _ATTEMPTS
        pages = _pages(store, asked, sheet)
        if file == "-":
            _WRITERS[kind](sys.stdout.buffer, pages, sheet)
            return
        with _whole_or_not(Path(file), private=prompts) as out:
            rows = _WRITERS[kind](out, pages, sheet)
    click.echo(f"Wrote {rows:,} {sheet.of} to {file}.", err=True)


def _pages(store: Store, asked: Window, sheet: _Sheet) -> Iterator[list[Any]]:
    found = sheet.rows(store, asked)
    steps = max(-(-sheet.total(store, asked) // sheet.page), 1)
    with progress("pages written", steps) as step:
        while page := list(islice(found, sheet.page)):
            yield page
            if steps:  # rows may come meanwhile
                step()
                steps -= 1


@contextmanager
def _whole_or_not(path: Path, *, private: bool) -> Iterator[BinaryIO]:
    part = path.with_name(f".{path.name}.part")
    mode = 0o600 if private else 0o666
    try:
        part.unlink(missing_ok=True)  # what a killed export left may be open to others
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as out:
            yield out
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}.",
            fix="Name a file in a directory that is there and that you may write to.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _write_jsonl(out: BinaryIO, pages: Iterator[list[Any]], sheet: _Sheet) -> int:
    encoder, rows = msgspec.json.Encoder(), 0
    for page in pages:
        out.write(encoder.encode_lines([sheet.named(row) for row in page]))
        rows += len(page)
    out.flush()
    return rows


def _write_csv(out: BinaryIO, pages: Iterator[list[Any]], sheet: _Sheet) -> int:
    text = _Text(out)
    writer, rows = csv.writer(text, lineterminator="\n"), 0
    writer.writerow(sheet.columns)
    for page in pages:
        writer.writerows([_flat(sheet.row_of(row)) for row in page])
        rows += len(page)
    out.flush()
    return rows


class _Text:
    """What `csv` writes to, over bytes."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out

    def write(self, text: str) -> int:
        return self._out.write(text.encode())


def _flat(row: Sequence[Any]) -> list[Any]:
    """Flags are 0 and 1, as in the table; what is not known is empty."""
    return [int(value) if isinstance(value, bool) else value for value in row]


def _write_parquet(out: BinaryIO, pages: Iterator[list[Any]], sheet: _Sheet) -> int:
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError(
            "Parquet needs the package pyarrow, which is not installed.",
            fix="pip install 'headgate[parquet]', or export .csv or .jsonl.",
        ) from error
    kinds = [
        pyarrow.bool_() if name in _FLAGS
        else pyarrow.string() if name in _TEXTS
        else pyarrow.float64() if name == "score"
        else pyarrow.int64()
        for name in sheet.columns
    ]  # fmt: skip
    schema = pyarrow.schema(list(zip(sheet.columns, kinds, strict=True)))
    rows = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for page in pages:
            columns = zip(*map(sheet.row_of, page), strict=True)
            arrays = [
                pyarrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
            rows += len(page)
    return rows


_WRITERS = {"parquet": _write_parquet, "csv": _write_csv, "jsonl": _write_jsonl}
