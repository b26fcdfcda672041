"""`headgate archetypes`: typical applications to start a plan from, each with its sources."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Sequence
from datetime import date
from typing import Any

import click

from headgate.bootstrap.archetypes import NAMES, Archetype, archetype
from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import scenario_of
from headgate.cli.flags import day_of
from headgate.cli.options import json_option
from headgate.costs.model import Breakdown, evaluate
from headgate.costs.wording import money, number, percent
from headgate.settings import Settings, read
from headgate.values import usd

__all__ = ["archetypes", "document", "listing"]


@click.command()
@click.argument("name", required=False)
@click.option("--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today.")
@json_option
def archetypes(name: str | None, at: str | None, *, as_json: bool) -> None:
    """List typical applications to start a plan from, or print one as a headgate.toml.

    `headgate plan --archetype NAME` plans with one as it is.
    """
    day = day_of(at)
    if name is not None:
        found = archetype(name)
        if as_json:
            click.echo(json.dumps(document(found, day), indent=2, ensure_ascii=False))
        else:
            click.echo(found.text, nl=False)
        return
    all_of_them = [archetype(one) for one in NAMES]
    if as_json:
        told = {"archetypes": [document(found, day) for found in all_of_them]}
        click.echo(json.dumps(told, indent=2, ensure_ascii=False))
        return
    click.echo(listing(all_of_them, day))
    click.echo(
        "\nA month at list prices, realistic column. `headgate archetypes NAME` prints the\n"
        "file with its sources; `headgate plan --archetype NAME` plans with it."
    )


def _planned(found: Archetype, day: date) -> tuple[Settings, Breakdown]:
    settings = read(found.path, env=os.environ, need_providers=False)
    return settings, evaluate(scenario_of(settings, book_of(settings), day))


def listing(found: Sequence[Archetype], day: date) -> str:
    """A row and a line for each archetype: its traffic, and what a month of it costs."""
    return "\n".join(_table([(one, *_planned(one, day)) for one in found]))


def _table(planned: list[tuple[Archetype, Settings, Breakdown]]) -> list[str]:
    rows = [("archetype", "a day", "calls", "in/out", "all premium", "routed", "saves")]
    for found, settings, breakdown in planned:
        traffic, column = settings.traffic, breakdown.realistic
        rows.append(
            (
                found.name,
                f"{traffic.requests_per_day:,}",
                f"{traffic.calls_per_request:g}",
                f"{traffic.input_tokens:,}/{traffic.output_tokens:,}",
                money(column.all_premium.total),
                money(column.routed.total),
                "–" if column.saving is None else percent(column.saving, exactly=True),
            )
        )
    sizes = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = [
        "  "
        + "  ".join(
            f"{cell:<{size}}" if place == 0 else f"{cell:>{size}}"
            for place, (cell, size) in enumerate(zip(row, sizes, strict=True))
        )
        for row in rows
    ]
    lines.append("")
    indent = " " * (sizes[0] + 4)
    for found, _, _ in planned:
        start = f"  {found.name:<{sizes[0]}}  "
        lines += textwrap.wrap(found.title, 80, initial_indent=start, subsequent_indent=indent)
    return lines


def document(found: Archetype, day: date) -> dict[str, Any]:
    """An archetype as JSON has it; money is US dollars a month as text."""
    settings, breakdown = _planned(found, day)
    traffic, column = settings.traffic, breakdown.realistic
    return {
        "name": found.name,
        "title": found.title,
        "sources": list(found.sources),
        "requests_per_day": traffic.requests_per_day,
        "calls_per_request": traffic.calls_per_request,
        "input_tokens": traffic.input_tokens,
        "output_tokens": traffic.output_tokens,
        "escalation": float(number(breakdown.escalation, 9)),
        "all_premium_usd": usd(column.all_premium.total),
        "routed_usd": usd(column.routed.total),
        "saving": None if column.saving is None else float(round(column.saving, 9)),
    }
