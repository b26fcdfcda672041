"""The cost model: a scenario goes in, a breakdown of the monthly bill comes out.

The formulas stand in docs/plan.md. Amounts are exact decimals inside; each line of a bill is
rounded once, half to even, to nano-dollars, and a total is the sum of its rounded lines. So the
parts always add up. Savings and crossovers are computed from the unrounded amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec

from headgate.costs.columns import ColumnName, at_column, escalated
from headgate.costs.decimals import EXACT, ONE, ZERO
from headgate.costs.formula import Amounts, Month, total
from headgate.costs.quantities import Inputs
from headgate.costs.roots import grid, roots
from headgate.costs.scenario import Scenario
from headgate.prices.card import Card

__all__ = ["Bill", "Breakdown", "Column", "Crossover", "Line", "Pays", "evaluate"]

LineKind: TypeAlias = Literal["classifier", "tier", "verifier", "retries", "overhead"]
Pays: TypeAlias = Literal["below", "always", "never", "equal"]

A_POINT = Decimal("0.01")
NOTHING = Decimal("1e-12")
"""Nano-dollars that count as none."""


class Line(msgspec.Struct, frozen=True, gc=False):
    """One line of a monthly bill."""

    name: str
    """`classifier`, a tier's name, `verifier`, `retries` or `overhead`."""
    kind: LineKind
    nano: int
    """Nano-dollars a month."""
    share: Decimal | None = None
    """Share of all requests that the line is for; None where that is no question."""
    card: Card | None = None


class Bill(msgspec.Struct, frozen=True):
    """The monthly bill of one strategy."""

    name: str
    """`routed`, `cascade`, `routed cascade`, or `all NAME` for one tier's model answering all."""
    lines: tuple[Line, ...]

    @property
    def total(self) -> int:
        """Nano-dollars a month: the sum of the lines."""
        return sum([line.nano for line in self.lines])

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


class Column(msgspec.Struct, frozen=True, dict=True):
    """The bills of all strategies under one set of assumptions."""

    name: ColumnName
    routed: Bill
    singles: tuple[Bill, ...]
    """One for each tier, cheapest first: its model answers every request."""
    escalation: Decimal
    """Share of requests that the premium tier answers in this column."""
    saving: Decimal | None
    """Of routing against all-premium, as a share of all-premium; None where that costs nothing."""
    scenario: Scenario
    inputs: Inputs
    """The numbers that it was computed from."""

    @property
    def cascade(self) -> Bill:
        """The cheaper tiers draft, the verifier judges; whoever fails goes one tier up."""
        return self._cascade("cascade", behind_router=False)

    @property
    def routed_cascade(self) -> Bill | None:
        """A cascade behind a router; None where the scenario sends nothing straight to premium."""
        if self.inputs.direct is None:
            return None
        return self._cascade("routed cascade", behind_router=True)

    def _cascade(self, name: str, *, behind_router: bool) -> Bill:
        with localcontext(EXACT):
            month = Month(self.inputs)
            amounts = month.cascade(behind_router=behind_router)
            return _bill(name, self.scenario, month.shares, amounts)

    @property
    def all_cheap(self) -> Bill:
        """The cheapest tier's model answers every request."""
        return self.singles[0]

    @property
    def all_premium(self) -> Bill:
        """The premium tier's model answers every request."""
        return self.singles[-1]

    @property
    def bills(self) -> tuple[Bill, ...]:
        """All of them: the singles, then routing and the cascades."""
        both = self.routed_cascade
        return (*self.singles, self.routed, self.cascade, *([] if both is None else [both]))

    @property
    def point_nano(self) -> int:
        """What one more point (0.01) of escalation adds to the routed bill, nano-dollars a month.

        At 100 % it is what the last point has added.
        """
        before, after = self._step()
        return round(after[0] - before[0])

    @property
    def point_saving(self) -> Decimal | None:
        """What one more point of escalation takes off the saving, as a share (0.00667)."""
        (routed, premium), (routed_then, premium_then) = self._step()
        if not premium or not premium_then:
            return None
        with localcontext(EXACT):
            return routed_then / premium_then - routed / premium

    @cached_property
    def crossover(self) -> Crossover:
        """Where routing stops paying, as the escalation rate moves."""
        return _crossover(self.inputs, self.escalation)

    def saving_at(self, rate: Decimal) -> Decimal | None:
        """The saving if so many requests escalated; the misrouting that was stated plays no part.

        A share of all-premium's bill; None where that costs nothing.
        """
        with localcontext(EXACT):
            routed, premium = _pair(msgspec.structs.replace(self.inputs, matrix=None), rate)
            return ONE - routed / premium if premium else None

    def _step(self) -> tuple[tuple[Decimal, Decimal], tuple[Decimal, Decimal]]:
        low = min(self.escalation, ONE - A_POINT)
        with localcontext(EXACT):
            return _pair(self.inputs, low), _pair(self.inputs, low + A_POINT)


