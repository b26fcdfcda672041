"""What a call costs: usage times card, exact in pico-dollars, rounded once to nano-dollars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from headgate.prices.card import PICO_PER_NANO, Card
from headgate.values import Usage

__all__ = [
    "charge",
    "charge_media",
    "charge_untold",
    "charges_of",
    "itemise",
    "nano_from_pico",
]

MEDIA = ("audio", "image", "video")
"""Words in the names of prices that a card leaves out, of tokens that are no text."""


def nano_from_pico(pico: int) -> int:
    """Pico-dollars as nano-dollars, rounded half to even.

    >>> [nano_from_pico(pico) for pico in (499, 500, 501, 1500, -1500)]
    [0, 0, 1, 2, -2]
    """
    nano, rest = divmod(pico, PICO_PER_NANO)
    return nano + (rest > 500 or (rest == 500 and nano & 1))


def charge(card: Card, usage: Usage) -> int | None:
    """The price of one call in nano-dollars, rounded half to even once.

    None where the call used input or output tokens that the card has no price for: such a call is
    unpriced, never free. `Rates` says what a cache kind without a price of its own costs.
    """
    rates = card.rates_for(usage.total_input) if card.tiers else card.rates
    fresh, output, base = usage.input, usage.output, rates.input
    if base is None:
        if usage.total_input:
            return None
        base = 0
    pico = base * fresh
    if output:
        if rates.output is None:
            return None
        pico += rates.output * output
    if usage.cache_read:
        pico += usage.cache_read * (base if rates.cache_read is None else rates.cache_read)
    if usage.cache_write_5m or usage.cache_write_1h:
        write = base if rates.cache_write_5m is None else rates.cache_write_5m
        long = write if rates.cache_write_1h is None else rates.cache_write_1h
        pico += usage.cache_write_5m * write + usage.cache_write_1h * long
    if rates.request and (usage.total_input or output):
        pico += rates.request
    nano = pico // PICO_PER_NANO  # as `nano_from_pico`, in place: every row is priced twice
    rest = pico - nano * PICO_PER_NANO
    return nano + (rest > 500 or (rest == 500 and nano & 1))


def charge_media(card: Card, usage: Usage, other_input: int, other_output: int) -> int | None:
    """As `charge`, for a call of which so many tokens may be those of pictures or sound.

    None where the card leaves out what those cost: they have a price, and it is not that of text.
    """
    named = [key for key in card.left_out if any(medium in key for medium in MEDIA)]
    if other_input and not all(key.startswith("output_") for key in named):
        return None
    if other_output and any(key.startswith("output_") for key in named):
        return None
    return charge(card, usage)


def charge_untold(card: Card) -> int | None:
    """The price of a call that used tokens which nobody has counted, in nano-dollars.

    None unless none of them costs anything, as on a model of one's own: what is unknown is not
    free.
    """
    rates = card.rates
    owed = (rates.cache_read, rates.cache_write_5m, rates.cache_write_1h)
    if card.tiers or card.left_out or rates.input != 0 or rates.output != 0 or any(owed):
        return None
    return nano_from_pico(rates.request)


def charges_of(card: Card) -> Callable[[Usage], int | None]:
    """`charge` of one card for many calls: what no call changes is looked up once."""
    rates = card.rates
    base, answered = rates.input, rates.output
    if card.tiers or rates.request or base is None or answered is None:
        return partial(charge, card)
    read = base if rates.cache_read is None else rates.cache_read
    write = base if rates.cache_write_5m is None else rates.cache_write_5m
    long = write if rates.cache_write_1h is None else rates.cache_write_1h
    prices = (base, answered, read, write, long)
    # mostly all are whole nano-dollars for a token: then the sum is exact, and nothing is rounded
    exact = not any(price % PICO_PER_NANO for price in prices)
    if exact:
        base, answered, read, write, long = (price // PICO_PER_NANO for price in prices)

    def charged(usage: Usage) -> int:
        owed = base * usage.input + answered * usage.output
        if usage.cache_read:
            owed += read * usage.cache_read
        if usage.cache_write_5m or usage.cache_write_1h:
            owed += write * usage.cache_write_5m + long * usage.cache_write_1h
        return owed if exact else nano_from_pico(owed)

    return charged


def itemise(card: Card, usage: Usage) -> dict[str, int] | None:
    """The same call by kind, in exact pico-dollars; the parts add up to what `charge` rounds.

    Keys are the fields of `Rates`, in their order; a kind that costs nothing is absent. None where
    `charge` is None.
    """
    rates = card.rates_for(usage.total_input)
    if (rates.input is None and usage.total_input) or (rates.output is None and usage.output):
        return None
    base = rates.input or 0
    write = base if rates.cache_write_5m is None else rates.cache_write_5m
    parts = {
        "input": base * usage.input,
        "output": (rates.output or 0) * usage.output,
        "cache_read": (base if rates.cache_read is None else rates.cache_read) * usage.cache_read,
        "cache_write_5m": write * usage.cache_write_5m,
        "cache_write_1h": (write if rates.cache_write_1h is None else rates.cache_write_1h)
        * usage.cache_write_1h,
        "request": rates.request if usage.total_input or usage.output else 0,
    }
    return {kind: pico for kind, pico in parts.items() if pico}
