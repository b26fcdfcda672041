"""`headgate ledger export`: rows into a file, a page at a time, however many there are."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import click
import msgspec

from headgate.cli.ledger_options import ledger_options, period_options
from headgate.cli.open_ledger import open_ledger
from headgate.cli.period import window
from headgate.cli.progress import progress
from headgate.errors import ConfigError
from headgate.ledger.columns import COLUMNS, row_of
from headgate.ledger.entry import Entry
from headgate.ledger.store import Store, Window

__all__ = ["FORMATS", "export"]

PAGE_ROWS = 20_000
FORMATS = ("parquet", "csv", "jsonl")
_FLAGS = frozenset(("routed", "premium", "served", "streamed", "aborted"))
_TEXTS = frozenset(
    (
        "request_id", "purpose", "dialect_in", "dialect_out", "route", "asked", "tier", "provider",
        "model_asked", "model_answered", "reason", "cause", "error", "usage_source", "card",
        "session", "tags", "config", "key", "team", "policy", "router", "category", "trace",
        "service_tier",
    )
)  # fmt: skip


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
def export(
    file: str,
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    form: str | None,
    force: bool,
) -> None:
    """Write attempts to FILE: .parquet, .csv or .jsonl.

    To - go CSV or JSON lines. The columns are those of the table `attempts`. FILE is there when it
    is whole, and not before; one that is there is kept, unless --force is given.
    """
    kind = form or Path(file).suffix.removeprefix(".").lower()
    if kind not in FORMATS or (file == "-" and kind == "parquet"):
        raise click.UsageError(
            f"In what form? End FILE in {', '.join(f'.{name}' for name in FORMATS)}, "
            "or give --format; Parquet needs a file."
        )
    if file != "-" and not force and Path(file).exists():
        raise ConfigError(
            f"{file} is there already, and was kept.",
            fix="Add --force to overwrite it, or name another file.",
        )
    asked = window(since, until, datetime.now(UTC))
    with open_ledger(config, sets, url) as (store, _, _):
        pages = _pages(store, asked)
        if file == "-":
            _WRITERS[kind](sys.stdout.buffer, pages)
            return
        with _whole_or_not(Path(file)) as out:
            rows = _WRITERS[kind](out, pages)
    click.echo(f"Wrote {rows:,} attempts to {file}.", err=True)


def _pages(store: Store, asked: Window) -> Iterator[list[Entry]]:
    total = sum(tier.attempts for tier in store.tiers(asked))
    entries = store.entries(asked)
    with progress("pages written", max(-(-total // PAGE_ROWS), 1)) as step:
        steps = max(-(-total // PAGE_ROWS), 1)
        while page := list(islice(entries, PAGE_ROWS)):
            yield page
            if steps:  # rows may come meanwhile
                step()
                steps -= 1


@contextmanager
def _whole_or_not(path: Path) -> Iterator[BinaryIO]:
    part = path.with_name(f".{path.name}.part")
    try:
        with part.open("wb") as out:
            yield out
        part.replace(path)
    except OSError as error:
        raise ConfigError(
            f"{path} cannot be written: {error.strerror or error}.",
            fix="Name a file in a directory that is there and that you may write to.",
        ) from error
    finally:
        part.unlink(missing_ok=True)


def _write_jsonl(out: BinaryIO, pages: Iterator[list[Entry]]) -> int:
    encoder, rows = msgspec.json.Encoder(), 0
    for page in pages:
        out.write(encoder.encode_lines([_named(entry) for entry in page]))
        rows += len(page)
    out.flush()
    return rows


def _named(entry: Entry) -> dict[str, Any]:
    return dict(zip(COLUMNS, row_of(entry), strict=True))


def _write_csv(out: BinaryIO, pages: Iterator[list[Entry]]) -> int:
    text = _Text(out)
    writer, rows = csv.writer(text, lineterminator="\n"), 0
    writer.writerow(COLUMNS)
    for page in pages:
        writer.writerows([_flat(row_of(entry)) for entry in page])
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


def _write_parquet(out: BinaryIO, pages: Iterator[list[Entry]]) -> int:
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
        for name in COLUMNS
    ]  # fmt: skip
    schema = pyarrow.schema(list(zip(COLUMNS, kinds, strict=True)))
    rows = 0
    with parquet.ParquetWriter(out, schema, compression="zstd") as writer:
        for page in pages:
            columns = zip(*map(row_of, page), strict=True)
            arrays = [
                pyarrow.array(column, kind) for column, kind in zip(columns, kinds, strict=True)
            ]
            writer.write_table(pyarrow.table(arrays, schema=schema))
            rows += len(page)
    return rows


_WRITERS = {"parquet": _write_parquet, "csv": _write_csv, "jsonl": _write_jsonl}
