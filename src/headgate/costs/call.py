"""What one call costs: its first attempt by the warmth of the cache, and its expected retries."""

from __future__ import annotations

import msgspec

from headgate.costs.quantities import Prices, Quantity, TierInputs
from headgate.prices.card import Card, Rates

__all__ = ["Call", "call", "expected_retries", "prices_of", "raw_call", "steps_of"]


class Call(msgspec.Struct, gc=False):
    """Pico-dollars of one call."""

    raw: Quantity
    """At list price, without a cache: k(m; in, out). A retry costs this."""
    cold: Quantity
    """A first attempt that finds nothing in the cache and writes its stable prefix there."""
    gain: Quantity | None
    """What a hit takes off `cold`; None where nothing is cached."""

    def first(self, hit: Quantity | None) -> Quantity:
        """A first attempt, its prefix read from the cache with probability `hit`."""
        return self.cold if hit is None or self.gain is None else self.cold - hit * self.gain


def call(
    tier: TierInputs,
    reads: Quantity,
    writes: Quantity,
    prefix: Quantity | None = None,
    batch: Quantity | None = None,
) -> Call:
    """A request of so many tokens, answered by the tier.

    The input costs in·[(1−s)·p_in + s·(h·p_read + (1−h)·p_write)], where the share s is a stable
    prefix and h the hit rate. Of all calls the share `batch` pays batch prices, where the model has
    them.
    """
    if tier.text is not None:
        reads, writes = reads * tier.text, writes * tier.text
    made = _call(tier.prices, tier.steps, reads, writes, prefix)
    if batch is not None and tier.batch is not None:
        late = _call(*tier.batch, reads, writes, prefix)
        made = Call(
            made.raw + batch * (late.raw - made.raw),
            made.cold + batch * (late.cold - made.cold),
            None if made.gain is None else made.gain + batch * (late.gain - made.gain),
        )
    if tier.price_factor is not None:
        factor = tier.price_factor
        gain = None if made.gain is None else made.gain * factor
        made = Call(made.raw * factor, made.cold * factor, gain)
    return made


def _call(
    prices: Prices,
    steps: tuple[tuple[int, Prices], ...],
    reads: Quantity,
    writes: Quantity,
    prefix: Quantity | None,
) -> Call:
    p_in, p_out, p_read, p_write, fee = prices
    for start, more in steps:
        beyond = reads > start
        p_in, p_out = p_in + beyond * more.input, p_out + beyond * more.output
        p_read, p_write = p_read + beyond * more.read, p_write + beyond * more.write
        fee = fee + beyond * more.request
    raw = p_in * reads + p_out * writes
    if steps or fee:
        raw = raw + fee
    if prefix is None:
        return Call(raw, raw, None)
    held = prefix * reads
    return Call(raw, raw + held * (p_write - p_in), held * (p_write - p_read))


def raw_call(card: Card, reads: Quantity, writes: Quantity) -> Quantity:
    """List price of one successful call that uses no cache, in pico-dollars: k(m; in, out)."""
    return _call(prices_of(card.rates), steps_of(card), reads, writes, None).raw


def expected_retries(failure: Quantity | None, attempts: int | None) -> Quantity:
    """Retries to be expected of one request: f + f² + … + f^(A−1) = (f − f^A)/(1 − f).

    `failure` is the probability f that an attempt fails, `attempts` the most attempts A, the first
    included; None is without limit, where f/(1 − f) is the limit of the sum.
    """
    if failure is None or attempts == 1:
        return 0
    if attempts is None:
        return failure / (1 - failure)
    total = failure  # Horner's scheme; exact, and right for f = 1 as well
    for _ in range(attempts - 2):
        total = failure * (1 + total)
    return total


def prices_of(rates: Rates, *, long: bool = False) -> Prices:
    """The rates as prices of every kind; `long` pays for cache writes that live an hour.

    A kind without a price of its own falls back as in `Rates`: a model without prices for its cache
    takes no part in caching, its prefix costs what input costs.
    """
    base = rates.input or 0
    write = base if rates.cache_write_5m is None else rates.cache_write_5m
    if long and rates.cache_write_1h is not None:
        write = rates.cache_write_1h
    read = base if rates.cache_read is None else rates.cache_read
    return Prices(base, rates.output or 0, read, write, rates.request)


def steps_of(card: Card, *, long: bool = False) -> tuple[tuple[int, Prices], ...]:
    """What each context tier of the card adds to the prices of the one before it."""
    if not card.tiers:
        return ()
    steps, last = [], prices_of(card.rates, long=long)
    for start, rates in card.tiers:
        these = prices_of(rates, long=long)
        steps.append((start, Prices(*(new - old for new, old in zip(these, last, strict=True)))))
        last = these
    return tuple(steps)
