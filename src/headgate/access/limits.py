"""What a key or a team may use: money in a window of time, requests and tokens a minute, models."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headgate.values import NANO_PER_USD, nano_from_usd

__all__ = ["NO_LIMITS", "PERIODS", "Budget", "Limits", "Period", "Span", "budget", "span", "worded"]

Period: TypeAlias = Literal["day", "week", "month"]

PERIODS: tuple[Period, ...] = ("day", "week", "month")

LARGEST_BUDGET = 1_000_000_000 * NANO_PER_USD


class Budget(msgspec.Struct, frozen=True):
    """So much money in each calendar period (UTC; weeks begin on Monday)."""

    period: Period
    nano: int


class Limits(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Everything that a key or a team is held to; what is empty or None is not limited."""

    budgets: tuple[Budget, ...] = ()
    """At most one of each period."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    """Input and output tokens together."""
    models: tuple[str, ...] = ()
    """`provider/model`, `*` standing for any run of characters."""
    tiers: tuple[str, ...] = ()
    policies: tuple[str, ...] = ()
    """What the caller asks for to be routed: `auto`, `auto:NAME`."""
    pin: bool = True
    """Whether the caller may choose a tier or a model and so bypass routing."""

    def allows_model(self, model: str) -> bool:
        """Whether a model, as `provider/model`, may be called."""
        return not self.models or any(fnmatchcase(model, pattern) for pattern in self.models)

    def allows_tier(self, tier: str) -> bool:
        """Whether a tier may answer."""
        return not self.tiers or tier in self.tiers

    def allows_policy(self, name: str) -> bool:
        """Whether the caller may ask for this to be routed."""
        return not self.policies or name in self.policies


NO_LIMITS = Limits()


class Span(NamedTuple):
    """A period as it lies in time: microseconds since 1970, the end not included."""

    since_us: int
    until_us: int


def span(period: Period, at_us: int) -> Span:
    """The day, week or month (UTC) that a moment lies in.

    >>> span("day", 90_000_000_000)
    Span(since_us=86400000000, until_us=172800000000)
    """
    now = datetime.fromtimestamp(at_us // 1_000_000, tz=UTC)
    first = now.replace(hour=0, minute=0, second=0, microsecond=0)
    if period == "day":
        return Span(_us(first), _us(first + timedelta(days=1)))
    if period == "week":
        first -= timedelta(days=first.weekday())
        return Span(_us(first), _us(first + timedelta(days=7)))
    first = first.replace(day=1)
    return Span(_us(first), _us((first + timedelta(days=32)).replace(day=1)))


def _us(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000


def budget(text: str) -> Budget:
    """A budget from its written form, US dollars a period.

    >>> budget("12.50/day")
    Budget(period='day', nano=12500000000)

    Raises:
        ValueError: it is no such text; the message says what is wrong.
    """
    amount, slash, name = text.strip().removeprefix("$").partition("/")
    period = next((known for known in PERIODS if known == name.strip()), None)
    if not slash or period is None:
        raise ValueError(f"{text!r} does not say a period: write it as 20/day, 20/week or 20/month")
    try:
        nano = nano_from_usd(amount.strip())
    except ValueError:
        raise ValueError(f"{amount!r} is not an amount in US dollars") from None
    if not 0 <= nano <= LARGEST_BUDGET:
        raise ValueError(f"{amount!r} is not between 0 and 1,000,000,000 US dollars")
    return Budget(period, nano)


def worded(limits: Limits) -> list[str]:
    """Every limit but the budgets, in words.

    >>> worded(Limits(requests_per_minute=60, tiers=("cheap",), pin=False))
    ['60 requests a minute', 'tiers cheap', 'no pin']
    """
    texts = []
    if limits.requests_per_minute is not None:
        texts.append(f"{limits.requests_per_minute:,} requests a minute")
    if limits.tokens_per_minute is not None:
        texts.append(f"{limits.tokens_per_minute:,} tokens a minute")
    for what, names in (
        ("models", limits.models),
        ("tiers", limits.tiers),
        ("policies", limits.policies),
    ):
        if names:
            texts.append(f"{what} {', '.join(names)}")
    if not limits.pin:
        texts.append("no pin")
    return texts
