"""A scenario: traffic, tiers and prices that are asked about; the one place that validates it.

Numbers may be given as int, Decimal, float or text; they are kept as exact decimals, a float as the
number that it prints. Whatever is wrong is reported in one `ConfigError`, each fault with its field
and the allowed range.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation, localcontext
from typing import Literal, TypeAlias, cast, get_args

from headgate.errors import ConfigError, ConfigFault
from headgate.prices.card import Card

__all__ = ["EXACT", "CacheLife", "Classifier", "Number", "Scenario", "Tier"]

Number: TypeAlias = Decimal | int | float | str
CacheLife: TypeAlias = Literal["5m", "1h"]

MOST_TOKENS = 100_000_000
MOST_REQUESTS = 100_000_000_000
MOST_ATTEMPTS = 100
SHARES_MAY_MISS = Decimal("0.000001")
"""How far from 1 the shares of all tiers may add up, as thirds written out must."""

ZERO, ONE = Decimal(0), Decimal(1)

EXACT = Context(prec=60, rounding=ROUND_HALF_EVEN)
"""Sums and products of a scenario fit into 60 digits; only divisions are ever rounded."""


@dataclass(init=False, frozen=True, slots=True)
class Tier:
    """A model that answers, with what its calls look like; `Scenario` validates it.

    Args:
        name: the tier's name, such as `cheap`.
        card: its prices.
        share: share of all requests that it answers, 0..1; may be left out where the scenario
            gives the escalation rate.
        input_tokens: tokens that one of its requests reads, on average.
        output_tokens: tokens that it generates, on average.
        retry_rate: probability that one attempt fails and is tried again, 0..1.
        attempts: most attempts, the first included; None is without limit.
        cache_hit_rate: share of the stable prefix that is read from the provider's prompt cache,
            0..1; matters only where the scenario has a stable prefix.
    """

    name: str
    card: Card
    share: Decimal | None
    input_tokens: Decimal
    output_tokens: Decimal
    retry_rate: Decimal
    attempts: int | None
    cache_hit_rate: Decimal

    def __init__(
        self,
        name: str,
        card: Card,
        *,
        share: Number | None = None,
        input_tokens: Number = 1000,
        output_tokens: Number = 400,
        retry_rate: Number = 0,
        attempts: int | None = 3,
        cache_hit_rate: Number = 0,
    ) -> None:
        _fill(
            self,
            name=name,
            card=card,
            share=None if share is None else _exact(share),
            input_tokens=_exact(input_tokens),
            output_tokens=_exact(output_tokens),
            retry_rate=_exact(retry_rate),
            attempts=attempts,
            cache_hit_rate=_exact(cache_hit_rate),
        )


@dataclass(init=False, frozen=True, slots=True)
class Classifier:
    """A small model that is asked which tier should answer; `Scenario` validates it.

    It is asked once: the gateway does not retry a classifier, it takes the safe tier.
    """

    card: Card
    input_tokens: Decimal
    output_tokens: Decimal

    def __init__(
        self, card: Card, *, input_tokens: Number = 300, output_tokens: Number = 20
    ) -> None:
        _fill(
            self,
            card=card,
            input_tokens=_exact(input_tokens),
            output_tokens=_exact(output_tokens),
        )


@dataclass(init=False, frozen=True, slots=True)
class Scenario:
    """What is asked of the cost model.

    Args:
        tiers: cheapest first, premium last; two or more.
        escalation: share of requests that the premium tier answers, 0..1; the other tiers keep
            their shares' proportions, or share alike where none is stated. Left out, every tier
            must state its share.
        classifier: None where deciding costs nothing.
        requests_per_day: on average.
        days: in a month.
        stable_prefix: share of the input that stays the same from call to call, 0..1: what a
            provider's prompt cache can hold.
        cache_life: which cache write is paid: for 5 minutes or 1 hour.
        overhead_usd: fixed cost of routing a month: hosting, logs.

    Attributes:
        shares: of all requests, one a tier; they add to exactly 1.
        weights: of the tiers below premium among themselves; they add to exactly 1.

    Raises:
        ConfigError: with every fault found.
    """

    tiers: tuple[Tier, ...]
    escalation: Decimal | None
    classifier: Classifier | None
    requests_per_day: Decimal
    days: Decimal
    stable_prefix: Decimal
    cache_life: CacheLife
    overhead_usd: Decimal
    shares: tuple[Decimal, ...] = field(init=False)
    weights: tuple[Decimal, ...] = field(init=False)

    def __init__(
        self,
        tiers: Sequence[Tier],
        *,
        escalation: Number | None = None,
        classifier: Classifier | None = None,
        requests_per_day: Number = 1000,
        days: Number = 30,
        stable_prefix: Number = 0,
        cache_life: CacheLife = "5m",
        overhead_usd: Number = 0,
    ) -> None:
        _fill(
            self,
            tiers=tuple(tiers),
            escalation=None if escalation is None else _exact(escalation),
            classifier=classifier,
            requests_per_day=_exact(requests_per_day),
            days=_exact(days),
            stable_prefix=_exact(stable_prefix),
            cache_life=cache_life,
            overhead_usd=_exact(overhead_usd),
        )
        faults = _faults_of(self)
        if faults:
            raise ConfigError("The scenario cannot be evaluated:", faults=faults)
        with localcontext(EXACT):
            shares, weights = _mix(self.tiers, self.escalation)
        _fill(self, shares=shares, weights=weights)

    @property
    def requests(self) -> Decimal:
        """Requests in a month."""
        return EXACT.multiply(self.requests_per_day, self.days)

    @property
    def escalation_rate(self) -> Decimal:
        """Share of requests that the premium tier answers."""
        return self.shares[-1]

    def naive(self) -> Scenario:
        """The same scenario where every call succeeds, nothing is cached and routing is free."""
        return replace(
            self,
            tiers=tuple(replace(tier, retry_rate=ZERO, cache_hit_rate=ZERO) for tier in self.tiers),
            stable_prefix=ZERO,
            overhead_usd=ZERO,
        )

    def at_traffic(self, factor: Number) -> Scenario:
        """The same scenario at `factor` times the traffic."""
        return replace(self, requests_per_day=EXACT.multiply(self.requests_per_day, _exact(factor)))

    def notes(self) -> list[str]:
        """What is allowed and still worth a second look, one sentence each."""
        notes = []
        calls = [(tier.card, tier.input_tokens) for tier in self.tiers]
        if self.classifier is not None:
            calls.append((self.classifier.card, self.classifier.input_tokens))
        for card, tokens in calls:
            if card.context_window is not None and tokens > card.context_window:
                notes.append(
                    f"{tokens:,} input tokens are more than {card.name} can read "
                    f"({card.context_window:,})."
                )
            if card.deprecated:
                notes.append(f"{card.name} is deprecated by its provider.")
        return list(dict.fromkeys(notes))


def _fill(target: object, **values: object) -> None:
    for name, value in values.items():
        object.__setattr__(target, name, value)


def _exact(value: Number) -> Decimal:
    """A number as the decimal that it prints; what is none stays, so that the fault can show it."""
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, bool):
        try:
            return Decimal(repr(value) if isinstance(value, float) else value)
        except (InvalidOperation, TypeError, ValueError):
            pass
    return cast("Decimal", value)


def _mix(
    tiers: Sequence[Tier], escalation: Decimal | None
) -> tuple[tuple[Decimal, ...], tuple[Decimal, ...]]:
    """Shares of all tiers, and the weights of those below premium among themselves."""
    stated = [tier.share or ZERO for tier in tiers[:-1]]
    total = sum(stated, ZERO)
    if total:
        weights = [share / total for share in stated[:-1]]
    else:
        weights = [ONE / len(stated)] * (len(stated) - 1)
    weights.append(ONE - sum(weights, ZERO))
    premium = ONE - total if escalation is None else escalation
    below = [weight * (ONE - premium) for weight in weights[:-1]]
    below.append(ONE - premium - sum(below, ZERO))
    return (*below, premium), tuple(weights)


class _Faults(list[ConfigFault]):
    """The faults found so far."""

    def within(
        self, field: str, value: object, low: int, high: int, what: str, *, above: bool = False
    ) -> bool:
        """Whether a number lies in low..high (above low, if `above`); says so where it does not."""
        allowed = f"Give {what} {f'above {low}' if above else f'of {low}'} to {high:,}."
        if not isinstance(value, Decimal) or value.is_nan():
            problem = f"{str(value)!r} is not a number."
        elif value < low or (above and value == low):
            problem = f"{value} is too low."
        elif value > high:
            problem = f"{value} is too high."
        else:
            return True
        self.append(ConfigFault(problem, fix=allowed, field=field))
        return False


def _faults_of(scenario: Scenario) -> list[ConfigFault]:
    faults = _Faults()
    faults.within(
        "requests_per_day", scenario.requests_per_day, 0, MOST_REQUESTS, "a number", above=True
    )
    faults.within("days", scenario.days, 0, 366, "a number of days", above=True)
    faults.within("stable_prefix", scenario.stable_prefix, 0, 1, "a share")
    faults.within("overhead_usd", scenario.overhead_usd, 0, 10**12, "US dollars a month")
    if scenario.cache_life not in get_args(CacheLife):
        faults.append(
            ConfigFault(
                f"{scenario.cache_life!r} is no cache life.",
                fix='Give "5m" or "1h".',
                field="cache_life",
            )
        )
    if scenario.classifier is not None:
        _check_call(faults, "classifier", scenario.classifier)
    for tier in scenario.tiers:
        _check_call(faults, f"tiers.{tier.name}", tier)
        _check_retries(faults, tier)
        faults.within(f"tiers.{tier.name}.cache_hit_rate", tier.cache_hit_rate, 0, 1, "a share")
    _check_shares(faults, scenario)
    return faults


def _check_call(faults: _Faults, where: str, call: Tier | Classifier) -> None:
    reads = faults.within(f"{where}.input_tokens", call.input_tokens, 0, MOST_TOKENS, "a number")
    writes = faults.within(f"{where}.output_tokens", call.output_tokens, 0, MOST_TOKENS, "a number")
    if reads and writes and not call.input_tokens and not call.output_tokens:
        faults.append(
            ConfigFault(
                "A call of no tokens at all is no call.",
                fix="Give input or output tokens above 0.",
                field=f"{where}.input_tokens",
            )
        )
    rates = call.card.rates
    missing = "input" if rates.input is None else "output" if rates.output is None else None
    if missing is not None:
        faults.append(
            ConfigFault(
                f"{call.card.id} has no price for {missing} tokens.",
                fix="Choose a model that has one, or state its price.",
                field=where,
            )
        )


def _check_retries(faults: _Faults, tier: Tier) -> None:
    where = f"tiers.{tier.name}"
    faults_before = len(faults)
    faults.within(f"{where}.retry_rate", tier.retry_rate, 0, 1, "a probability")
    if tier.attempts is None:
        if len(faults) == faults_before and tier.retry_rate == 1:
            faults.append(
                ConfigFault(
                    "Every attempt fails and there is no limit to them: the bill has no end.",
                    fix="Give a rate below 1, or limit the attempts.",
                    field=f"{where}.retry_rate",
                )
            )
    elif isinstance(tier.attempts, bool) or not 1 <= tier.attempts <= MOST_ATTEMPTS:
        faults.append(
            ConfigFault(
                f"{tier.attempts!r} attempts are not possible.",
                fix=f"Give a whole number of 1 to {MOST_ATTEMPTS}, the first attempt included.",
                field=f"{where}.attempts",
            )
        )


def _check_shares(faults: _Faults, scenario: Scenario) -> None:
    names = [tier.name for tier in scenario.tiers]
    if len(names) < 2 or len(set(names)) < len(names):
        faults.append(
            ConfigFault(
                f"The tiers are {', '.join(names) or 'none'}.",
                fix="Give two or more, each with a name of its own.",
                field="tiers",
            )
        )
        return
    shares = [tier.share for tier in scenario.tiers if tier.share is not None]
    for tier in scenario.tiers:
        if tier.share is not None and not faults.within(
            f"tiers.{tier.name}.share", tier.share, 0, 1, "a share"
        ):
            return
    if scenario.escalation is not None:
        faults.within("escalation", scenario.escalation, 0, 1, "a share")
    elif len(shares) < len(names):
        faults.append(
            ConfigFault(
                "It is not said how many requests each tier answers.",
                fix="Give the escalation rate, or a share for every tier.",
                field="escalation",
            )
        )
    elif abs(sum(shares, ZERO) - ONE) > SHARES_MAY_MISS:
        faults.append(
            ConfigFault(
                f"The shares of all tiers add to {sum(shares, ZERO)}, not to 1.",
                fix="Change them so that they add to 1.",
                field="tiers",
            )
        )
