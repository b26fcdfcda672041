"""`headgate plan`: what routing would cost and save, by the settings or by the built-in example."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from pathlib import Path

import click
from msgspec.structs import replace

from headgate.bootstrap.book import book_of
from headgate.bootstrap.plan import notes_of, plan_of
from headgate.cli.flags import bad_flag, day_of
from headgate.cli.options import (
    document_options,
    json_option,
    one_format,
    prices_option,
    settings_options,
)
from headgate.cli.plan_page import page
from headgate.cli.what_if import (
    CHANGES,
    Origin,
    archetype_option,
    flag_of,
    naming_flags,
    open_origin,
    unpercent,
    what_if,
    what_if_options,
)
from headgate.costs.advice import Target, solve_for, target_of
from headgate.costs.plan import Plan
from headgate.costs.plan_json import document
from headgate.errors import ConfigError, Gathered

__all__ = ["GROWTH", "MOST_GROWTH", "asked_plan", "factors", "plan"]

GROWTH = "1,3,10"

MOST_GROWTH = 8
MOST_FACTOR = 1_000_000


@click.command()
@settings_options
@archetype_option
@what_if_options
@click.option(
    "--target-saving", metavar="SHARE", help="Say what would save that share, such as 0.4 or 40%."
)
@click.option("--target-bill", metavar="USD", help="Say what would give that monthly bill.")
@click.option("--growth", default=GROWTH, show_default=True, help="Traffic factors to show.")
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@prices_option
@json_option
@document_options
def plan(
    config: Path | None,
    sets: tuple[str, ...],
    name_of_archetype: str | None,
    growth: str,
    at: str | None,
    target_saving: str | None,
    target_bill: str | None,
    prices: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    as_markdown: bool,
    as_html: bool,
    **changes: str | None,
) -> None:
    """Say what routing would cost and save a month.

    Reads headgate.toml, or takes the built-in example where there is none: 1,000 requests a day of
    1,000 tokens in and 400 out, a small model to decide, 20 % escalated. Flags try changes out;
    nothing is written and nothing is sent anywhere.
    """
    one_format(json=as_json, csv=as_csv, markdown=as_markdown, html=as_html)
    gathered = Gathered("The plan cannot be made:")
    day = gathered.of(lambda: day_of(at), day_of(None))
    none: list[Decimal] = []
    traffic = gathered.of(lambda: factors(growth), none)
    origin = open_origin(config, sets, prices=prices, archetype_name=name_of_archetype)
    made = gathered.finish(
        lambda: asked_plan(
            origin, day, changes, growth=traffic, saving=target_saving, bill=target_bill
        )
    )
    if as_json:
        click.echo(json.dumps(document(made), indent=2, ensure_ascii=False))
    elif as_csv or as_markdown or as_html:
        click.echo(_in_form(made, "csv" if as_csv else "html" if as_html else "markdown"), nl=False)
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(page(made, width=shutil.get_terminal_size().columns, colour=colour))


def asked_plan(
    origin: Origin,
    day: date,
    changes: Mapping[str, str | None],
    *,
    growth: Sequence[Decimal],
    saving: str | None = None,
    bill: str | None = None,
) -> Plan:
    """The plan of these settings at the prices of a day, with the changes of `CHANGES` tried out.

    Args:
        growth: traffic factors to show.
        saving: a share to save, as text; the plan then says what would save it.
        bill: a monthly bill in US dollars, as text; the same.

    Raises:
        ConfigError: a model has no price, or a number is out of range; faults name flags.
    """
    reading = origin.reading
    book = book_of(reading.settings, origin.named)
    changed = what_if(changes)
    gathered = Gathered("The plan cannot be made:")
    targets: list[Target | None] = []
    if saving is not None:
        share = unpercent("escalation", saving)
        judged = partial(_target, "--target-saving", lambda: target_of(saving=share))
        targets.append(gathered.of(judged, None))
    if bill is not None:
        usd = bill.removeprefix("$")
        judged = partial(_target, "--target-bill", lambda: target_of(bill_usd=usd))
        targets.append(gathered.of(judged, None))
    try:
        made = gathered.finish(
            lambda: plan_of(
                reading.settings,
                book,
                day,
                changed,
                source=origin.source,
                example=origin.example,
                changed=tuple(flag_of(field) for field in CHANGES if changes[field] is not None),
                growth=growth,
                notes=notes_of(reading, book, day, changed),
            )
        )
    except ConfigError as error:
        raise naming_flags(error, changes) from error
    scenario = made.breakdown.scenario
    solved = (solve_for(scenario, target) for target in targets if target is not None)
    return replace(made, solutions=tuple(itertools.chain.from_iterable(solved)))


def _in_form(made: Plan, form: str) -> str:
    # nobody who asks for the page or for JSON waits for these
    from headgate.costs.plan_document import plan_document
    from headgate.costs.plan_tables import plan_rows
    from headgate.render.page import html, markdown
    from headgate.render.table import csv_text

    if form == "csv":
        return csv_text(plan_rows(made))
    return html(plan_document(made)) if form == "html" else markdown(plan_document(made))


def _target(flag: str, made: Callable[[], Target]) -> Target:
    """A target, or what is wrong with it under its flag."""
    try:
        return made()
    except ConfigError as error:
        raise bad_flag(flag, error.faults[0].message, error.faults[0].fix) from error


def factors(text: str) -> list[Decimal]:
    """Traffic factors as `--growth` has them, `1,3,10`.

    Raises:
        ConfigError: one is no number, or there are too many.
    """
    parts = [part.strip() for part in text.split(",")]
    try:
        found = [Decimal(part) for part in parts]
        if len(found) <= MOST_GROWTH and all(0 < factor <= MOST_FACTOR for factor in found):
            return found
    except InvalidOperation:  # no number, or one without an order: NaN
        pass
    raise bad_flag(
        "--growth",
        f"{text!r} is no list of traffic factors.",
        f"Give up to {MOST_GROWTH} numbers above 0 to {MOST_FACTOR:,}, such as 1,3,10.",
    )
