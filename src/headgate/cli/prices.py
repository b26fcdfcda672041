"""`headgate prices`: search, show and compare prices, their history, and a new list on request."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click

from headgate.bootstrap.book import (
    card_of,
    prices_of,
    snapshots_of,
)
from headgate.cli.files import FilePath
from headgate.cli.group import Group
from headgate.cli.options import json_option, open_settings, prices_option, settings_options
from headgate.cli.prices_data import (
    comparison_json,
    found_json,
    held_json,
    sheet_json,
    update_json,
)
from headgate.cli.prices_desk import (
    Desk,
    Traffic,
    comparison,
    filters_of,
    legend_of,
    mix_of,
    noted,
    open_desk,
    ref_of,
    sheet_of,
    talk_of,
    terms_of,
)
from headgate.cli.prices_page import (
    comparison_table,
    found_table,
    held_table,
    rates_table,
    sheet_page,
    update_page,
)
from headgate.errors import ConfigError
from headgate.prices.catalogue import history, search
from headgate.render.table import aligned, csv_text

__all__ = ["prices"]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


def _look_up(command: _Callback) -> _Callback:
    """The options of every look-up."""
    for option in (
        click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table."),
        json_option,
        click.option("--shipped", is_flag=True, help="Only the list that comes with Headgate."),
        click.option(
            "--at", metavar="DATE", help="Prices of that day, as 2026-11-20; default: today."
        ),
        prices_option,
        settings_options,
    ):
        command = option(command)
    return command


@click.group(cls=Group)
def prices() -> None:
    """Look up, compare and update what models cost.

    Every number has its source and the day from which it holds. Prices are US dollars per million
    tokens. Nothing is fetched, unless `prices update` is asked to.
    """


@prices.command("search")
@click.argument("text", nargs=-1)
@click.option("--provider", default="", metavar="NAME", help="Only this price list.")
@click.option(
    "--max-price", metavar="USD", help="Only models that cost at most this per million, blended."
)
@click.option(
    "--no-deprecated", is_flag=True, help="Leave out models that their provider has deprecated."
)
@click.option("--min-context", type=click.IntRange(1), help="Only models that read so many tokens.")
@click.option(
    "--mix",
    default="1000:400",
    show_default=True,
    metavar="IN:OUT",
    help="Tokens in and out that prices are blended by.",
)
@click.option(
    "--sort",
    type=click.Choice(["match", "price", "name", "window"]),
    default="match",
    show_default=True,
    help="What comes first: best match, lowest blended price, name, largest context.",
)
@click.option(
    "--limit", type=click.IntRange(1), default=20, show_default=True, help="Most models to show."
)
@_look_up
def search_command(
    text: tuple[str, ...],
    provider: str,
    max_price: str | None,
    min_context: int | None,
    mix: str,
    sort: Any,
    limit: int,
    *,
    no_deprecated: bool,
    as_json: bool,
    as_csv: bool,
    **where: Any,
) -> int:
    """Find models by a part of their name.

    TEXT is one word or several, all of which must occur in the name; spelt wrongly, the names that
    are most alike are shown. Without TEXT all models are. Exit code 1: no model fits.
    """
    desk = open_desk(**where)
    weights = mix_of(mix)
    filters = filters_of(
        desk,
        provider=provider,
        max_price=max_price,
        min_context=min_context,
        deprecated=not no_deprecated,
    )
    found = search(desk.book, " ".join(text), desk.day, mix=weights, filters=filters, order=sort)
    shown = found[:limit]
    if as_json:
        _print_json(found_json(shown, len(found), weights, desk.book.source), desk)
    elif as_csv:
        click.echo(csv_text(found_table(shown, exact=True)), nl=False)
    elif found:
        click.echo(aligned(found_table(shown), _width()), nl=False)
        _talk(desk, [legend_of(weights)], len(found) - len(shown))
    else:
        click.echo(
            f"No model fits ({desk.book.source}). Ask for less of its name, or without a filter."
        )
    return 0 if found else 1


@prices.command()
@click.argument("model")
@_look_up
def show(model: str, *, as_json: bool, as_csv: bool, **where: Any) -> None:
    """Show every price of a model, and its source.

    What the source charges for beside is told too.

    MODEL is a model as provider/model. Cache rates, prices for long contexts, hours of the day,
    batches and service tiers are listed where there are any; so is a price of your own that differs
    from the list.
    """
    desk = open_desk(**where)
    sheet = sheet_of(desk, model)
    if as_json:
        _print_json(sheet_json(sheet), desk)
    elif as_csv:
        click.echo(csv_text(rates_table(sheet, exact=True)), nl=False)
    else:
        click.echo(sheet_page(sheet, _width()), nl=False)
        _talk(desk)


@prices.command()
@click.argument("models", nargs=-1, required=True)
@click.option("--requests-per-day", metavar="N", help="Requests; default: [traffic].")
@click.option("--days", metavar="N", help="Days in a month; default: [traffic].")
@click.option("--input-tokens", metavar="N", help="Tokens that a call reads; default: [traffic].")
@click.option("--output-tokens", metavar="N", help="Tokens that it writes; default: [traffic].")
@_look_up
def compare(
    models: tuple[str, ...],
    requests_per_day: str | None,
    days: str | None,
    input_tokens: str | None,
    output_tokens: str | None,
    *,
    as_json: bool,
    as_csv: bool,
    **where: Any,
) -> None:
    """Compare what one call and a month cost on several models.

    MODELS are models as provider/model. The calls succeed at once and nothing is cached: `headgate
    plan` knows retries, caches and routing.
    """
    desk = open_desk(**where)
    asked = Traffic(requests_per_day, days, input_tokens, output_tokens)
    rows, usage, monthly = comparison(desk, models, asked)
    if as_json:
        _print_json(comparison_json(rows, usage, monthly, desk.book.source), desk)
    elif as_csv:
        click.echo(csv_text(comparison_table(rows, exact=True)), nl=False)
    else:
        click.echo(aligned(comparison_table(rows), _width()), nl=False)
        _talk(desk, [terms_of(usage, monthly)])


@prices.command("history")
@click.argument("model")
@_look_up
def history_command(model: str, *, as_json: bool, as_csv: bool, **where: Any) -> int:
    """List the prices that a model has had, and when each of them held.

    MODEL is a model as provider/model. The list knows what its source has dated: a price without a
    beginning held before the first date, or the source does not say since when.
    """
    desk = open_desk(**where)
    ref = ref_of(desk, model)
    entry = desk.book.find(ref, prices_of=prices_of(desk.settings, ref.provider))
    if entry is None:
        card_of(desk.book, desk.settings, ref, desk.day)  # a model of one's own file passes
        click.echo(f"{desk.book.source} has no history of {ref}: only your own file prices it.")
        return 1
    shelf, found = entry
    held = history(found)
    name = f"{shelf}/{found.id}"
    if as_json:
        _print_json(held_json(name, held, desk.day, desk.book.source), desk)
    elif as_csv:
        click.echo(csv_text(held_table(held, desk.day, exact=True)), nl=False)
    else:
        click.echo(f"{found.name or found.id} ({name})\n")
        click.echo(aligned(held_table(held, desk.day), _width()), nl=False)
        _talk(desk, ["USD per million tokens; > marks the price of the day asked about."])
    return 0


@prices.command()
@click.option(
    "--from",
    "source",
    type=FilePath(),
    help="Take the feed from this file instead of fetching it.",
)
@click.option("--accept", is_flag=True, help="Take the list although something speaks against it.")
@click.option("--dry-run", is_flag=True, help="Fetch and check it, and leave all as it is.")
@settings_options
@json_option
def update(
    config: Path | None,
    sets: tuple[str, ...],
    source: Path | None,
    *,
    accept: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Fetch the public price list, check it, and put it into use.

    The list is genai-prices' own feed. One that is malformed is never taken; one that is older,
    that has lost more than a tenth of the models, or in which a price jumped tenfold is taken with
    --accept only. Whatever goes wrong, the list in use stays. Exit code 1: it was not taken.
    """
    from headgate.bootstrap.book import table_of
    from headgate.bootstrap.egress import default_proxy
    from headgate.bootstrap.price_update import FEED, fetch, read_feed
    from headgate.bootstrap.price_update import update as take

    settings = open_settings(config, sets, need_providers=False).settings
    chosen = settings.price_list
    if chosen.shipped:
        raise ConfigError(
            "The settings say `shipped = true`: no command would use a fetched list.",
            fix="Take it out of [price_list], or update with --set price_list.shipped=false.",
        )
    snapshots = snapshots_of(chosen)
    if snapshots is None:
        raise ConfigError(
            "There is no place for the list: neither HOME nor XDG_DATA_HOME is set.",
            fix="Name one with --set price_list.directory=PATH.",
        )
    url = chosen.feed or FEED
    if source is None:
        proxy = default_proxy(url, settings.egress, os.environ)
        by = "" if proxy is None else f" through {proxy}"
        click.echo(f"Fetching {url}{by}", err=True)
        data = fetch(url, proxy=proxy)
    else:
        data = read_feed(source)
    done = take(data, snapshots, table_of(chosen), accept=accept, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(update_json(done), indent=2, ensure_ascii=False))
    else:
        click.echo(update_page(done), nl=False)


# ---- what is printed


def _width() -> int:
    import shutil

    return max(shutil.get_terminal_size().columns, 80)


def _talk(desk: Desk, more: Sequence[str] = (), hidden: int = 0) -> None:
    """What belongs to a table and is none of it: to stderr, so that a pipe gets the table."""
    lines = [*more, f"{hidden:,} more; --limit shows them."] if hidden > 0 else more
    click.echo("\n" + talk_of(desk, lines), err=True)


def _print_json(document: dict[str, Any], desk: Desk) -> None:
    click.echo(json.dumps(noted(document, desk), indent=2, ensure_ascii=False))
