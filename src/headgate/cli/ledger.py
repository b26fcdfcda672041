"""`headgate ledger`: rows and sums of the ledger, exports, pruning, checks, reconciliation."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click
import msgspec

from headgate.cli.group import Group
from headgate.cli.ledger_export import export
from headgate.cli.ledger_options import ledger_options, period_options
from headgate.cli.ledger_page import rows_table, sums_table
from headgate.cli.ledger_reconcile import reconcile_command
from headgate.cli.open_ledger import open_ledger
from headgate.cli.options import json_option, table_width
from headgate.cli.period import moment, window
from headgate.cli.report_data import plain
from headgate.ledger.entry import Entry
from headgate.ledger.store import Store, Window
from headgate.render.table import aligned, csv_text
from headgate.values import counted

__all__ = ["ledger"]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])

FILTERS = ("request", "key", "team", "tier", "model", "route", "policy", "error", "purpose")
DIMENSIONS = ("hour", "provider", "model", "route", "key", "team", "policy", "reason", "error")


def _filter_options(command: _Callback) -> _Callback:
    for name in reversed(FILTERS):
        what = "Only this request, by its id." if name == "request" else f"Only this {name}."
        command = click.option(f"--{name}", metavar="NAME", help=what)(command)
    return command


@click.group(cls=Group)
def ledger() -> None:
    """Look into the ledger, export it, prune it, check it, hold it against an invoice."""


@ledger.command("rows")
@ledger_options
@period_options
@_filter_options
@click.option(
    "--last", type=click.IntRange(1, 10**9), default=20, help="At most so many; default: 20."
)
@json_option
def rows(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    last: int,
    *,
    as_json: bool,
    **filters: str | None,
) -> int:
    """Show the last attempts that fit, oldest first.

    Exit code 1: none fits.
    """
    asked = window(since, until, datetime.now(UTC))
    fits = _fitting(filters)
    with open_ledger(config, sets, url) as (store, _, _):
        found = deque((row for row in store.entries(asked) if fits(row)), maxlen=last)
    if as_json:
        shown = [plain(msgspec.to_builtins(msgspec.structs.asdict(row))) for row in found]
        click.echo(json.dumps(shown, indent=2, ensure_ascii=False))
    elif found:
        click.echo(aligned(rows_table(found), table_width()), nl=False)
    else:
        click.echo("No attempt fits.")
    return 0 if found else 1


def _fitting(filters: dict[str, str | None]) -> Callable[[Entry], bool]:
    wanted = {name: value for name, value in filters.items() if value is not None}

    def fits(row: Entry) -> bool:
        return all(_holds(row, name, value) for name, value in wanted.items())

    return fits


def _holds(row: Entry, name: str, value: str) -> bool:
    if name == "request":
        return row.request_id == value
    if name == "model":
        return value in (row.model_asked, row.model_answered, f"{row.provider}/{row.model_asked}")
    return bool(getattr(row, name) == value)


@ledger.command("sums")
@ledger_options
@period_options
@click.option(
    "--by",
    multiple=True,
    type=click.Choice(DIMENSIONS),
    help="Tell the sums apart by this too; repeatable.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
@json_option
def sums(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str | None,
    until: str | None,
    by: tuple[Any, ...],
    *,
    as_csv: bool,
    as_json: bool,
) -> int:
    """Add attempts up: money and tokens by whatever is asked.

    By role and tier where nothing is asked. Exit code 1: there is nothing to add up.
    """
    asked = window(since, until, datetime.now(UTC))
    with open_ledger(config, sets, url) as (store, _, _):
        totals = store.tiers(asked, by)
    if as_json:
        facts = [
            {**plain(msgspec.to_builtins(total)), "of": dict(zip(by, total.of, strict=True))}
            for total in totals
        ]
        click.echo(json.dumps(facts, indent=2, ensure_ascii=False))
    elif as_csv:
        click.echo(csv_text(sums_table(totals, by, exact=True)), nl=False)
    elif totals:
        click.echo(aligned(sums_table(totals, by), table_width()), nl=False)
    else:
        click.echo("There is nothing to add up.")
    return 0 if totals else 1


@ledger.command("prune")
@ledger_options
@click.option(
    "--older-than",
    required=True,
    metavar="WHEN",
    help="Rows of requests before this: 90d before now, or a day.",
)
@click.option("--prompts", is_flag=True, help="Only the stored prompts; the rows stay.")
@click.option("--yes", is_flag=True, help="Do it; without this, say what would be done.")
@json_option
def prune(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    older_than: str,
    *,
    prompts: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Delete old rows, and keep their sums by the hour.

    Reports stay as they are. With --prompts only what callers asked and were answered is deleted.
    """
    before = moment(older_than, datetime.now(UTC), option="--older-than", ends=False)
    before_us = int(before.timestamp()) * 1_000_000
    with open_ledger(config, sets, url) as (store, _, _):
        if prompts:
            _prune_prompts(store, before, yes=yes, as_json=as_json)
            return
        if not yes:
            gone = sum(total.attempts for total in store.tiers(Window(None, before_us)))
            would = (  # the sums do not tell which of their rows are gone already
                f"Up to {counted(gone, 'row')} would be deleted, of requests before "
                f"{before:%Y-%m-%d %H:%M}; their sums would stay. Add --yes to do it."
                if gone
                else f"There are no requests before {before:%Y-%m-%d %H:%M}: nothing to delete."
            )
            facts = {"before": before.isoformat(), "attempts": gone, "done": False}
            _say(facts, would, as_json=as_json)
            return
        gone = 0
        for count in _spoken(store.prune(before_us), "Pruned"):
            gone += count
        store.roll(int(time.time() * 1e6))
    _say(
        {"before": before.isoformat(), "attempts": gone, "done": True},
        f"Deleted {counted(gone, 'row')} of requests before {before:%Y-%m-%d %H:%M}; "
        "their sums stay.",
        as_json=as_json,
    )


