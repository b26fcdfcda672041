"""Where two alternatives cost the same, as one parameter moves: who is cheaper, and until when.

An alternative is a strategy of a scenario, or one model for every request. Both are evaluated by
the formulas of the plan, so a break-even is where the plan's own numbers cross.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal, localcontext
from typing import Literal, TypeAlias

import msgspec
from msgspec.structs import replace

from headgate.costs.columns import ColumnName, at_column
from headgate.costs.decimals import EXACT, Number, exact
from headgate.costs.formula import Month, total
from headgate.costs.parameters import Parameter, Unit, parameters
from headgate.costs.quantities import Inputs, Quantity, TierInputs, like
from headgate.costs.roots import grid, roots
from headgate.costs.scenario import Scenario, Tier, single_inputs
from headgate.errors import ConfigError, ConfigFault

__all__ = [
    "Alternative",
    "BreakEven",
    "Interval",
    "Strategy",
    "Tripwire",
    "Verdict",
    "alternative",
    "both",
    "tripwire",
    "tripwires",
]

Strategy: TypeAlias = Literal["routed", "cascade", "routed cascade", "single"]
Interval: TypeAlias = tuple[Number, Number]

Verdict: TypeAlias = Literal["flips", "no break-even", "equal"]

NOTHING = Decimal("1e-12")
"""Nano-dollars that count as none."""

SINGLE = "single:"


class Alternative(msgspec.Struct, frozen=True):
    """One way to answer the month's requests."""

    name: str
    """As a sentence says it: `routed`, `all premium`, `all Claude Opus 4.6`."""
    scenario: Scenario
    strategy: Strategy
    tier: Tier | None = None
    """The model of a `single`, by a tier of the scenario or one of its own."""

    def nano(self, column: ColumnName = "realistic", moved: Inputs | None = None) -> Quantity:
        """Nano-dollars a month, unrounded; `moved` are the scenario's numbers after a change."""
        month = Month(at_column(self.scenario, column, moved))
        if self.strategy == "routed":
            return total(month.routed())
        if self.strategy == "single":
            return total(month.single(self._single(month.inputs)))
        return total(month.cascade(behind_router=self.strategy == "routed cascade"))

    def _single(self, x: Inputs) -> int | TierInputs:
        assert self.tier is not None  # noqa: S101 - a single has one
        for place, tier in enumerate(self.scenario.tiers):
            if tier.name == self.tier.name and tier.card == self.tier.card:
                return place
        # a model of its own fails, is cached and writes as the premium tier does in this column
        premium, own = x.tiers[-1], single_inputs(self.scenario, self.tier)
        text = None if own.text is None else like(premium.reads, own.text)
        return replace(
            own, retry=premium.retry, hit=premium.hit, attempts=premium.attempts, text=text
        )


class BreakEven(msgspec.Struct, frozen=True):
    """A value at which both cost the same."""

    at: Decimal
    headroom: Decimal
    """How far the parameter is from it: positive where it lies above the present value."""
    cheaper_below: str
    cheaper_above: str
    """The alternatives' names."""
    jump: bool = False
    """The costs do not meet there: one of them jumps past the other, as at a context tier."""


class Tripwire(msgspec.Struct, frozen=True):
    """What moving one parameter does to the ranking of two alternatives."""

    parameter: str
    label: str
    unit: Unit
    now: Decimal
    low: Decimal
    high: Decimal
    column: ColumnName
    a: str
    b: str
    a_nano: int
    b_nano: int
    """Nano-dollars a month, at the present value."""
    verdict: Verdict
    break_evens: tuple[BreakEven, ...]
    """Ascending; empty unless the verdict is `flips`."""
    log: bool = False
    """The range spans orders of magnitude: look at it by ratios."""
    interval: tuple[Decimal, Decimal] | None = None
    """Where the parameter lies by measurement, if that is known."""

    @property
    def cheaper(self) -> str | None:
        """The name of the one that is cheaper now; None where both cost the same."""
        if self.a_nano == self.b_nano:
            return None
        return self.a if self.a_nano < self.b_nano else self.b

    @property
    def dearer(self) -> str:
        """The other one."""
        return self.b if self.cheaper == self.a else self.a

    @property
    def nearest(self) -> BreakEven | None:
        """The break-even that is fewest units away; None where there is none."""
        return min(self.break_evens, key=lambda point: abs(point.headroom), default=None)

    @property
    def fragile(self) -> bool | None:
        """Whether the interval of the estimate holds a break-even; None without an interval."""
        if self.interval is None:
            return None
        low, high = self.interval
        return any(low <= point.at <= high for point in self.break_evens)


def alternative(scenario: Scenario, name: str) -> Alternative:
    """`routed`, `cascade`, `routed-cascade`, or `single:TIER` for one tier's model.

    Raises:
        ConfigError: there is no such strategy or tier.
    """
    if name in ("routed", "cascade", "routed-cascade", "routed cascade"):
        strategy: Strategy = "routed" if name == "routed" else "cascade"
        if name.startswith("routed") and name != "routed":
            strategy = "routed cascade"
        return Alternative(name.replace("-", " "), scenario, strategy)
    wanted = name.removeprefix(SINGLE)
    for tier in scenario.tiers:
        if wanted in (tier.name, f"all {tier.name}"):
            return Alternative(f"all {tier.name}", scenario, "single", tier)
    tiers = ", ".join(SINGLE + tier.name for tier in scenario.tiers)
    raise ConfigError(
        "The alternatives cannot be compared:",
        faults=[
            ConfigFault(
                f"There is no alternative {name!r}.",
                fix=f"Choose among routed, cascade, routed-cascade, {tiers}.",
            )
        ],
    )


