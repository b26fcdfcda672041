"""The public price feed: the shape of genai-prices' `data.json`, and which price holds when.

The feed is a JSON list of providers. A model's prices are one set, or a list of sets under
conditions, of which the last that holds counts and the first if none does. Variants replace single
prices for a kind of request, the first that holds counting for each price by itself. These are the
rules of genai-prices; the tests hold them against its own calculator.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, TypeAlias

import msgspec

__all__ = [
    "FeedError",
    "FeedModel",
    "FeedProvider",
    "Match",
    "Price",
    "Tier",
    "TieredPrices",
    "check_feed",
    "in_force",
    "parse_feed",
]

DEAREST = Decimal(100_000)
"""USD per million tokens; the dearest real price is some hundreds."""

MOST_PROVIDERS, MOST_MODELS = 1_000, 100_000
LONGEST_REGEX = 200


class FeedError(ValueError):
    """The feed cannot be used: not its shape, or a value out of range; says where."""


Id: TypeAlias = Annotated[str, msgspec.Meta(pattern=r"^\S{1,200}$")]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """How a name is compared; exactly one of the fields is given."""

    equals: str | None = None
    starts_with: str | None = None
    ends_with: str | None = None
    contains: str | None = None
    regex: str | None = None
    any: tuple[Match, ...] | None = msgspec.field(default=None, name="or")
    all: tuple[Match, ...] | None = msgspec.field(default=None, name="and")

    def __post_init__(self) -> None:
        given = [value for value in msgspec.structs.astuple(self) if value is not None]
        if len(given) != 1 or not given[0]:
            raise ValueError("a match compares in exactly one way, with something")
        if self.regex is not None:
            try:
                re.compile(self.regex)
            except re.error as error:
                raise ValueError(f"{self.regex!r} is no regular expression: {error}") from error
            if len(self.regex) > LONGEST_REGEX:
                raise ValueError(f"a regular expression of {len(self.regex)} characters")


class Tier(msgspec.Struct, frozen=True):
    """A price that holds for calls that read more than `start` tokens."""

    start: Annotated[int, msgspec.Meta(ge=0)]
    price: Decimal


class TieredPrices(msgspec.Struct, frozen=True):
    """A price that depends on how much a call reads."""

    base: Decimal
    tiers: tuple[Tier, ...]

    def at(self, total_input: int) -> Decimal:
        """The price at a context length; the rule is "more than `start` tokens"."""
        holding = self.base
        for tier in sorted(self.tiers, key=lambda tier: tier.start):
            if total_input > tier.start:
                holding = tier.price
        return holding


Price: TypeAlias = Decimal | TieredPrices
"""USD for each unit that the key names: `input_mtok` is a million input tokens."""


class Constraint(msgspec.Struct, frozen=True, kw_only=True):
    """When a price holds: from a day on, or between two times of each day, UTC."""

    start_date: date | None = None
    start_time: time | None = None
    end_time: time | None = None

    def __post_init__(self) -> None:
        clock = (self.start_time is None, self.end_time is None)
        if clock not in ((True, True), (False, False)) or clock[0] is (self.start_date is None):
            raise ValueError("a price begins on a day, or holds from one time of day to another")
        for at in (self.start_time, self.end_time):
            if at is not None and (at.utcoffset() or at.second or at.microsecond):
                raise ValueError(f"{at} is not a whole minute of UTC")

    @property
    def minutes(self) -> tuple[int, int] | None:
        """Begin and end in minutes after 00:00 UTC; None where it is about days."""
        if self.start_time is None or self.end_time is None:
            return None
        return _minutes(self.start_time), _minutes(self.end_time)

    def holds(self, at: datetime) -> bool:
        """Whether it holds at a moment in UTC."""
        if self.start_date is not None:
            return at.date() >= self.start_date
        start, end = self.minutes or (0, 0)
        now = _minutes(at.time())
        return now >= start or now < end if end < start else start <= now < end


def _minutes(at: time) -> int:
    return at.hour * 60 + at.minute


class ConditionalPrice(msgspec.Struct, frozen=True, kw_only=True):
    """Prices, and when they hold; None: always."""

    prices: dict[str, Price]
    constraint: Constraint | None = None


class Variant(msgspec.Struct, frozen=True, kw_only=True):
    """Prices that replace the usual ones for a kind of request."""

    when: Annotated[dict[str, str], msgspec.Meta(min_length=1)]
    prices: dict[str, Price]
    constraint: Constraint | None = None


class FeedModel(msgspec.Struct, frozen=True, kw_only=True):
    """One model with all its prices, past and to come."""

    id: Id
    match: Match
    name: str | None = None
    context_window: Annotated[int, msgspec.Meta(ge=1)] | None = None
    deprecated: bool | None = None
    prices: dict[str, Price] | tuple[ConditionalPrice, ...] = ()
    price_variants: tuple[Variant, ...] | None = None

    @property
    def conditions(self) -> tuple[ConditionalPrice, ...]:
        """The sets of prices with their conditions; one without where there is only one."""
        if isinstance(self.prices, dict):
            return (ConditionalPrice(prices=self.prices),)
        return self.prices

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The variants, in the order in which they count."""
        return self.price_variants or ()

    def stated(self) -> Iterator[tuple[str, Price]]:
        """Every price that is stated, with its key."""
        for conditional in self.conditions:
            yield from conditional.prices.items()
        for variant in self.variants:
            yield from variant.prices.items()

    def constraints(self) -> Iterator[Constraint]:
        """All conditions on when a price holds."""
        stated = [entry.constraint for entry in self.conditions]
        stated += [variant.constraint for variant in self.variants]
        yield from (constraint for constraint in stated if constraint is not None)


class FeedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """One price list."""

    id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
    """It names a file: nothing that could lead to another directory."""
    name: str
    provider_match: Match | None = None
    fallback_model_providers: tuple[str, ...] | None = None
    models: tuple[FeedModel, ...] = ()


def in_force(
    model: FeedModel, at: datetime, when: Mapping[str, str], *, by_hour: bool = True
) -> dict[str, Price]:
    """The prices that hold for a model at a moment in UTC for a kind of request.

    `by_hour` False leaves prices for some hours of the day aside.
    """
    at = at.astimezone(UTC)
    sets = model.conditions
    held = dict(sets[0].prices)
    for conditional in reversed(sets):
        constraint = conditional.constraint
        if constraint is not None and constraint.minutes is not None and not by_hour:
            continue
        if constraint is None or constraint.holds(at):
            held = dict(conditional.prices)
            break
    replaced: dict[str, Price] = {}
    for variant in model.variants:
        if variant.constraint is not None and not variant.constraint.holds(at):
            continue
        if all(when.get(key) == value for key, value in variant.when.items()):
            for key, price in variant.prices.items():
                replaced.setdefault(key, price)
    return held | replaced


def parse_feed(data: bytes) -> tuple[FeedProvider, ...]:
    """The providers of a feed, every value checked.

    Raises:
        FeedError: it is no JSON, not of this shape, or a value is out of its range; says where.
    """
    try:
        providers = msgspec.json.decode(data, type=tuple[FeedProvider, ...])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FeedError(f"it is not a price feed: {error}") from error
    check_feed(providers)
    return providers


def check_feed(providers: tuple[FeedProvider, ...]) -> None:
    """What the types do not say: names are unique, there is something, prices are possible.

    Raises:
        FeedError: names the provider and the model.
    """
    names = [provider.id for provider in providers]
    if not providers or not any(provider.models for provider in providers):
        raise FeedError("it has no models")
    if len({name.lower() for name in names}) < len(names):
        raise FeedError("it has two providers of one id")
    if len(names) > MOST_PROVIDERS or sum(len(entry.models) for entry in providers) > MOST_MODELS:
        raise FeedError("it has more providers or models than there can be")
    for provider in providers:
        for unknown in set(provider.fallback_model_providers or ()) - set(names):
            raise FeedError(f"{provider.id} falls back to {unknown}, which it does not have")
        for model in provider.models:
            if not model.conditions:
                raise FeedError(f"{provider.id}/{model.id} has an empty list of prices")
            for key, price in model.stated():
                _check_price(f"{provider.id}/{model.id}: {key}", price)


def _check_price(where: str, price: Price) -> None:
    amounts = [price] if isinstance(price, Decimal) else [price.base]
    if isinstance(price, TieredPrices):
        amounts += [tier.price for tier in price.tiers]
    for amount in amounts:
        if not amount.is_finite() or not 0 <= amount <= DEAREST:
            raise FeedError(f"{where} is {amount}, and a price is 0 to {DEAREST:,} US dollars")
