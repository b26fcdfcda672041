"""`headgate ledger reconcile`: where a provider's invoice and the ledger differ."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from headgate.analysis.invoice import COLUMNS, InvoiceLine, read_invoice
from headgate.analysis.reconcile import Reconciled, reconcile
from headgate.cli.files import FilePath
from headgate.cli.ledger_options import ledger_options
from headgate.cli.ledger_page import differences_table
from headgate.cli.open_ledger import open_ledger
from headgate.cli.options import json_option, table_width
from headgate.errors import ConfigError
from headgate.ledger.entry import Entry
from headgate.ledger.store import REACH_US, Store, Window
from headgate.ledger.totals import DAY_US
from headgate.monitor.figures import day_and_time
from headgate.render.table import aligned
from headgate.values import counted, usd

__all__ = ["reconcile_command"]


@click.command("reconcile")
@click.argument("file", type=FilePath())
@ledger_options
@click.option(
    "--provider", required=True, metavar="NAME", help="Whose account it is, as in [providers.NAME]."
)
@click.option(
    "--map",
    "mapping",
    multiple=True,
    metavar="WHAT=COLUMN",
    help=f"A column of a CSV file; WHAT: {', '.join(COLUMNS)}. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="Show what agrees too.")
@json_option
def reconcile_command(
    file: Path,
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    provider: str,
    mapping: tuple[str, ...],
    *,
    everything: bool,
    as_json: bool,
) -> int:
    """Hold the ledger against FILE, a provider's own account.

    FILE is the JSON of OpenAI's usage or costs endpoint, of Anthropic's usage or cost report, or
    CSV. Compared are its days, by model and kind of token. Exit code 1: they differ.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or "it is no text"
        raise ConfigError(
            f"{file} cannot be read: {why}.", fix="Name what a provider's endpoint answered."
        ) from error
    invoice = list(read_invoice(text, _columns(mapping)))
    with open_ledger(config, sets, url) as (store, _, _):
        found = reconcile(invoice, _attempts(store, provider, invoice))
    shown = found.lines if everything else found.differing
    if as_json:
        click.echo(json.dumps(_document(found), indent=2))
    else:
        if shown:
            click.echo(aligned(differences_table(shown), table_width()))
        click.echo(_words(found))
    return 1 if found.differing else 0


def _columns(mapping: tuple[str, ...]) -> dict[str, str]:
    columns = {}
    for text in mapping:
        what, equals, name = text.partition("=")
        if not equals or what not in COLUMNS:
            raise ConfigError(
                f"--map {text!r} maps nothing.",
                fix=f"Write WHAT=COLUMN, where WHAT is one of {', '.join(COLUMNS)}.",
            )
        columns[what] = name
    return columns


def _attempts(store: Store, provider: str, invoice: list[InvoiceLine]) -> Iterator[Entry]:
    if not invoice:
        raise ConfigError("The export is empty.", fix="Ask for days on which there was traffic.")
    first, last = min(line.day for line in invoice), max(line.day for line in invoice)
    # An attempt may be sent on the day after its request began.
    window = Window(first * DAY_US - REACH_US, (last + 1) * DAY_US)
    return (entry for entry in store.entries(window) if entry.provider == provider)


def _words(found: Reconciled) -> str:
    if not found.differing:
        return f"Invoice and ledger agree: {counted(len(found.lines), 'amount')}."
    text = f"{len(found.differing):,} of {counted(len(found.lines), 'amount')} differ."
    if found.estimated:
        text += f" Estimated are the tokens of {counted(found.estimated, 'attempt')}."
    if found.unpriced:
        text += f" Without a known price: {counted(found.unpriced, 'attempt')}."
    return text


def _document(found: Reconciled) -> dict[str, object]:
    def amount(kind: str, number: int) -> object:
        return usd(number) if kind == "cost" else number

    return {
        "lines": [
            {
                "day": day_and_time(line.day * DAY_US)[:10],
                "model": line.model or None,
                "kind": line.kind,
                "invoice": amount(line.kind, line.invoice),
                "ledger": amount(line.kind, line.ledger),
                "difference": amount(line.kind, line.amount),
            }
            for line in found.lines
        ],
        "differing": len(found.differing),
        "estimated": found.estimated,
        "unpriced": found.unpriced,
    }