def tripwire(
    scenario: Scenario,
    parameter: str = "escalation",
    *,
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    interval: Interval | None = None,
) -> Tripwire:
    """Every value of one parameter at which two alternatives cost the same.

    Args:
        scenario: what is asked about; both alternatives are of it unless they are given whole.
        parameter: name of one of `parameters(scenario)`.
        a: an `Alternative`, or its name as `alternative` reads it.
        b: the other; all-premium if not given.
        column: the assumptions to compare under.
        interval: where the parameter lies by measurement; says whether the verdict is fragile.

    Raises:
        ConfigError: there is no such parameter or alternative.
    """
    one, other = both(scenario, a, b)
    known = parameters(one.scenario)
    if parameter not in known:
        raise _unknown(parameter, known)
    stated = None if interval is None else (exact(interval[0]), exact(interval[1]))
    return _tripwire(known[parameter], one, other, column, stated)


def tripwires(
    scenario: Scenario,
    *,
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    intervals: dict[str, Interval] | None = None,
) -> tuple[Tripwire, ...]:
    """The same for every parameter that moves what one costs against the other; escalation first.

    Raises:
        ConfigError: there is no such alternative.
    """
    one, other = both(scenario, a, b)
    stated = {name: (exact(low), exact(high)) for name, (low, high) in (intervals or {}).items()}
    return tuple(
        _tripwire(parameter, one, other, column, stated.get(name))
        for name, parameter in parameters(one.scenario).items()
        if name == "escalation" or _moves(difference(parameter, one, other, column), parameter)
    )


def _moves(gap: Callable[[Decimal], Decimal], parameter: Parameter) -> bool:
    with localcontext(EXACT):
        values = (parameter.low, (parameter.low + parameter.high) / 2, parameter.high)
        start = gap(parameter.now)
        return any(abs(gap(value) - start) > NOTHING for value in values)


def difference(
    parameter: Parameter, one: Alternative, other: Alternative, column: ColumnName
) -> Callable[[Decimal], Decimal]:
    """What the first costs more than the second, nano-dollars a month, as the parameter moves.

    The parameter is moved in both; where they are of two scenarios, one that the second does not
    have stays as it is there.
    """
    same = one.scenario is other.scenario
    theirs = parameter if same else parameters(other.scenario).get(parameter.name)

    def at(value: Decimal) -> Decimal:
        moved = parameter.set(one.scenario.inputs, value)
        if same:
            moved_too: Inputs | None = moved
        else:
            moved_too = None if theirs is None else theirs.set(other.scenario.inputs, value)
        amount: Decimal = one.nano(column, moved) - other.nano(column, moved_too)
        return amount

    return at


def _tripwire(
    parameter: Parameter,
    one: Alternative,
    other: Alternative,
    column: ColumnName,
    interval: tuple[Decimal, Decimal] | None,
) -> Tripwire:
    gap = difference(parameter, one, other, column)
    with localcontext(EXACT):
        points = grid(parameter.low, parameter.high, log=parameter.log)
        points = sorted({*points, *_thresholds(parameter, (one, other))})
        found = roots(gap, points, small=NOTHING)
        now = parameter.now
        points_found = [
            BreakEven(
                root.at,
                root.at - now,
                cheaper_below=one.name if root.rising else other.name,
                cheaper_above=other.name if root.rising else one.name,
                jump=root.jump,
            )
            for root in found or ()
        ]
        a_nano, b_nano = round(one.nano(column)), round(other.nano(column))
    verdict: Verdict = "flips" if found else "equal" if found is None else "no break-even"
    return Tripwire(
        parameter.name,
        parameter.label,
        parameter.unit,
        now,
        parameter.low,
        parameter.high,
        column,
        one.name,
        other.name,
        a_nano,
        b_nano,
        verdict,
        tuple(points_found),
        parameter.log,
        interval,
    )


def _thresholds(parameter: Parameter, pair: Sequence[Alternative]) -> list[Decimal]:
    """Where a price jumps with the context length: a root may hide behind a jump."""
    if parameter.name != "input_tokens":
        return []
    starts = []
    for side in pair:
        tiers = list(side.scenario.tiers)
        if side.tier is not None:
            tiers.append(side.tier)
        for tier in tiers:
            for start, _ in tier.card.tiers:
                scaled = parameter.now * start / (tier.input_tokens * tier.text_factor)
                starts += [scaled, scaled * Decimal("1.000000001")]
    return [start for start in starts if parameter.low < start < parameter.high]


def both(
    scenario: Scenario, a: Alternative | str, b: Alternative | str | None
) -> tuple[Alternative, Alternative]:
    """Two alternatives, given whole or by name; the second is all-premium if not given.

    Raises:
        ConfigError: there is no such alternative.
    """
    if b is None:
        b = SINGLE + scenario.tiers[-1].name
    one = alternative(scenario, a) if isinstance(a, str) else a
    other = alternative(scenario, b) if isinstance(b, str) else b
    return one, other


def _unknown(name: str, known: dict[str, Parameter]) -> ConfigError:
    return ConfigError(
        "The parameter cannot be moved:",
        faults=[
            ConfigFault(
                f"The scenario has no parameter {name!r}.", fix=f"Choose among {', '.join(known)}."
            )
        ],
    )
