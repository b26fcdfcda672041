"""Advice that is computed: what to leave alone, what to change, and what a target would take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal, localcontext
from typing import Literal, TypeAlias

import msgspec

from headgate.costs.columns import ColumnName, at_column
from headgate.costs.decimals import EXACT, ZERO, Number, exact, is_number
from headgate.costs.formula import Month, total
from headgate.costs.model import Breakdown, Column
from headgate.costs.parameters import Parameter, Unit, parameters
from headgate.costs.quantities import Inputs
from headgate.costs.roots import grid, roots
from headgate.costs.scenario import Scenario
from headgate.costs.wording import money, number, percent, room, written
from headgate.errors import ConfigError, ConfigFault
from headgate.prices.card import Card
from headgate.values import NANO_PER_USD

__all__ = ["Advice", "Solution", "Target", "advice_of", "solve", "solve_for", "target_of"]

Kind: TypeAlias = Literal["do not route", "do not cascade", "cascade", "classifier", "floor"]

FLOOR = Decimal("0.3")
"""The saving that a router is usually asked to keep."""

WORTH_A_WORD = Decimal("0.01")
"""A change of less than this share of the bill is not advised."""

NOTHING = Decimal("1e-15")

SOLVED = ("escalation", "price_ratio", "classifier_usd", "output_tokens")
"""Parameters that a target is solved for: what a team can set or negotiate."""


class Advice(msgspec.Struct, frozen=True):
    """One thing to do or to leave, with its reason in figures."""

    kind: Kind
    sentence: str


class Target(msgspec.Struct, frozen=True):
    """What is wanted: a saving against all-premium (a share), or a routed bill in USD a month."""

    saving: Decimal | None = None
    bill_usd: Decimal | None = None

    def __str__(self) -> str:
        if self.saving is not None:
            return f"a saving of {percent(self.saving)}"
        return f"a bill of {money(round((self.bill_usd or ZERO) * NANO_PER_USD))} a month"


class Solution(msgspec.Struct, frozen=True):
    """The values of one parameter that meet a target, everything else as planned."""

    parameter: str
    label: str
    unit: Unit
    now: Decimal
    values: tuple[Decimal, ...]
    """Ascending; empty where no value in the range does it."""
    target: str
    column: ColumnName

    @property
    def sentence(self) -> str:
        """In words."""
        now = written(self.now, self.unit)
        if not self.values:
            return f"No value of {self.label} (now {now}) gives {self.target}."
        found = " or ".join(written(value, self.unit) for value in self.values)
        nearest = min(self.values, key=lambda value: abs(value - self.now))
        return (
            f"{self.target[:1].upper()}{self.target[1:]} takes {self.label} of {found} "
            f"(now {now}: {room(nearest - self.now, self.unit)} away)."
        )


def solve(
    scenario: Scenario,
    *,
    saving: Number | None = None,
    bill_usd: Number | None = None,
    names: Sequence[str] = SOLVED,
    column: ColumnName = "realistic",
) -> tuple[Solution, ...]:
    """What each of some parameters would have to be for a target, one at a time.

    Exactly one of `saving` (a share, below 1) and `bill_usd` (above 0) is given.

    Raises:
        ConfigError: the target is out of range.
    """
    return solve_for(scenario, target_of(saving=saving, bill_usd=bill_usd), names, column)


def solve_for(
    scenario: Scenario,
    target: Target,
    names: Sequence[str] = SOLVED,
    column: ColumnName = "realistic",
) -> tuple[Solution, ...]:
    """As `solve`, for a target that has been judged."""
    known = parameters(scenario)
    return tuple(
        _solution(scenario, known[name], target, column) for name in names if name in known
    )


def target_of(*, saving: Number | None = None, bill_usd: Number | None = None) -> Target:
    """What `solve` is asked for, judged by itself.

    Raises:
        ConfigError: as `solve` does.
    """
    if saving is not None and bill_usd is None:
        share = exact(saving)
        if is_number(share) and -10 <= share < 1:
            return Target(saving=share)
        raise _bad("saving", saving, "Give a share below 1, such as 0.4.")
    if bill_usd is not None and saving is None:
        amount = exact(bill_usd)
        if is_number(amount) and 0 < amount <= 10**12:
            return Target(bill_usd=amount)
        raise _bad("bill_usd", bill_usd, "Give US dollars a month, above 0.")
    raise ConfigError("A target is either a saving or a bill.", fix="Give one of the two.")


def _bad(field: str, value: Number, fix: str) -> ConfigError:
    fault = ConfigFault(f"{str(value)!r} is no target.", fix=fix, field=field)
    return ConfigError("The target cannot be solved for:", faults=[fault])


def _solution(
    scenario: Scenario, parameter: Parameter, target: Target, column: ColumnName
) -> Solution:
    def missing(value: Decimal) -> Decimal:
        moved = parameter.set(scenario.inputs, value)
        routed, premium = _pair(at_column(scenario, column, moved))
        if target.saving is not None:
            return routed - (1 - target.saving) * premium
        return routed - (target.bill_usd or ZERO) * NANO_PER_USD

    with localcontext(EXACT):
        points = grid(parameter.low, parameter.high, log=parameter.log)
        found = roots(missing, points, small=NOTHING) or []
    return Solution(
        parameter.name,
        parameter.label,
        parameter.unit,
        parameter.now,
        tuple(root.at for root in found if not root.jump),
        str(target),
        column,
    )


def _pair(x: Inputs) -> tuple[Decimal, Decimal]:
    month = Month(x)
    return total(month.routed()), total(month.single(len(x.tiers) - 1))


def advice_of(breakdown: Breakdown, candidates: Sequence[Card] = ()) -> tuple[Advice, ...]:
    """What the realistic column advises.

    Args:
        breakdown: the plan.
        candidates: cards of models that could decide in the classifier's place.
    """
    column = breakdown.realistic
    found = [
        _routing(column),
        _floor(breakdown.scenario),
        _cascading(column),
        _deciding(breakdown, candidates),
    ]
    return tuple(advice for advice in found if advice is not None)


def _routing(column: Column) -> Advice | None:
    dearer = column.routed.total - column.all_premium.total
    if dearer < 0:
        return None
    name = column.all_premium.name
    if not dearer:
        return Advice("do not route", f"Do not route: it costs what {name} costs.")
    return Advice(
        "do not route",
        f"Do not route: it costs {money(dearer)} a month more than {name} does.",
    )


def _floor(scenario: Scenario) -> Advice | None:
    """How far escalation may rise before the saving is too small."""
    (solution,) = solve(scenario, saving=FLOOR, names=["escalation"])
    above = [value for value in solution.values if value > solution.now]
    if not above:
        return None
    return Advice(
        "floor",
        f"Escalation may rise to {percent(above[0])} before the saving falls under "
        f"{percent(FLOOR)}.",
    )


def _cascading(column: Column) -> Advice | None:
    """Against routing, where routing is an alternative at all."""
    cascade, routed = column.cascade.total, column.routed.total
    if cascade >= routed:
        more = "as much as" if cascade == routed else f"{money(cascade - routed)} a month more than"
        return Advice(
            "do not cascade",
            f"Do not cascade: with the same escalation it costs {more} routing, for it pays for "
            "every draft, and a judged answer cannot stream.",
        )
    if routed - cascade < WORTH_A_WORD * routed:
        return None
    judged = column.scenario.verifier is not None
    return Advice(
        "cascade",
        f"A cascade would cost {money(routed - cascade)} a month less than routing"
        + ("" if judged else " if judging cost nothing")
        + "; a judged answer cannot stream.",
    )


def _deciding(breakdown: Breakdown, candidates: Sequence[Card]) -> Advice | None:
    """The classifier's part of the bill, and what it would be on the cheapest other model."""
    classifier = breakdown.scenario.classifier
    column = breakdown.realistic
    routed, now = column.routed.total, column.routed.nano("classifier")
    if classifier is None or not routed:
        return None
    text = f"Deciding is {percent(Decimal(now) / routed)} of the routed bill"
    priced = [
        (replace(classifier, card=card).pico, card)
        for card in candidates
        if card.rates.input is not None and card.rates.output is not None
    ]
    cheaper = sorted(
        ((pico, card) for pico, card in priced if pico < classifier.pico),
        key=lambda entry: (entry[0], entry[1].id),
    )
    if not cheaper:
        return Advice("classifier", f"{text} ({classifier.card.name}).")
    shown = ", ".join(
        f"{money(round(pico * breakdown.requests / 1000))} on {card.name}"
        for pico, card in cheaper[:3]
    )
    factor = number(classifier.pico / cheaper[0][0], 1) if cheaper[0][0] else "many"
    return Advice(
        "classifier",
        f"{text} ({money(now)} on {classifier.card.name}); it would be {shown}: up to {factor} "
        "times less, if that model decides as well.",
    )
