"""The cost model: a scenario goes in, a breakdown of the monthly bill comes out.

The formulas stand in docs/plan.md. Amounts are exact decimals of pico-dollars inside; each line of
a bill is rounded once, half to even, to nano-dollars, and a total is the sum of its rounded lines.
So the parts always add up. Savings and crossovers are computed from the unrounded amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from headgate.costs.call import expected_retries, first_attempt, raw_call
from headgate.costs.scenario import EXACT, ONE, ZERO, Scenario, Tier
from headgate.prices.card import Card

__all__ = ["Bill", "Breakdown", "Column", "Crossover", "Line", "Pays", "evaluate"]

PICO_PER_USD = 10**12

LineKind: TypeAlias = Literal["classifier", "tier", "retries", "overhead"]
Pays: TypeAlias = Literal["below", "always", "never", "equal"]


class Line(msgspec.Struct, frozen=True):
    """One line of a monthly bill."""

    name: str
    """`classifier`, a tier's name, `retries` or `overhead`."""
    kind: LineKind
    nano: int
    """Nano-dollars a month."""
    share: Decimal | None = None
    """Share of all requests that the line is for; None where that is no question."""
    card: Card | None = None


class Bill(msgspec.Struct, frozen=True):
    """The monthly bill of one strategy."""

    name: str
    """`routed`, or `all NAME` for one tier's model answering every request."""
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """Nano-dollars a month: the sum of the lines."""
        return sum(line.nano for line in self.lines)

    def nano(self, name: str) -> int:
        """Nano-dollars a month of the line of that name; 0 where the bill has none."""
        return sum(line.nano for line in self.lines if line.name == name)


class Crossover(msgspec.Struct, frozen=True):
    """Where routing and all-premium cost the same, as the escalation rate moves."""

    pays: Pays
    """Routing is the cheaper one `below` `rate`; or it never costs more (`always`) or never less
    (`never`), whatever the rate; or both cost the same at any rate (`equal`)."""
    rate: Decimal | None
    """The escalation rate of equal cost, 0..1; None unless `pays` is `below`."""
    headroom: Decimal | None
    """How far the rate may still move before the ranking flips; negative where it has flipped."""


class Column(msgspec.Struct, frozen=True):
    """The bills of all strategies under one set of assumptions."""

    name: str
    routed: Bill
    singles: tuple[Bill, ...]
    """One for each tier, cheapest first: its model answers every request."""
    saving: Decimal | None
    """Of routing against all-premium, as a share of all-premium; None where that costs nothing."""
    point_nano: int
    """What one more point (0.01) of escalation adds to the routed bill, nano-dollars a month."""
    point_saving: Decimal | None
    """What one more point of escalation takes off the saving, as a share (0.00667)."""
    crossover: Crossover

    @property
    def all_cheap(self) -> Bill:
        """The cheapest tier's model answers every request."""
        return self.singles[0]

    @property
    def all_premium(self) -> Bill:
        """The premium tier's model answers every request."""
        return self.singles[-1]


