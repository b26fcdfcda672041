"""`headgate plan`: what routing would cost and save, by the settings or by the built-in example."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import click

from headgate.bootstrap.book import aged, book_of, doubts_about_prices
from headgate.bootstrap.scenario import WhatIf, caveats, scenario_of
from headgate.cli.options import (
    document_options,
    json_option,
    one_format,
    open_settings,
    prices_option,
    settings_options,
)
from headgate.cli.plan_document import plan_document, plan_rows
from headgate.cli.plan_json import document
from headgate.cli.plan_page import Plan, page
from headgate.costs.model import evaluate
from headgate.errors import ConfigError, ConfigFault
from headgate.render.page import html, markdown
from headgate.render.table import csv_text

__all__ = ["plan"]

MOST_GROWTH = 8
MOST_FACTOR = 1_000_000

_SHARES = {"escalation", "retry_rate", "stable_prefix", "cache_hit_rate"}

_CHANGES: dict[str, tuple[str, str]] = {
    "escalation": ("RATE", "Share of requests that the premium tier answers, such as 0.2 or 20%."),
    "premium": ("MODEL", "The premium tier's model, as provider/model."),
    "cheap": ("MODEL", "The cheapest tier's model, as provider/model."),
    "classifier": ("MODEL", "The model that decides, or none."),
    "requests_per_day": ("N", "Requests on an average day."),
    "days": ("N", "Days in a month."),
    "input_tokens": ("N", "Tokens that a request reads."),
    "output_tokens": ("N", "Tokens that an answer has."),
    "retry_rate": ("RATE", "Share of attempts, on every tier, that fail and are tried again."),
    "stable_prefix": ("SHARE", "Share of the input that a prompt cache can hold; default 0."),
    "cache_hit_rate": ("RATE", "How often that share is read from the cache; default 0.4."),
    "overhead_usd": ("USD", "Fixed cost of routing a month, in US dollars; default 0."),
}


def _flag(field: str) -> str:
    return "--" + field.replace("_", "-")


def _what_if_options(command: Callable[..., Any]) -> Callable[..., Any]:
    for field, (metavar, text) in reversed(_CHANGES.items()):
        command = click.option(_flag(field), field, metavar=metavar, help=text)(command)
    return command


@click.command()
@settings_options
@_what_if_options
@click.option("--growth", default="1,3,10", show_default=True, help="Traffic factors to show.")
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@prices_option
@json_option
@document_options
def plan(
    config: Path | None,
    sets: tuple[str, ...],
    growth: str,
    at: str | None,
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
    day, factors = _day(at), _factors(growth)
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    source = str(reading.file) if reading.file else "the built-in example"
    book = book_of(reading.settings, reading.file.name if reading.file else "flags")
    what_if = WhatIf(**{field: _unpercent(field, value) for field, value in changes.items()})
    try:
        scenario = scenario_of(reading.settings, book, day, what_if)
        grown = tuple((factor, evaluate(scenario.at_traffic(factor))) for factor in factors)
    except ConfigError as error:
        raise _naming_flags(error, changes) from error
    made = Plan(
        source=source,
        example=reading.file is None,
        changed=tuple(_flag(field) for field in _CHANGES if changes[field] is not None),
        prices=book.source,
        breakdown=evaluate(scenario),
        growth=grown,
        notes=(
            *map(str, reading.warnings),
            *map(str, doubts_about_prices(reading.settings, book, day)),
            *map(str, aged(reading.settings, book, day)),
            *caveats(reading.settings, what_if),
            *scenario.notes(),
        ),
    )
    if as_json:
        click.echo(json.dumps(document(made), indent=2, ensure_ascii=False))
    elif as_csv:
        click.echo(csv_text(plan_rows(made)), nl=False)
    elif as_markdown:
        click.echo(markdown(plan_document(made)), nl=False)
    elif as_html:
        click.echo(html(plan_document(made)), nl=False)
    else:
        colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        click.echo(page(made, width=shutil.get_terminal_size().columns, colour=colour))


def _unpercent(field: str, text: str | None) -> str | None:
    """`20%` as `0.2`, where a share is asked for; what is no number is left for the scenario."""
    if text is None or field not in _SHARES or not text.endswith("%"):
        return text
    try:
        return str(Decimal(text[:-1]) / 100)
    except InvalidOperation:
        return text


def _naming_flags(error: ConfigError, changes: Mapping[str, str | None]) -> ConfigError:
    """The same error, its faults under the flags that the values came from, each fault once."""
    faults = {}
    for fault in error.faults:
        key = (fault.field or "").rpartition(".")[2]
        field = _flag(key) if changes.get(key) is not None else fault.field
        faults[field, fault.message] = ConfigFault(
            fault.message, fix=fault.fix, field=field, line=fault.line, source=fault.source
        )
    return ConfigError(error.message, fix=error.fix, faults=list(faults.values()))


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _bad_flag("--at", f"{text!r} is no date.", "Write it as 2026-11-20.") from error


def _factors(text: str) -> list[Decimal]:
    parts = [part.strip() for part in text.split(",")]
    try:
        factors = [Decimal(part) for part in parts]
        if len(factors) <= MOST_GROWTH and all(0 < factor <= MOST_FACTOR for factor in factors):
            return factors
    except InvalidOperation:  # no number, or one without an order: NaN
        pass
    raise _bad_flag(
        "--growth",
        f"{text!r} is no list of traffic factors.",
        f"Give up to {MOST_GROWTH} numbers above 0 to {MOST_FACTOR:,}, such as 1,3,10.",
    )


def _bad_flag(flag: str, problem: str, fix: str) -> ConfigError:
    return ConfigError(
        "The plan cannot be made:", faults=[ConfigFault(problem, fix=fix, field=flag)]
    )
