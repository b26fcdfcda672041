"""`headgate reprice`: what the ledger's tokens cost at other prices, or at those of another day."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import click
import msgspec

from headgate.analysis.reprice import reprice
from headgate.bootstrap.book import book_of, prices_of
from headgate.cli.flags import day_of
from headgate.cli.ledger_options import ledger_options, period_options
from headgate.cli.ledger_page import repriced_table
from headgate.cli.open_ledger import open_ledger
from headgate.cli.options import json_option, open_settings, prices_option, table_width
from headgate.cli.period import window
from headgate.cli.report_data import plain
from headgate.ledger.entry import Entry
from headgate.prices.card import Card
from headgate.prices.service_tier import served_card
from headgate.render.table import aligned
from headgate.values import ModelRef, counted

__all__ = ["reprice_command"]


@click.command("reprice")
@ledger_options
@period_options
@prices_option
@click.option(
    "--at", metavar="DATE", help="Prices of that day; default: those of each attempt's own time."
)
@json_option
def reprice_command(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    prices: str | None,
    at: str | None,
    *,
    as_json: bool,
) -> int:
    """Derive the ledger's money again from its tokens, at today's knowledge of prices.

    The ledger stays as it is. Exit code 1: some money would be another.
    """
    asked = window(since, until, datetime.now(UTC))
    day = None if at is None else day_of(at, what="The repricing")
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    settings = reading.settings
    book = book_of(settings, str(reading.file or "flags"))

    def card(entry: Entry) -> Card | None:
        # The price depends on the hour of a day at most to the minute.
        sent = datetime.fromtimestamp(entry.at_us // 60_000_000 * 60, UTC)
        ref = ModelRef(entry.provider, entry.model_asked)
        lists = prices_of(settings, entry.provider)
        served = entry.usage.service_tier
        if served is None and (variant := _variant(entry)) is not None:
            return book.card(ref, day or sent, prices_of=lists, variant=variant)
        return served_card(book, ref, day or sent, served, prices_of=lists)

    with open_ledger(config, sets, url) as (store, _, _):
        lines, attempts = reprice(store.entries(asked), card)
    changed = sum(line.changed for line in lines)
    if as_json:
        facts = plain(msgspec.to_builtins(lines))
        document = {"prices": book.source, "attempts": attempts, "models": facts}
        click.echo(json.dumps(document, indent=2, ensure_ascii=False))
    elif not lines:
        click.echo("There is nothing to price.")
    else:
        click.echo(aligned(repriced_table(lines), table_width()), nl=False)
        click.echo(f"\n{changed:,} of {counted(attempts, 'attempt')} would cost something else.")
        click.echo(f"Prices: {book.source}. The ledger was not changed.")
    return 1 if changed else 0


def _variant(entry: Entry) -> str | None:
    """What the attempt was billed by beside its service tier, as its card's id tells."""
    marks = (entry.card or "").split("+")[1:]
    return next((mark for mark in marks if "=" in mark), None)
