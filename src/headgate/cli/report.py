"""`headgate report`: a period of the ledger against the plan, and whether routing is paying."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from headgate.bootstrap.planned import planned_of
from headgate.cli.ledger_options import ledger_options, period_options
from headgate.cli.open_ledger import Opened, open_ledger, unplanned
from headgate.cli.options import document_options, json_option, one_format
from headgate.cli.period import window
from headgate.cli.report_data import document, table
from headgate.cli.report_page import page, period
from headgate.errors import ConfigError
from headgate.ledger.store import EVER, Store, Window
from headgate.monitor.report import Report
from headgate.monitor.report import report as make_report

__all__ = ["held_report", "nothing", "report"]


@click.command()
@ledger_options
@period_options
@json_option
@document_options
def report(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    as_html: bool,
) -> int:
    """Hold the bill against the plan: is routing paying?

    Reads the ledger over the whole of its time, or from --since to --until. Exit code 0: routing
    pays, or there is too little to tell; 1: it does not pay.
    """
    one_format(json=as_json, csv=as_csv, markdown=as_markdown, html=as_html)
    now = datetime.now(UTC)
    asked = window(since, until, now)
    with open_ledger(config, sets, url) as opened:
        held, missing = held_report(opened, asked, now)
        if missing is not None:
            unplanned(missing)
        if as_json:
            click.echo(document(held))
        elif as_csv:
            click.echo(table(held), nl=False)
        elif as_markdown or as_html:
            click.echo(_in_form(held, html=as_html), nl=False)
        elif held.first_us is None:
            click.echo(nothing(opened.store, asked))
        else:
            click.echo(page(held, reason_told=missing is not None), nl=False)
    return _exit_code(held)


def held_report(opened: Opened, asked: Window, now: datetime) -> tuple[Report, ConfigError | None]:
    """A period of the ledger against the plan of today; and why there is no plan, if so.

    Raises:
        StoreError: the ledger does not answer.
    """
    store, settings, book = opened
    planned, missing = None, None
    if settings is not None and book is not None:
        try:
            planned = planned_of(settings, book, now.date())
        except ConfigError as error:  # what was paid can be told all the same
            missing = error
    hourly = store.requests(asked, ("hour",))
    return make_report(store.tiers(asked), hourly, planned, asked), missing


def _in_form(held: Report, *, html: bool) -> str:
    # nobody who asks for the page or for JSON waits for these
    from headgate.monitor.report_document import report_document
    from headgate.render import page as paper

    made = report_document(held)
    return paper.html(made) if html else paper.markdown(made)


def nothing(store: Store, asked: Window) -> str:
    """What is said of a period without requests: whether there are others."""
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
