"""`headgate status`: one screen that says whether routing pays and the budget is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import click

from headgate.bootstrap.watch import Watch
from headgate.cli.ledger_options import ledger_options
from headgate.cli.open_ledger import open_ledger, unplanned
from headgate.cli.options import json_option
from headgate.cli.period import window
from headgate.cli.status_data import document
from headgate.cli.status_page import page
from headgate.ledger.store import Outcome
from headgate.monitor.status import Status

__all__ = ["BILL", "exit_code", "status", "told"]

BILL = "30d"
"""How far back the money is looked at where nothing is said."""
TOLD_EVERY_SECONDS = 5.0


@click.command()
@ledger_options
@click.option(
    "--since",
    metavar="WHEN",
    default=BILL,
    help="Begin of the money shown: 24h or 7d before now, a day, or a day and time (UTC).",
)
@json_option
def status(
    config: Path | None, sets: tuple[str, ...], url: str | None, since: str, *, as_json: bool
) -> int:
    """Say on one screen whether routing pays and the budget holds.

    Reads the ledger, and nothing else. Exit code 0: all is well, or there is too little to tell; 1:
    the budget is breached, or routing does not pay.
    """
    now = datetime.now(UTC)
    asked = window(since, None, now)
    with open_ledger(config, sets, url) as (store, settings, book):
        watch = Watch(store, settings, book, follow=told)
        found = watch.look(now, asked)
    if watch.unplanned is not None:
        unplanned(watch.unplanned)
    click.echo(document(found) if as_json else page(found), nl=as_json)
    return exit_code(found)


def exit_code(found: Status) -> int:
    """What a script learns: 0 for all is well or too little to tell, 1 for the answer no."""
    return 0 if found.answer else 1


def told(outcomes: Iterable[Outcome], every: float = TOLD_EVERY_SECONDS) -> Iterator[Outcome]:
    """Pass the outcomes on; say how far it is every few seconds, on standard error."""
    last = monotonic()
    for number, outcome in enumerate(outcomes, start=1):
        if not number % 10_000 and monotonic() - last > every:
            last = monotonic()
            click.echo(f"Reading the ledger: {number:,} requests", err=True)
        yield outcome
