"""`headgate label`: both tiers answer a random part of a sample, and a judge grades them."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import click
import msgspec

from headgate.analysis.label import SHEET, Item, Labelled, items_of, row_of, sheet_of
from headgate.analysis.pairs import Pair
from headgate.analysis.purse import Purse
from headgate.analysis.questions import may_be_asked
from headgate.analysis.readers import UnreadableError
from headgate.analysis.receipts import Receipts
from headgate.analysis.record import Record
from headgate.analysis.reservoir import Reservoir
from headgate.bootstrap.asking import Asker, Patience, seats_of
from headgate.bootstrap.book import book_of
from headgate.bootstrap.gateway import platformed, upstream_of
from headgate.bootstrap.labelling import Bench, Outcome, forecast
from headgate.bootstrap.labelling import label as run_label
from headgate.cli.estimate import STRATA
from headgate.cli.files import FilePath, write_new
from headgate.cli.flags import day_of
from headgate.cli.human import human_grades
from headgate.cli.label_page import Told, document, page, priced
from headgate.cli.numbers import SEED
from headgate.cli.options import json_option, open_settings, prices_option, settings_options
from headgate.cli.progress import progress
from headgate.cli.reading import notes_of, open_reader, reader_options
from headgate.cli.spending import agreed, amount, model
from headgate.errors import ConfigError
from headgate.settings import Settings
from headgate.values import counted

__all__ = ["label"]

WHAT = "Labelling"
STATE = ".state"


class Sampled(NamedTuple):
    """What of the sample is to be labelled."""

    items: list[Item]
    rows: int
    """All rows that could be asked again."""
    unaskable: dict[str, int]
    mean_output: float | None
    notes: list[str]


@click.command()
@reader_options
@click.option("--judge", required=True, metavar="MODEL", help="Who judges, as provider/model.")
@click.option(
    "--max-usd",
    required=True,
    metavar="USD",
    help="Most that may be spent, over all runs with this state.",
)
@click.option(
    "--size", default=400, show_default=True, type=click.IntRange(1), help="Requests to label."
)
@click.option(
    "-o",
    "--output",
    type=FilePath(),
    default=Path("labels.jsonl"),
    show_default=True,
    help="Where the graded rows go.",
)
@click.option(
    "--state",
    type=FilePath(),
    help="What was paid and answered, to go on from; default: the output with .state after it.",
)
@click.option(
    "--human",
    type=FilePath(),
    help="Grades by humans of some of the same requests: a sheet filled in, or id, cheap, premium.",
)
@click.option(
    "--sheet",
    type=FilePath(),
    help="Write a random part there for humans to grade, a new CSV that names no model.",
)
@click.option(
    "--sheet-size",
    default=50,
    show_default=True,
    type=click.IntRange(1),
    help="Requests on the sheet.",
)
@click.option(
    "--by",
    type=click.Choice(tuple(STRATA)),
    default="category",
    show_default=True,
    help="What each has its due share of the labelled requests.",
)
@click.option(
    "--max-tokens",
    default=1024,
    show_default=True,
    type=click.IntRange(16, 100_000),
    help="Longest answer.",
)
@click.option(
    "--concurrency",
    default=4,
    show_default=True,
    type=click.IntRange(1, 64),
    help="Calls under way at once.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, help="Another random part.")
@click.option("--yes", is_flag=True, help="Spend without asking.")
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@settings_options
@prices_option
@json_option
def label(  # one argument a flag
    files: tuple[str, ...],
    form: str | None,
    mapping: tuple[str, ...],
    rejects: Path | None,
    judge: str,
    max_usd: str,
    size: int,
    output: Path,
    state: Path | None,
    human: Path | None,
    sheet: Path | None,
    sheet_size: int,
    by: str,
    max_tokens: int,
    concurrency: int,
    seed: int,
    at: str | None,
    config: Path | None,
    sets: tuple[str, ...],
    prices: str | None,
    *,
    yes: bool,
    as_json: bool,
) -> int:
    """Have a random part of a sample answered by both tiers and judged.

    FILES are read as `headgate sample` reads them. The calls cost money: the price is said before
    the first one. Run it again to go on after an interruption; nothing that was paid is paid again.
    Exit code 1: not every request was labelled.
    """
    cap, referee, day = amount(max_usd, WHAT), model("--judge", judge, WHAT), day_of(at, what=WHAT)
    reading = open_settings(config, sets, prices=prices, need_file=True)
    settings = reading.settings
    book = book_of(settings, str(reading.file))
    bench = Bench(*seats_of(settings, os.environ, book, day, referee))
    grades = {} if human is None else human_grades(human)
    with open_reader(files, form, mapping, rejects) as (reader, records):
        sampled = _sampled(records, STRATA[by], size, seed, max_tokens)
        notes = [*notes_of(reader, kept=rejects is not None), *sampled.notes]
    if not sampled.items:
        raise UnreadableError(
            f"No row can be asked again: {_reasons(sampled.unaskable)}.",
            fix="Bring rows with a `prompt`, `messages` or whole requests; a ledger has none.",
        )
    receipts = Receipts(state or output.with_name(output.name + STATE))
    try:
        price = forecast(sampled.items, bench, receipts, sampled.mean_output)
        click.echo(priced(len(sampled.items), price, receipts, cap, bench), err=True)
        if price.calls and not yes and not agreed(as_json=as_json):
            click.echo("Nothing was sent.", err=True)
            return 1
        found = _run(settings, bench, receipts, sampled.items, cap, concurrency)
        told = Told(
            outcome=found,
            human={one.item.id for one in found.labelled} & set(grades),
            strangers=len(set(grades) - {one.item.id for one in found.labelled}),
            spent=receipts.spent,
            cap=cap,
            rows=sampled.rows,
            unaskable=sampled.unaskable,
            output=str(output),
            state=str(receipts.path),
            bench=bench,
            notes=notes,
        )
    finally:
        receipts.close()
    _write_rows(output, found.labelled, str(referee), grades)
    if sheet is not None:
        _write_sheet(sheet, found.labelled, sheet_size)
    if as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(document(told))).decode())
    else:
        click.echo(page(told))
    return 0 if found.labelled and not found.unlabelled and not found.left else 1


def _sampled(
    records: Iterable[Record],
    stratum: Callable[[Record], str],
    size: int,
    seed: int,
    max_tokens: int,
) -> Sampled:
    draw = random.Random(seed)  # noqa: S311 - a sample, not a secret
    start = draw.random()
    pool: Reservoir[Record] = Reservoir(size)
    unaskable: dict[str, int] = {}
    outputs = calls = 0
    for record in records:
        if record.usage is not None and record.usage.output:
            outputs, calls = outputs + record.usage.output, calls + 1
        lot = draw.random()
        reason = may_be_asked(record)
        if reason is None:
            pool.add(record, stratum(record), lot)
        else:
            unaskable[reason] = unaskable.get(reason, 0) + 1
    chosen = [drawn.item for drawn in pool.choose(size, start)]
    items, reasons = items_of(chosen, max_tokens)
    for reason in reasons:
        unaskable[reason] = unaskable.get(reason, 0) + 1
    rows = pool.counts.total()
    notes = []
    if unaskable:
        notes.append(
            f"{counted(sum(unaskable.values()), 'row')} cannot be asked again "
            f"({_reasons(unaskable)}): what is labelled stands for the others only."
        )
    return Sampled(items, rows, unaskable, outputs / calls if calls else None, notes)


def _reasons(unaskable: dict[str, int]) -> str:
    most = sorted(unaskable.items(), key=lambda item: -item[1])[:3]
    return "; ".join(f"{times:,} × {reason}" for reason, times in most) or "there is no row"


def _run(
    settings: Settings,
    bench: Bench,
    receipts: Receipts,
    items: list[Item],
    cap: int,
    concurrency: int,
) -> Outcome:
    async def labelling() -> Outcome:
        upstream = platformed(settings, upstream_of(settings))
        asker = Asker(
            upstream,
            receipts,
            concurrency=concurrency,
            patience=Patience(
                backoff_base=settings.resilience.backoff_base,
                backoff_max=max(20.0, settings.resilience.backoff_max),
            ),
            jitter=random.random,
        )
        try:
            with progress("Labelling", len(items)) as step:
                purse = Purse(cap, receipts.spent)
                return await run_label(items, bench, asker, purse, workers=concurrency, step=step)
        finally:
            await upstream.close()

    try:
        return asyncio.run(labelling())
    except ExceptionGroup as group:
        raise group.exceptions[0] from None
    except KeyboardInterrupt:
        click.echo(
            f"\nInterrupted. Kept are {counted(len(receipts.paid), 'answer')} in {receipts.path}: "
            "the same command goes on from there.",
            err=True,
        )
        raise


def _write_rows(
    output: Path, labelled: Sequence[Labelled], judge: str, grades: dict[str, Pair]
) -> None:
    """All rows at once: a file that is there is replaced by a whole one."""
    part = output.with_name(output.name + ".part")
    try:
        with part.open("wb") as file:
            for one in labelled:
                row = row_of(one, judge, grades.get(one.item.id))
                file.write(msgspec.json.encode(row) + b"\n")
        part.replace(output)
    except OSError as error:
        raise ConfigError(
            f"{output} cannot be written: {error.strerror}.",
            fix="Name another file with --output; nothing that was paid is lost.",
        ) from error


def _write_sheet(path: Path, labelled: Sequence[Labelled], number: int) -> None:
    sheet = io.StringIO(newline="")
    writer = csv.writer(sheet)
    writer.writerow(SHEET)
    writer.writerows(sheet_of(labelled, number))
    try:
        write_new(path, sheet.getvalue(), "Name another with --sheet.")
    except FileExistsError as error:
        raise ConfigError(
            f"{path} is there already, and may hold grades: it was left alone.",
            fix="Name a new file with --sheet.",
        ) from error
