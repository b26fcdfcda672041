"""Builds the price book of a configuration: the shipped table, and the file's own prices on top."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from headgate.errors import ConfigError, ConfigFault
from headgate.prices.book import Book, Override
from headgate.prices.card import Card, Rates, pico_from_usd
from headgate.settings.schema import PriceSettings, Settings
from headgate.values import ModelRef

__all__ = ["book_of", "card_of", "overrides_of", "prices_of"]


def book_of(settings: Settings, source: str = "headgate.toml") -> Book:
    """The shipped book with the overrides of `[prices]`; `source` names the file they stand in.

    Raises:
        ConfigError: an override's price is not a price; every such field is named.
    """
    return Book.shipped().with_overrides(overrides_of(settings.prices, source))


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
    near = book.near(ref, prices_of=listed)
    if book.knows(ref, prices_of=listed):
        problem = f"{book.source} has no price per token for {ref}."
    else:
        problem = f"No price is known for {ref} ({book.source})."
    meant = f"Did you mean {_either(near)}? " if near else ""
    raise ConfigError(
        problem,
        fix=f"{meant}Correct the name, or state its price in the file:\n"
        f'  [prices."{ref}"]\n  input = "1.00"    # USD per million tokens\n  output = "5.00"',
    )


def _either(names: Sequence[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
