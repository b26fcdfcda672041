"""`headgate sample`: what a sample of traffic holds, what it costs, and what it lacks."""

from __future__ import annotations

import json
from pathlib import Path

import click

from headgate.analysis.sample import Sample
from headgate.bootstrap.book import book_of, card_of
from headgate.bootstrap.recorded import pricer
from headgate.cli.flags import bad_flag, day_of
from headgate.cli.options import json_option, open_settings, prices_option, settings_options
from headgate.cli.reading import notes_of, open_reader, reader_options
from headgate.cli.sample_page import Described, document, page
from headgate.prices.card import Card
from headgate.values import ModelRef

__all__ = ["sample"]


@click.command()
@reader_options
@click.option(
    "--as",
    "models",
    multiple=True,
    metavar="MODEL",
    help="Price the same calls on this model too, as provider/model; repeatable.",
)
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@settings_options
@prices_option
@json_option
def sample(
    files: tuple[str, ...],
    form: str | None,
    mapping: tuple[str, ...],
    rejects: Path | None,
    models: tuple[str, ...],
    at: str | None,
    config: Path | None,
    sets: tuple[str, ...],
    prices: str | None,
    *,
    as_json: bool,
) -> int:
    """Describe a sample of traffic: volume, tokens, cost, habits.

    FILES are logs or tables: JSON lines, JSON, CSV or Parquet, plain or packed with gzip or zstd;
    patterns such as 'logs/*.jsonl.gz'; a ledger; - for standard input. They are read once, a row at
    a time. Exit code 1: not one row could be read.
    """
    day = day_of(at, what="The description")
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    book = book_of(reading.settings, reading.file.name if reading.file else "flags")
    cards: dict[str, Card] = {}
    for name in dict.fromkeys(models):
        try:
            ref = ModelRef.parse(name)
        except ValueError as error:
            fix = "Name a model with its provider, such as anthropic/claude-haiku-4-5."
            raise bad_flag("--as", f"{error}.", fix, what="The sample") from error
        card = card_of(book, reading.settings, ref, day)
        cards[card.id] = card
    state = Sample(pricer(reading.settings, book, day), tuple(cards.values()))
    with open_reader(files, form, mapping, rejects) as (reader, records):
        for record in records:
            state.add(record)
    found = Described(
        sample=state,
        forms=reader.forms,
        rejected=reader.rejected,
        reasons=reader.reasons,
        passed=reader.passed,
        prices=book.source,
        day=day,
        notes=tuple(notes_of(reader, kept=rejects is not None)),
    )
    if as_json:
        click.echo(json.dumps(document(found), indent=2, ensure_ascii=False))
    else:
        click.echo(page(found))
    return 0 if state.rows else 1
