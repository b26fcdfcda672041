"""`headgate report`: a period of the ledger against the plan, and whether routing is paying."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import click

from headgate.bootstrap.book import book_of
from headgate.bootstrap.planned import planned_of
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.cli.period import window
from headgate.cli.report_data import document, table
from headgate.cli.report_page import page, period
from headgate.ledger.store import EVER, Store, StoreError, Window
from headgate.ledger.url import open_store
from headgate.ledger.writer import recover
from headgate.monitor.planned import Planned
from headgate.monitor.report import Report
from headgate.monitor.report import report as make_report
from headgate.settings import Settings, find

__all__ = ["report"]


@click.command()
@settings_options
@click.option("--ledger", metavar="URL", help="The ledger; default: [ledger] url of the settings.")
@click.option(
    "--since", metavar="WHEN", help="Begin: 24h or 7d before now, a day, or a day and time (UTC)."
)
@click.option("--until", metavar="WHEN", help="End, in the same forms; a day is taken to its end.")
@json_option
@click.option("--csv", "as_csv", is_flag=True, help="Print the money as CSV instead of a table.")
def report(
    config: Path | None,
    sets: tuple[str, ...],
    ledger: str | None,
    since: str | None,
    until: str | None,
    *,
    as_json: bool,
    as_csv: bool,
) -> int:
    """Hold the bill against the plan: is routing paying?

    Reads the ledger over the whole of its time, or from --since to --until. Exit code 0: routing
    pays, or there is too little to tell; 1: it does not pay.
    """
    if as_json and as_csv:
        raise click.UsageError("Choose one: --json or --csv.")
    now = datetime.now(UTC)
    asked = window(since, until, now)
    settings = _settings(config, sets, needed=ledger is None)
    url = ledger or (settings.ledger.url if settings else "")
    store = open_store(url, create=False)
    try:
        _take_in(url, store)
        held = make_report(
            store.tiers(asked), store.requests(asked), _plan(settings, config, now), asked
        )
        if as_json:
            click.echo(document(held))
        elif as_csv:
            click.echo(table(held), nl=False)
        elif held.first_us is None:
            click.echo(_nothing(store, asked))
        else:
            click.echo(page(held), nl=False)
    finally:
        store.close()
    return _exit_code(held)


def _settings(config: Path | None, sets: tuple[str, ...], *, needed: bool) -> Settings | None:
    """The settings; None where there is no file and the ledger is named, so that none is needed."""
    if not needed and config is None and find(Path(), os.environ) is None:
        return None
    return open_settings(config, sets, need_file=True, need_providers=False).settings


def _plan(settings: Settings | None, config: Path | None, now: datetime) -> Planned | None:
    if settings is None:
        return None
    source = config or find(Path(), os.environ) or "headgate.toml"
    return planned_of(settings, book_of(settings, str(source)), now.date())


def _take_in(url: str, store: Store) -> None:
    """Bring in what a gateway that died left in its journal; without that, say so and go on."""
    try:
        found = recover(url, store)
    except (OSError, StoreError) as error:
        click.echo(f"Rows in the journal could not be taken in, and are missing: {error}", err=True)
        return
    if found.rows:
        rows = "1 row" if found.rows == 1 else f"{found.rows:,} rows"
        click.echo(f"Took in {rows} that a stopped gateway left.", err=True)
    if found.damaged:
        records = (
            "1 torn record was" if found.damaged == 1 else f"{found.damaged:,} torn records were"
        )
        click.echo(f"{records} kept aside in the journal's directory.", err=True)


def _nothing(store: Store, asked: Window) -> str:
    everything = store.requests(EVER)
    if not everything:
        return (
            "The ledger is empty: nothing has come through the gateway yet.\n"
            "Start it with `headgate serve` and send requests to it."
        )
    first = min(total.first_us for total in everything)
    last = max(total.last_us for total in everything)
    return (
        f"There is no request {period(*asked)}.\n"
        f"The ledger's requests were sent {period(first, last + 1)} (UTC)."
    )


def _exit_code(held: Report) -> int:
    return 1 if held.verdict.answer == "no" else 0