class Breakdown(msgspec.Struct, frozen=True):
    """What a scenario costs a month, under each set of assumptions."""

    scenario: Scenario
    naive: Column
    """Every call succeeds, nothing is cached, routing has no fixed cost."""
    realistic: Column
    """With the scenario's retries, prompt cache and overhead."""
    worst: Column
    """Under the scenario's stress."""

    @property
    def requests(self) -> Decimal:
        """Requests a month."""
        return self.scenario.requests

    @property
    def escalation(self) -> Decimal:
        """Share of requests that the premium tier is planned to answer."""
        return self.scenario.escalation_rate

    @property
    def columns(self) -> tuple[Column, ...]:
        """All columns, the simplest first."""
        return (self.naive, self.realistic, self.worst)


def evaluate(scenario: Scenario) -> Breakdown:
    """The monthly bill of routing and of its alternatives.

    Pure and exact: equal scenarios give equal breakdowns.
    """
    with localcontext(EXACT):
        return Breakdown(
            scenario,
            _column("naive", scenario),
            _column("realistic", scenario),
            _column("worst case", scenario),
        )


def _column(name: ColumnName, scenario: Scenario) -> Column:
    inputs = at_column(scenario, name)
    month = Month(inputs)
    shares = month.shares
    routed = month.routed()
    singles = [month.single(which) for which in range(len(shares))]
    whole = singles[-1].tiers[0] + singles[-1].retries
    return Column(
        name,
        _bill("routed", scenario, shares, routed),
        tuple(
            [
                Bill(
                    f"all {tier.name}",
                    (
                        Line(tier.name, "tier", round(one.tiers[0]), ONE, tier.card),
                        Line("retries", "retries", round(one.retries)),
                    ),
                )
                for tier, one in zip(scenario.tiers, singles, strict=True)
            ]
        ),
        shares[-1],
        ONE - total(routed) / whole if whole else None,
        scenario,
        inputs,
    )


def _bill(name: str, scenario: Scenario, shares: Sequence[Decimal], amounts: Amounts) -> Bill:
    lines = []
    if scenario.classifier is not None and name != "cascade":
        asked = scenario.classifier.card
        lines.append(Line("classifier", "classifier", round(amounts.classifier), ONE, asked))
    for tier, share, amount in zip(scenario.tiers, shares, amounts.tiers, strict=True):
        lines.append(Line(tier.name, "tier", round(amount), share, tier.card))
    if name != "routed":
        card = None if scenario.verifier is None else scenario.verifier.card
        lines.append(Line("verifier", "verifier", round(amounts.verifier), None, card))
    lines.append(Line("retries", "retries", round(amounts.retries)))
    lines.append(Line("overhead", "overhead", round(amounts.overhead)))
    return Bill(name, tuple(lines))


def _pair(x: Inputs, rate: Decimal) -> tuple[Decimal, Decimal]:
    """Routed and all-premium at an escalation rate, unrounded."""
    month = Month(escalated(x, rate))
    return total(month.routed()), total(month.single(len(x.tiers) - 1))


def _crossover(x: Inputs, rate: Decimal) -> Crossover:
    """The first rate at which routing becomes the dearer one."""

    def difference(at: Decimal) -> Decimal:
        routed, premium = _pair(x, at)
        return routed - premium

    found = roots(difference, grid(ZERO, ONE, log=False), small=NOTHING)
    if found is None:
        return Crossover("equal", None, None)
    with localcontext(EXACT):
        for root in found:
            if root.rising:
                return Crossover("below", root.at, root.at - rate)
        return Crossover("never" if difference(ZERO) > -NOTHING else "always", None, None)
