"""A price card: what one model's tokens cost from a date on, and who says so."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import msgspec

__all__ = ["PICO_PER_NANO", "Card", "Rates", "pico_from_usd", "usd_per_million"]

PICO_PER_NANO = 1000
"""A pico-dollar is 10^-12 USD: one US dollar per million tokens is 10^6 of them per token."""


def pico_from_usd(per_million: str | Decimal | int) -> int:
    """A price in USD per million tokens as whole pico-dollars per token.

    >>> pico_from_usd("0.30"), pico_from_usd(15)
    (300000, 15000000)

    Raises:
        ValueError: not a decimal number, negative, or finer than a millionth of a dollar.
    """
    try:
        pico = Decimal(per_million) * 1_000_000
        whole = int(pico)
    except (ArithmeticError, ValueError) as error:  # no number, none that is finite, or too large
        raise ValueError(f"{per_million!r} is not a price in US dollars") from error
    if pico < 0:
        raise ValueError(f"{per_million!r} is negative, and a price cannot be")
    if whole != pico:
        raise ValueError(f"{per_million!r} is finer than 0.000001 USD per million tokens")
    return whole


def usd_per_million(pico: int) -> str:
    """Pico-dollars per token as USD per million tokens, exact; at least two decimals.

    >>> usd_per_million(300_000), usd_per_million(15_000_000), usd_per_million(3_625)
    ('0.30', '15.00', '0.003625')
    """
    whole, rest = divmod(pico, 1_000_000)
    return f"{whole}.{f'{rest:06d}'.rstrip('0').ljust(2, '0')}"


class Rates(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Prices by kind of token, in whole pico-dollars per token; None where the source has none.

    What is billed for a kind without a price of its own is genai-prices' rule: a kind falls back to
    the wider kind that holds it. A cache read or 5-minute write is then billed as input, a 1-hour
    write as a 5-minute write or else as input. Nothing is wider than `input` and `output`: without
    them a call that used such tokens has no known price.
    """

    input: int | None = None
    output: int | None = None
    cache_read: int | None = None
    cache_write_5m: int | None = None
    cache_write_1h: int | None = None
    request: int = 0
    """Fee for each call that used tokens, pico-dollars."""


class Card(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The prices of one model from `valid_from` on, with the source that states them."""

    id: str
    """`provider/model@date`: the price list, its model, and the day the price came into force
    (`undated` where the source gives none). A variant adds `+service_tier=flex`, an hourly price
    `+00:30`; an override is `provider/model@override:FILE`, a dated one with `+DATE` behind."""
    provider: str
    """Id of the price list; not always the provider's name in the user's file."""
    model: str
    name: str
    """The model's name for people."""
    rates: Rates
    tiers: tuple[tuple[int, Rates], ...] = ()
    """(n, rates), ascending: a call that reads more than n tokens pays those rates for all its
    tokens, output included."""
    valid_from: date | None = None
    source: str
    """Who states the prices: `genai-prices 0.2.3 (2026-11-23)`, or the file of an override."""
    context_window: int | None = None
    deprecated: bool = False
    overridden: bool = False
    """The user's file states this price, not the shipped table."""
    left_out: tuple[str, ...] = ()
    """What the source charges for beside these kinds, in its own words: `web_searches_kcount`."""

    def rates_for(self, total_input: int) -> Rates:
        """The rates of a call that reads so many tokens, cached ones included."""
        rates = self.rates
        for start, dearer in self.tiers:
            if total_input <= start:
                break
            rates = dearer
        return rates
