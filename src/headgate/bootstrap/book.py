"""Builds the price book of a configuration: the newest price list, and own prices on top."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from headgate.errors import ConfigError, ConfigFault
from headgate.prices.book import Book, Override
from headgate.prices.card import Card, Rates, pico_from_usd
from headgate.prices.disagreement import disagreements
from headgate.prices.snapshots import Snapshots
from headgate.prices.table import Table
from headgate.settings import data_home, read_prices
from headgate.settings.schema import PriceListSettings, PriceSettings, Settings
from headgate.values import ModelRef

__all__ = [
    "aged",
    "book_of",
    "card_of",
    "doubts_about_prices",
    "overrides_of",
    "prices_of",
    "snapshots_of",
    "table_of",
]

DAY = 86400


def book_of(
    settings: Settings, source: str = "headgate.toml", *, env: Mapping[str, str] | None = None
) -> Book:
    """The price list in use, with own prices on top: `[prices]` first, then the file they name.

    `source` names the settings file; `env` says where the user's data lies (default: this
    process's environment).

    Raises:
        ConfigError: an own price is not a price, or their file cannot be used; all that is wrong
            is named.
    """
    own = overrides_of(settings.prices, source)
    if settings.price_list.file is not None:
        own += _overrides_in(Path(settings.price_list.file))
    return Book(table_of(settings.price_list, env), own)


def table_of(chosen: PriceListSettings, env: Mapping[str, str] | None = None) -> Table:
    """The newest whole price list: a fetched one, or the shipped one where that is newer."""
    shipped = Table.shipped()
    snapshots = None if chosen.shipped else snapshots_of(chosen, env)
    fetched = snapshots.newest() if snapshots is not None else None
    if fetched is None or fetched.index.compiled < shipped.index.compiled:
        return shipped
    return fetched


def snapshots_of(
    chosen: PriceListSettings, env: Mapping[str, str] | None = None
) -> Snapshots | None:
    """Where fetched lists lie; None where neither the settings nor the environment name a place."""
    if chosen.directory is not None:
        return Snapshots(Path(chosen.directory))
    home = data_home(os.environ if env is None else env)
    return None if home is None else Snapshots(home / "prices")


def doubts_about_prices(settings: Settings, book: Book, on: date) -> Iterator[ConfigFault]:
    """Own prices that are so far off the list that they are most likely in another unit."""
    lists = {entry.name: entry.prices for entry in settings.providers if entry.prices}
    for differing in disagreements(book, on, lists):
        if differing.doubtful:
            yield ConfigFault(
                f"{differing}: {_times(differing.own, differing.listed)}.",
                fix=differing.suspicion,
                field=f'prices."{differing.model}".{differing.kind}',
                line=differing.own_line,
                source=differing.own_source,
            )


def aged(settings: Settings, book: Book, on: date) -> Iterator[ConfigFault]:
    """What to say of a price list that is older than the settings allow; nothing where it is not.

    Its age is counted to the day that is asked about, which need not be today.
    """
    age = (on - book.table.index.compiled).days
    if age > settings.price_list.warn_after // DAY:
        yield ConfigFault(
            f"The price list {book.source} is {age} days old.",
            fix="Run `headgate prices update`, or update Headgate.",
        )


def _times(own: int, listed: int) -> str:
    low, high = sorted((own, listed))
    part = "times the list's price" if own > listed else "times less than the list"
    return f"{high // low:,} {part}"


def _overrides_in(path: Path) -> list[Override]:
    """The own prices of a file, those that begin last first."""
    return [
        Override(
            model=ModelRef.parse(own.price.model),
            source=str(path),
            rates=_rates(own.price),
            valid_from=own.valid_from,
            line=own.line,
        )
        for own in read_prices(path)
    ]


def _rates(price: PriceSettings) -> Rates:
    """The rates of a price whose texts have been checked."""

    def pico(text: str | None) -> int | None:
        return None if text is None else pico_from_usd(text)

    return Rates(
        input=pico(price.input),
        output=pico(price.output),
        cache_read=pico(price.cache_read),
        cache_write_5m=pico(price.cache_write_5m),
        cache_write_1h=pico(price.cache_write_1h),
    )


def overrides_of(prices: Sequence[PriceSettings], source: str) -> list[Override]:
    """`[prices]` as overrides.

    Raises:
        ConfigError: a price is no number, negative, or finer than 0.000001 USD per million tokens.
    """
    faults: list[ConfigFault] = []

    def pico(price: PriceSettings, kind: str) -> int | None:
        text: str | None = getattr(price, kind)
        try:
            return None if text is None else pico_from_usd(text)
        except ValueError as error:
            faults.append(
                ConfigFault(
                    f"{error}.",
                    fix='Write USD per million tokens as text, such as "3.00".',
                    field=f'prices."{price.model}".{kind}',
                    source=source,
                )
            )
            return None

    overrides = [
        Override(
            model=ModelRef.parse(price.model),
            source=source,
            rates=Rates(
                input=pico(price, "input"),
                output=pico(price, "output"),
                cache_read=pico(price, "cache_read"),
                cache_write_5m=pico(price, "cache_write_5m"),
                cache_write_1h=pico(price, "cache_write_1h"),
            ),
        )
        for price in prices
    ]
    if faults:
        raise ConfigError("The prices cannot be used:", faults=faults)
    return overrides


def prices_of(settings: Settings, provider: str) -> str | None:
    """The price list that a provider's settings name; None: the one of the provider's own name."""
    return next((entry.prices for entry in settings.providers if entry.name == provider), None)


def card_of(
    book: Book, settings: Settings, ref: ModelRef, at: date, *, variant: str | None = None
) -> Card:
    """The card of a model that must have one; of a `variant`, such as `service_tier=flex`.

    Raises:
        ConfigError: no price is known; names what may have been meant, and both ways to mend it.
    """
    listed = prices_of(settings, ref.provider)
    card = book.card(ref, at, prices_of=listed, variant=variant)
    if card is not None:
        return card
    if variant is not None and book.card(ref, at, prices_of=listed) is not None:
        raise ConfigError(
            f"{book.source} has no price of {ref} for {variant}.",
            fix="Take service_tier out, or state the price below [prices].",
        )
    from headgate.bootstrap.unpriced import no_price, remedies  # most models have a price

    entry = next((one for one in settings.providers if one.name == ref.provider), None)
    remedy = remedies(
        book,
        ref,
        at,
        prices_of=listed,
        platform=None if entry is None else entry.platform,
        configured=entry is not None,
    )
    raise ConfigError(
        no_price(book, ref, listed),
        fix=f"{remedy} its price in the file:\n"
        f'  [prices."{ref}"]\n  input = "1.00"    # USD per million tokens\n  output = "5.00"',
    )