def _prune_prompts(store: Store, before: datetime, *, yes: bool, as_json: bool) -> None:
    before_us = int(before.timestamp()) * 1_000_000
    day = f"{before:%Y-%m-%d %H:%M}"
    if yes:
        gone = sum(_spoken(store.prune_prompts(before_us), "Pruned"))
        told = f"Deleted {gone:,} prompts of requests before {day}; the rows stay."
    else:
        gone = store.count_prompts(Window(None, before_us))
        told = f"{gone:,} prompts would be deleted, of requests before {day}. Add --yes to do it."
        if not gone:
            told = f"There are no prompts of requests before {day}: nothing to delete."
    _say({"before": before.isoformat(), "prompts": gone, "done": yes}, told, as_json=as_json)


@ledger.command("rollup")
@ledger_options
@click.option("--rebuild", is_flag=True, help="Make all sums again, not only those out of date.")
@json_option
def rollup(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    *,
    rebuild: bool,
    as_json: bool,
) -> None:
    """Add up what is over by hours and days, as the gateway does."""
    with open_ledger(config, sets, url) as (store, _, _):
        if rebuild:
            store.unroll()
        made = 0
        for count in _spoken(_rolling(store.roll), "Summed up hours and days"):
            made += count
    _say({"summed_up": made}, f"Summed up {made:,} hours and days.", as_json=as_json)


def _rolling(roll: Callable[..., int]) -> Iterator[int]:
    while count := roll(int(time.time() * 1e6), most=24):
        yield count


@ledger.command("verify")
@ledger_options
@json_option
def verify(config: Path | None, sets: tuple[str, ...], url: str | None, *, as_json: bool) -> int:
    """Check the database, its rows and its sums.

    What stopped gateways left is taken in first. Exit code 1: something is wrong, and is named.
    """
    with open_ledger(config, sets, url) as (store, _, _):
        wrong = [*store.check(), *store.check_sums()]
        attempts = sum(total.attempts for total in store.tiers())
        prompts = store.count_prompts()
    held = counted(attempts, "attempt") + (f" and {counted(prompts, 'prompt')}" if prompts else "")
    told = "\n".join([*wrong, f"{held}; {counted(len(wrong), 'thing')} wrong."])
    if not wrong:
        told = f"{held}; nothing is wrong."
    _say({"attempts": attempts, "prompts": prompts, "wrong": wrong}, told, as_json=as_json)
    return 1 if wrong else 0


def _spoken(counts: Iterator[int], what: str) -> Iterator[int]:
    """The counts as they come; how far it is, on standard error, every two seconds."""
    total, spoken = 0, time.monotonic()
    for count in counts:
        total += count
        if time.monotonic() - spoken > 2:
            click.echo(f"{what}: {total:,} …", err=True)
            spoken = time.monotonic()
        yield count


def _say(facts: dict[str, Any], words: str, *, as_json: bool) -> None:
    click.echo(json.dumps(facts, indent=2, ensure_ascii=False) if as_json else words)


ledger.add_command(export)
ledger.add_command(reconcile_command)
