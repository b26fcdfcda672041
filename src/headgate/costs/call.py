"""What one call costs in a scenario: its first attempt, and the retries to be expected."""

from __future__ import annotations

from decimal import Decimal
from math import ceil

from headgate.costs.scenario import ONE, ZERO, CacheLife
from headgate.prices.card import Card, Rates

__all__ = ["expected_retries", "first_attempt", "raw_call"]

WHOLE_TOKENS = Decimal(1)


def raw_call(card: Card, input_tokens: Decimal, output_tokens: Decimal) -> Decimal:
    """List price of one successful call that uses no cache, in pico-dollars: k(m; in, out)."""
    rates = _rates(card, input_tokens)
    return _price(rates.input) * input_tokens + _price(rates.output) * output_tokens + rates.request


def first_attempt(
    card: Card,
    input_tokens: Decimal,
    output_tokens: Decimal,
    *,
    prefix: Decimal,
    hit_rate: Decimal,
    life: CacheLife,
) -> Decimal:
    """Price of a first attempt with prompt caching, in pico-dollars.

    The input costs in·[(1−s)·p_in + s·(h·p_read + (1−h)·p_write)]: the share s of it is a stable
    prefix, which is read from the cache with probability h and else written to it. A model without
    prices for its cache takes no part in caching: its prefix costs what input costs.
    """
    rates = _rates(card, input_tokens)
    base = _price(rates.input)
    read = base if rates.cache_read is None else rates.cache_read
    write = base if rates.cache_write_5m is None else rates.cache_write_5m
    if life == "1h" and rates.cache_write_1h is not None:
        write = rates.cache_write_1h
    mean = (ONE - prefix) * base + prefix * (hit_rate * read + (ONE - hit_rate) * write)
    return mean * input_tokens + _price(rates.output) * output_tokens + rates.request


def expected_retries(failure: Decimal, attempts: int | None) -> Decimal:
    """Retries to be expected of one request: f + f² + … + f^(A−1) = (f − f^A)/(1 − f).

    `failure` is the probability f that an attempt fails, `attempts` the most attempts A, the first
    included; None is without limit, where f/(1 − f) is the limit of the sum.
    """
    if not failure or attempts == 1:
        return ZERO
    if attempts is None:
        return failure / (ONE - failure)
    total = ZERO
    for _ in range(attempts - 1):  # Horner's scheme; exact, and right for f = 1 as well
        total = failure * (ONE + total)
    return total


def _rates(card: Card, input_tokens: Decimal) -> Rates:
    return card.rates_for(ceil(input_tokens)) if card.tiers else card.rates


def _price(rate: int | None) -> int:
    if rate is None:  # a context tier without a base price; the table's own tests rule it out
        raise ValueError("a card in a scenario states its input and output prices")
    return rate