class Breakdown(msgspec.Struct, frozen=True):
    """What a scenario costs a month, under each set of assumptions."""

    scenario: Scenario
    naive: Column
    """Every call succeeds, nothing is cached, routing has no fixed cost."""
    realistic: Column
    """With the scenario's retries, prompt cache and overhead."""

    @property
    def requests(self) -> Decimal:
        """Requests a month."""
        return self.scenario.requests

    @property
    def escalation(self) -> Decimal:
        """Share of requests that the premium tier answers."""
        return self.scenario.escalation_rate

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the simplest first."""
        return (self.naive, self.realistic)


class _Cost(NamedTuple):
    """Pico-dollars of one request on a tier: its first attempt, and its expected retries."""

    first: Decimal
    retries: Decimal

    @property
    def both(self) -> Decimal:
        return self.first + self.retries


def evaluate(scenario: Scenario) -> Breakdown:
    """The monthly bill of routing and of its alternatives.

    Pure and exact: equal scenarios give equal breakdowns.
    """
    with localcontext(EXACT):
        return Breakdown(
            scenario=scenario,
            naive=_column("naive", scenario.naive()),
            realistic=_column("realistic", scenario),
        )


def _column(name: str, scenario: Scenario) -> Column:
    monthly = scenario.requests
    tiers = scenario.tiers
    own = [_cost(scenario, tier, tier) for tier in tiers]
    singles = [[_cost(scenario, tier, asked) for asked in tiers] for tier in tiers]
    fixed = scenario.overhead_usd * PICO_PER_USD
    classify = ZERO
    if scenario.classifier is not None:
        asked = scenario.classifier
        classify = raw_call(asked.card, asked.input_tokens, asked.output_tokens)

    below = _dot(scenario.weights, [cost.both for cost in own[:-1]])
    replaced = _dot(scenario.weights, [cost.both for cost in singles[-1][:-1]])
    hard = own[-1].both
    routed = _Slope(monthly * (classify + below) + fixed, monthly * (classify + hard) + fixed)
    premium = _Slope(monthly * replaced, monthly * hard)
    rate = scenario.escalation_rate
    return Column(
        name=name,
        routed=_routed_bill(scenario, monthly, classify, own, fixed),
        singles=tuple(
            _single_bill(scenario, monthly, tier, costs)
            for tier, costs in zip(tiers, singles, strict=True)
        ),
        saving=_saving(routed, premium, rate),
        point_nano=_nano((routed.at_one - routed.at_zero) / 100),
        point_saving=_point_saving(routed, premium, rate),
        crossover=_crossover(routed, premium, rate),
    )


def _cost(scenario: Scenario, tier: Tier, asked: Tier) -> _Cost:
    """One request of the kind that tier `asked` is for, answered by `tier`."""
    raw = raw_call(tier.card, asked.input_tokens, asked.output_tokens)
    first = raw
    if scenario.stable_prefix:
        first = first_attempt(
            tier.card,
            asked.input_tokens,
            asked.output_tokens,
            prefix=scenario.stable_prefix,
            hit_rate=tier.cache_hit_rate,
            life=scenario.cache_life,
        )
    return _Cost(first, raw * expected_retries(tier.retry_rate, tier.attempts))


def _routed_bill(
    scenario: Scenario, monthly: Decimal, classify: Decimal, own: Sequence[_Cost], fixed: Decimal
) -> Bill:
    lines = []
    if scenario.classifier is not None:
        lines.append(
            Line(
                "classifier", "classifier", _nano(monthly * classify), ONE, scenario.classifier.card
            )
        )
    retries = ZERO
    for tier, share, cost in zip(scenario.tiers, scenario.shares, own, strict=True):
        nano = _nano(monthly * share * cost.first)
        lines.append(Line(tier.name, "tier", nano, share, tier.card))
        retries += share * cost.retries
    lines.append(Line("retries", "retries", _nano(monthly * retries)))
    lines.append(Line("overhead", "overhead", _nano(fixed)))
    return Bill("routed", tuple(lines))


def _single_bill(scenario: Scenario, monthly: Decimal, tier: Tier, costs: Sequence[_Cost]) -> Bill:
    first = _dot(scenario.shares, [cost.first for cost in costs])
    retries = _dot(scenario.shares, [cost.retries for cost in costs])
    return Bill(
        f"all {tier.name}",
        (
            Line(tier.name, "tier", _nano(monthly * first), ONE, tier.card),
            Line("retries", "retries", _nano(monthly * retries)),
        ),
    )


class _Slope(NamedTuple):
    """A monthly cost that is linear in the escalation rate, by its values at 0 and at 1."""

    at_zero: Decimal
    at_one: Decimal

    def at(self, rate: Decimal) -> Decimal:
        return self.at_zero + (self.at_one - self.at_zero) * rate


def _saving(routed: _Slope, premium: _Slope, rate: Decimal) -> Decimal | None:
    whole = premium.at(rate)
    return ONE - routed.at(rate) / whole if whole else None


def _point_saving(routed: _Slope, premium: _Slope, rate: Decimal) -> Decimal | None:
    """d/de of routed(e)/premium(e), for a step of 0.01."""
    whole = premium.at(rate)
    if not whole:
        return None
    rise, base = routed.at_one - routed.at_zero, premium.at_one - premium.at_zero
    return (rise * whole - routed.at(rate) * base) / (whole * whole) / 100


def _crossover(routed: _Slope, premium: _Slope, rate: Decimal) -> Crossover:
    """Both costs are linear in the rate, so their difference has at most one root.

    Where every request escalates, routing costs what all-premium does, and deciding on top: the
    difference at 1 is never negative.
    """
    at_zero, at_one = routed.at_zero - premium.at_zero, routed.at_one - premium.at_one
    if at_zero >= 0:
        return Crossover("never" if at_zero or at_one else "equal", None, None)
    if at_one == 0:
        return Crossover("always", None, None)
    root = at_zero / (at_zero - at_one)
    return Crossover("below", root, root - rate)


def _dot(weights: Sequence[Decimal], values: Sequence[Decimal]) -> Decimal:
    return sum((weight * value for weight, value in zip(weights, values, strict=True)), ZERO)


def _nano(pico: Decimal) -> int:
    return int((pico / 1000).to_integral_value(rounding=ROUND_HALF_EVEN))
