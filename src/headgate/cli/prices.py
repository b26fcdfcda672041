"""`headgate prices`: search, show and compare prices, their history, and a new list on request."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click

from headgate.bootstrap.book import (
    aged,
    book_of,
    card_of,
    doubts_about_prices,
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
from headgate.cli.prices_page import (
    Compared,
    Sheet,
    compared,
    comparison_table,
    found_table,
    held_table,
    rates_table,
    sheet_page,
    update_page,
)
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.book import Book
from headgate.prices.card import pico_from_usd
from headgate.prices.catalogue import Filters, Mix, history, search
from headgate.prices.disagreement import disagreements
from headgate.render.table import aligned, csv_text
from headgate.settings import Settings
from headgate.values import ModelRef, Usage

__all__ = [
    "Comparison",
    "Desk",
    "Traffic",
    "comparison",
    "filters_of",
    "legend_of",
    "noted",
    "open_desk",
    "prices",
    "sheet_of",
]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])

MOST_TOKENS = 100_000_000
MOST_REQUESTS = 10_000_000_000


class Desk(NamedTuple):
    """What every look-up needs."""

    settings: Settings
    book: Book
    day: date
    notes: tuple[str, ...]

    @property
    def lists(self) -> dict[str, str]:
        """Whose list holds for a provider of another name."""
        return {entry.name: entry.prices for entry in self.settings.providers if entry.prices}


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
    weights = _mix(mix)
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
        told = f"{monthly:,} calls a month of {usage.input:,} tokens in and {usage.output:,} out"
        _talk(desk, [f"{told}, all of which succeed at once; nothing is cached."])


@prices.command("history")
@click.argument("model")
@_look_up
def history_command(model: str, *, as_json: bool, as_csv: bool, **where: Any) -> int:
    """List the prices that a model has had, and when each of them held.

    MODEL is a model as provider/model. The list knows what its source has dated: a price without a
    beginning held before the first date, or the source does not say since when.
    """
    desk = open_desk(**where)
    ref = _ref(desk, model)
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
    from headgate.bootstrap.price_update import FEED, fetch, read_feed
    from headgate.bootstrap.price_update import update as take

    chosen = open_settings(config, sets, need_providers=False).settings.price_list
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
        click.echo(f"Fetching {url}", err=True)
    data = fetch(url) if source is None else read_feed(source)
    done = take(data, snapshots, table_of(chosen), accept=accept, dry_run=dry_run)
    if as_json:
        click.echo(json.dumps(update_json(done), indent=2, ensure_ascii=False))
    else:
        click.echo(update_page(done), nl=False)


# ---- what the commands look up


def filters_of(
    desk: Desk,
    *,
    provider: str = "",
    max_price: str | None = None,
    min_context: int | None = None,
    deprecated: bool = True,
) -> Filters:
    """What a search asks of a model; `max_price` is US dollars per million tokens, blended.

    Raises:
        ConfigError: there is no such price list, or the price is none; faults name flags.
    """
    return Filters(
        provider=_provider(desk, provider),
        dearest=_pico("--max-price", max_price),
        window=min_context,
        deprecated=deprecated,
    )


class Traffic(NamedTuple):
    """What models are compared on, as text; None takes what `[traffic]` says."""

    requests_per_day: str | None = None
    days: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None


class Comparison(NamedTuple):
    """Models held against each other on one call, and on so many a month."""

    rows: list[Compared]
    usage: Usage
    monthly: int


def comparison(desk: Desk, models: Sequence[str], asked: Traffic) -> Comparison:
    """What one call and a month of them cost on each model, the cheapest first.

    Raises:
        ConfigError: a model is not known, or a number is out of range; faults name flags.
    """
    traffic = desk.settings.traffic
    usage = Usage(
        input=_count("--input-tokens", asked.input_tokens, traffic.input_tokens, 0, MOST_TOKENS),
        output=_count(
            "--output-tokens", asked.output_tokens, traffic.output_tokens, 0, MOST_TOKENS
        ),
    )
    per_day = _count(
        "--requests-per-day", asked.requests_per_day, traffic.requests_per_day, 1, MOST_REQUESTS
    )
    monthly = per_day * _count("--days", asked.days, traffic.days_per_month, 1, 366)
    cards = [card_of(desk.book, desk.settings, _ref(desk, name), desk.day) for name in models]
    return Comparison(compared(cards, usage, monthly), usage, monthly)


def noted(document: dict[str, Any], desk: Desk) -> dict[str, Any]:
    """A document of prices with what must be known of them."""
    return document | {"notes": list(desk.notes)}


# ---- from text to values


def open_desk(
    config: Path | None,
    sets: tuple[str, ...],
    prices: str | None,  # the option is called so
    at: str | None,
    *,
    shipped: bool,
) -> Desk:
    """What a look-up of prices needs; `at` is a day as text, None is today.

    Raises:
        ConfigError: the settings or their prices cannot be used, or `at` is no day.
    """
    day = _day(at)
    if shipped:
        sets = (*sets, "price_list.shipped=true")
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    book = book_of(reading.settings, reading.file.name if reading.file else "flags")
    desk = Desk(reading.settings, book, day, ())
    notes = [*doubts_about_prices(desk.settings, book, day), *aged(desk.settings, book, day)]
    snapshots = None if shipped else snapshots_of(desk.settings.price_list)
    damaged = [] if snapshots is None else snapshots.damaged()
    told = [f"The fetched list {path} is damaged and was passed over." for path in damaged]
    return desk._replace(notes=(*map(str, notes), *told))


def sheet_of(desk: Desk, text: str) -> Sheet:
    """All prices of the model that `text` names, as provider/model.

    Raises:
        ConfigError: there is no such model.
    """
    ref = _ref(desk, text)
    listed = prices_of(desk.settings, ref.provider)
    card = card_of(desk.book, desk.settings, ref, desk.day)
    entry = desk.book.find(ref, prices_of=listed)
    variants = {}
    if entry is not None and not card.overridden:
        for variant in entry[1].variants:
            found = desk.book.card(ref, desk.day, prices_of=listed, variant=variant)
            if found is not None:
                variants[variant] = found
    differing = tuple(
        one for one in disagreements(desk.book, desk.day, desk.lists) if one.model == ref
    )
    return Sheet(card, variants, entry[1] if entry else None, desk.day, differing)


def _ref(desk: Desk, text: str) -> ModelRef:
    try:
        return ModelRef.parse(text)
    except ValueError as error:
        found = search(desk.book, text, desk.day)[:3]
        names = [f"{one.card.provider}/{one.card.model}" for one in found]
        meant = f"Did you mean {' or '.join(names)}? " if names else ""
        raise ConfigError(
            f"{text!r} names no provider.",
            fix=f"{meant}Write provider/model; `headgate prices search` finds it.",
        ) from error


def _provider(desk: Desk, name: str) -> str:
    if not name:
        return ""
    found = desk.book.table.provider(name)
    own = {override.model.provider for override in desk.book.overrides}
    if found is None and name not in own:
        known = ", ".join(entry.id for entry in desk.book.table.index.providers)
        raise _bad_flag("--provider", f"There is no price list {name!r}.", f"There are {known}.")
    return found.id if found is not None else name


def _mix(text: str) -> Mix:
    reads, _, writes = text.partition(":")
    try:
        mix = Mix(int(reads), int(writes))
    except ValueError:
        mix = Mix(-1, -1)
    if min(mix) < 0 or not 0 < sum(mix) <= MOST_TOKENS:
        raise _bad_flag("--mix", f"{text!r} is no mix.", "Write tokens in and out, as 1000:400.")
    return mix


def _pico(flag: str, text: str | None) -> int | None:
    try:
        return None if text is None else pico_from_usd(text)
    except ValueError as error:
        raise _bad_flag(flag, f"{error}.", "Write US dollars per million, as 2.50.") from error


def _count(flag: str, text: str | None, planned: int, low: int, high: int) -> int:
    if text is None:
        return planned
    try:
        number = Decimal(text)
        if number == int(number) and low <= number <= high:
            return int(number)
    except (InvalidOperation, ValueError, OverflowError):
        pass
    raise _bad_flag(flag, f"{text!r} is out of range.", f"Give a whole number, {low} to {high:,}.")


def _day(text: str | None) -> date:
    if text is None:
        return datetime.now(UTC).date()
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise _bad_flag("--at", f"{text!r} is no date.", "Write it as 2026-11-20.") from error


def _bad_flag(flag: str, problem: str, fix: str) -> ConfigError:
    return ConfigError(
        "The prices cannot be looked up:", faults=[ConfigFault(problem, fix=fix, field=flag)]
    )


# ---- what is printed


def _width() -> int:
    import shutil

    return max(shutil.get_terminal_size().columns, 80)


def legend_of(mix: Mix) -> str:
    """What the columns and the marks of a list of models mean."""
    return (
        f"USD per million tokens; blend: {mix.input:,} tokens in, {mix.output:,} out; "
        "* your own price, † deprecated"
    )


def _talk(desk: Desk, more: Sequence[str] = (), hidden: int = 0) -> None:
    """What belongs to a table and is none of it: to stderr, so that a pipe gets the table."""
    lines = [*more]
    if hidden > 0:
        lines.append(f"{hidden:,} more; --limit shows them.")
    lines.append(f"Prices: {desk.book.source}")
    lines += [f"Note: {note}" for note in desk.notes]
    click.echo("\n" + "\n".join(lines), err=True)


def _print_json(document: dict[str, Any], desk: Desk) -> None:
    click.echo(json.dumps(noted(document, desk), indent=2, ensure_ascii=False))
