"""What a look-up of prices needs, and what it is asked in: a desk, filters, a mix, a comparison."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, NamedTuple

from headgate.bootstrap.book import (
    aged,
    book_of,
    card_of,
    doubts_about_prices,
    prices_of,
    snapshots_of,
)
from headgate.bootstrap.ends import announced
from headgate.cli.flags import bad_flag, day_of
from headgate.cli.options import open_settings
from headgate.cli.prices_page import (
    Compared,
    Sheet,
    compared,
)
from headgate.errors import ConfigError
from headgate.prices.book import Book
from headgate.prices.card import pico_from_usd
from headgate.prices.catalogue import Filters, Mix, search
from headgate.prices.disagreement import disagreements
from headgate.settings import Settings
from headgate.values import ModelRef, Usage

__all__ = [
    "Comparison",
    "Desk",
    "Traffic",
    "comparison",
    "filters_of",
    "legend_of",
    "mix_of",
    "noted",
    "open_desk",
    "ref_of",
    "sheet_of",
    "talk_of",
    "terms_of",
]

WHAT = "The look-up of prices"
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
    cards = [card_of(desk.book, desk.settings, ref_of(desk, name), desk.day) for name in models]
    return Comparison(compared(cards, usage, monthly), usage, monthly)


def terms_of(usage: Usage, monthly: int) -> str:
    """What a comparison takes for granted, in a sentence."""
    told = f"{monthly:,} calls a month of {usage.input:,} tokens in and {usage.output:,} out"
    return f"{told}, all of which succeed at once; nothing is cached."


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
    day = day_of(at, what=WHAT)
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
    ref = ref_of(desk, text)
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
    ending = announced(desk.settings, str(ref))
    return Sheet(card, variants, entry[1] if entry else None, desk.day, differing, ending)


def ref_of(desk: Desk, text: str) -> ModelRef:
    """The model that a text names, as provider/model.

    Raises:
        ConfigError: it names no provider; models that may be meant are told.
    """
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


def mix_of(text: str) -> Mix:
    """Tokens in and out as `--mix` has them, `1000:400`.

    Raises:
        ConfigError: it is no mix.
    """
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
        # the range first: 1e9999999 as a whole number would take minutes
        if low <= number <= high and number == int(number):
            return int(number)
    except InvalidOperation:  # no number, or one without an order: NaN
        pass
    raise _bad_flag(flag, f"{text!r} is out of range.", f"Give a whole number, {low} to {high:,}.")


def _bad_flag(flag: str, problem: str, fix: str) -> ConfigError:
    return bad_flag(flag, problem, fix, what=WHAT)


def legend_of(mix: Mix) -> str:
    """What the columns and the marks of a list of models mean."""
    return (
        f"USD per million tokens; blend: {mix.input:,} tokens in, {mix.output:,} out; "
        "* your own price, † deprecated"
    )


def talk_of(desk: Desk, more: Sequence[str] = ()) -> str:
    """What belongs to a table of prices, a line each: `more`, their source, the notes."""
    notes = (f"Note: {note}" for note in desk.notes)
    return "\n".join([*more, f"Prices: {desk.book.source}", *notes])
