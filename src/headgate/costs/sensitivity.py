"""How firm a ranking is: one parameter at a time, two together, all at once, and by chance.

Everything here compares two alternatives by what the first saves against the second a month. A
tornado and a map are exact; the joint shift and the draws use floats, whose errors are far below
any uncertainty of the parameters.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, localcontext
from math import sqrt
from typing import Literal, Protocol, TypeAlias

import msgspec

from headgate.costs.columns import ColumnName
from headgate.costs.decimals import EXACT, Number, exact, is_number
from headgate.costs.parameters import Parameter, Unit, parameters
from headgate.costs.quantities import Inputs, as_floats
from headgate.costs.roots import grid
from headgate.costs.scenario import Scenario
from headgate.costs.tripwire import Alternative, Interval, both
from headgate.errors import ConfigError, ConfigFault
from headgate.stats.intervals import Interval as Confidence
from headgate.stats.intervals import wilson

__all__ = [
    "Dice",
    "JointShift",
    "Map",
    "Quantiles",
    "Shape",
    "Shift",
    "Simulation",
    "Swing",
    "joint_shift",
    "ranges",
    "saving_map",
    "simulate",
    "tornado",
]

EITHER_WAY = Decimal("0.2")
"""How far a parameter is moved where nobody says how well it is known: an assumption."""

MOST_DRAWS = 1_000_000
STEPS = 60
CLOSE = 1e-9

Shape: TypeAlias = Literal["triangular", "uniform", "normal"]
"""Of a distribution over a range: its peak at the planned value; all alike; or the range as the
middle 95 % of a bell, cut at the parameter's own limits."""


class Dice(Protocol):
    """Where chance comes from; `random.Random(seed)` is one."""

    def uniform(self, a: float, b: float) -> float:
        """Any number of the range alike."""

    def triangular(self, low: float, high: float, mode: float) -> float:
        """A number of the range, those near `mode` more often."""

    def gauss(self, mu: float, sigma: float) -> float:
        """A number of the bell."""


class Swing(msgspec.Struct, frozen=True):
    """What one parameter does to the saving as it goes through its range."""

    parameter: str
    label: str
    unit: Unit
    now: Decimal
    low: Decimal
    high: Decimal
    saving_low: int
    saving_high: int
    """What `a` saves against `b` at either end, nano-dollars a month."""

    @property
    def size(self) -> int:
        """Between the two, nano-dollars."""
        return abs(self.saving_high - self.saving_low)


class Map(msgspec.Struct, frozen=True):
    """What `a` saves against `b` over two parameters."""

    across: str
    down: str
    across_unit: Unit
    down_unit: Unit
    across_values: tuple[Decimal, ...]
    down_values: tuple[Decimal, ...]
    saving: tuple[tuple[int, ...], ...]
    """A row for each value down, nano-dollars a month; negative where `b` is cheaper."""


class Shift(msgspec.Struct, frozen=True):
    """One parameter's part of a joint shift."""

    parameter: str
    label: str
    unit: Unit
    now: float
    to: float
    steps: float
    """In half-widths of its range, signed."""


class JointShift(msgspec.Struct, frozen=True):
    """The smallest move of all parameters together that makes both cost the same."""

    distance: float
    """Root of the sum of squares of all `steps`; above 1 it is outside the ranges' ellipse."""
    shifts: tuple[Shift, ...]
    """The largest first."""


class Quantiles(msgspec.Struct, frozen=True):
    """Of the draws, nano-dollars a month."""

    p5: int
    p50: int
    p95: int


class Simulation(msgspec.Struct, frozen=True):
    """What becomes of the bills when the parameters are drawn from their ranges."""

    draws: int
    shape: Shape
    a: str
    b: str
    pays: Confidence
    """Share of draws in which `a` is cheaper, with the 95 % interval that so many draws leave."""
    a_bill: Quantiles
    b_bill: Quantiles
    saving: Quantiles


def ranges(
    scenario: Scenario, stated: Mapping[str, Interval] | None = None
) -> dict[str, tuple[Decimal, Decimal]]:
    """The range of every parameter that can be moved: the one stated, else 20 % either way.

    A parameter at 0 has no such range and stays, unless one is stated; so does one that only moves
    others together, which have ranges of their own.

    Raises:
        ConfigError: a range is not one, or its parameter is unknown.
    """
    known = parameters(scenario)
    found = {}
    for name, ends in (stated or {}).items():
        if name not in known:
            raise _bad(name, f"The scenario has no parameter {name!r}.", known)
        low, high = exact(ends[0]), exact(ends[1])
        parameter = known[name]
        if not (is_number(low) and is_number(high) and low <= high):
            raise _bad(name, f"{ends[0]} to {ends[1]} is no range.", known)
        if low < 0 or (parameter.unit == "share" and high > 1):
            raise _bad(name, f"{ends[0]} to {ends[1]} is out of range.", known)
        found[name] = (low, high)
    with localcontext(EXACT):
        for name, parameter in known.items():
            if name not in found and parameter.now and not parameter.compound:
                low, high = parameter.now * (1 - EITHER_WAY), parameter.now * (1 + EITHER_WAY)
                found[name] = (max(low, parameter.low), min(high, parameter.high))
    return {name: found[name] for name in known if name in found}


def tornado(
    scenario: Scenario,
    *,
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    stated: Mapping[str, Interval] | None = None,
) -> tuple[Swing, ...]:
    """What every parameter by itself does to the saving, the largest swing first."""
    one, other = both(scenario, a, b)
    saving = _Saving(one, other, column)
    known = parameters(one.scenario)
    swings = []
    with localcontext(EXACT):
        for name, (low, high) in ranges(one.scenario, stated).items():
            parameter = known[name]
            swings.append(
                Swing(
                    name,
                    parameter.label,
                    parameter.unit,
                    parameter.now,
                    low,
                    high,
                    round(saving.at({name: low})),
                    round(saving.at({name: high})),
                )
            )
    return tuple(sorted(swings, key=lambda swing: -swing.size))


def saving_map(
    scenario: Scenario,
    across: str,
    down: str,
    *,
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    cells: tuple[int, int] = (20, 10),
) -> Map:
    """The saving over two parameters, through their whole ranges.

    Raises:
        ConfigError: a parameter is unknown, or both are the same.
    """
    one, other = both(scenario, a, b)
    known = parameters(one.scenario)
    for name in (across, down):
        if name not in known:
            raise _bad(name, f"The scenario has no parameter {name!r}.", known)
    if across == down:
        raise _bad(across, "A map needs two parameters.", known)
    saving = _Saving(one, other, column)
    axes = []
    with localcontext(EXACT):
        for name, count in ((across, cells[0]), (down, cells[1])):
            parameter = known[name]
            low, high = parameter.low, parameter.high
            axes.append(tuple(grid(low, high, log=parameter.log, cells=count)))
        rows = tuple(
            tuple(round(saving.at({across: x, down: y})) for x in axes[0]) for y in axes[1]
        )
    return Map(across, down, known[across].unit, known[down].unit, axes[0], axes[1], rows)


def joint_shift(
    scenario: Scenario,
    *,
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    stated: Mapping[str, Interval] | None = None,
) -> JointShift | None:
    """The nearest point at which both cost the same, each parameter measured in its own range.

    It is the design point of the first-order reliability method, found by the recursion of Hasofer
    and Lind (1974) and Rackwitz and Fiessler (1978). None where the recursion finds no such point
    within the parameters' limits.
    """
    one, other = both(scenario, a, b)
    saving = _Saving(one, other, column, plain=True)
    known = parameters(one.scenario)
    limits = ranges(one.scenario, stated)
    names = [name for name, (low, high) in limits.items() if high > low]
    centre = [float(known[name].now) for name in names]
    unit = [float(high - low) / 2 for low, high in (limits[name] for name in names)]
    ends = [(float(known[name].low), float(known[name].high)) for name in names]

    def g(z: Sequence[float]) -> float:
        return saving.at(
            {
                name: min(max(c + u * step, end[0]), end[1])
                for name, c, u, step, end in zip(names, centre, unit, z, ends, strict=True)
            }
        )

    z = [0.0] * len(names)
    scale = abs(g(z)) or 1.0
    for _ in range(STEPS):
        here = g(z)
        slope = []
        for n in range(len(z)):
            ahead = [step + (1e-5 if n == k else 0.0) for k, step in enumerate(z)]
            slope.append((g(ahead) - here) / 1e-5)
        steep = sum(part * part for part in slope)
        if not steep:
            return None
        reach = (sum(part * step for part, step in zip(slope, z, strict=True)) - here) / steep
        z, before = [reach * part for part in slope], z
        if all(abs(new - old) < CLOSE for new, old in zip(z, before, strict=True)):
            break
    if abs(g(z)) > 1e-6 * scale or not _inside(z, centre, unit, ends):
        return None
    shifts = [
        Shift(name, known[name].label, known[name].unit, c, c + u * step, step)
        for name, c, u, step in zip(names, centre, unit, z, strict=True)
    ]
    shifts.sort(key=lambda shift: -abs(shift.steps))
    return JointShift(sqrt(sum(step * step for step in z)), tuple(shifts))


def _inside(
    z: Sequence[float],
    centre: Sequence[float],
    unit: Sequence[float],
    ends: Sequence[tuple[float, float]],
) -> bool:
    return all(
        end[0] - CLOSE <= c + u * step <= end[1] + CLOSE
        for step, c, u, end in zip(z, centre, unit, ends, strict=True)
    )


def simulate(
    scenario: Scenario,
    dice: Dice,
    *,
    draws: int = 2000,
    shape: Shape = "triangular",
    a: Alternative | str = "routed",
    b: Alternative | str | None = None,
    column: ColumnName = "realistic",
    stated: Mapping[str, Interval] | None = None,
) -> Simulation:
    """Both bills over many draws of all parameters, each drawn by itself from its range.

    Raises:
        ConfigError: the number of draws is out of range, or a range is none.
    """
    if not 1 <= draws <= MOST_DRAWS:
        fault = ConfigFault(
            f"{draws} draws are not possible.", fix=f"Give 1 to {MOST_DRAWS:,}.", field="draws"
        )
        raise ConfigError("Nothing can be drawn:", faults=[fault])
    one, other = both(scenario, a, b)
    saving = _Saving(one, other, column, plain=True)
    known = parameters(one.scenario)
    limits = ranges(one.scenario, stated)
    firsts, seconds = [], []
    for _ in range(draws):
        values = {name: _draw(dice, shape, known[name], limits[name]) for name in limits}
        first, second = saving.bills(values)
        firsts.append(first)
        seconds.append(second)
    savings = [second - first for first, second in zip(firsts, seconds, strict=True)]
    return Simulation(
        draws,
        shape,
        one.name,
        other.name,
        wilson(sum(amount > 0 for amount in savings), draws),
        _quantiles(firsts),
        _quantiles(seconds),
        _quantiles(savings),
    )


def _draw(dice: Dice, shape: Shape, parameter: Parameter, ends: tuple[Decimal, Decimal]) -> float:
    low, high, now = float(ends[0]), float(ends[1]), float(parameter.now)
    if shape == "uniform":
        return dice.uniform(low, high)
    if shape == "triangular":
        return dice.triangular(low, high, min(max(now, low), high))
    value = dice.gauss((low + high) / 2, (high - low) / (2 * 1.959964))
    return min(max(value, float(parameter.low)), float(parameter.high))


def _quantiles(amounts: list[float]) -> Quantiles:
    ordered = sorted(amounts)

    def at(share: float) -> int:
        return round(ordered[round(share * (len(ordered) - 1))])

    return Quantiles(at(0.05), at(0.5), at(0.95))


class _Saving:
    """What one alternative saves against another, with any parameters moved."""

    def __init__(
        self, one: Alternative, other: Alternative, column: ColumnName, *, plain: bool = False
    ) -> None:
        self.one, self.other, self.column = one, other, column
        self.same = one.scenario is other.scenario
        self.x = self._start(one, plain=plain)
        self.y = self.x if self.same else self._start(other, plain=plain)
        self.known = parameters(one.scenario, self.x)
        self.theirs = self.known if self.same else parameters(other.scenario, self.y)

    @staticmethod
    def _start(side: Alternative, *, plain: bool) -> Inputs:
        return as_floats(side.scenario.inputs) if plain else side.scenario.inputs

    def bills(self, values: Mapping[str, Number]) -> tuple[float, float]:
        """Both bills."""
        x, y = self.x, self.y
        for name, value in values.items():
            x = self.known[name].set(x, value)
            if not self.same and name in self.theirs:
                y = self.theirs[name].set(y, value)
        return (
            self.one.nano(self.column, x),
            self.other.nano(self.column, x if self.same else y),
        )

    def at(self, values: Mapping[str, Number]) -> float:
        """Second minus first, nano-dollars a month."""
        first, second = self.bills(values)
        return second - first


def _bad(name: str, problem: str, known: Mapping[str, Parameter]) -> ConfigError:
    fault = ConfigFault(problem, fix=f"Choose among {', '.join(known)}.", field=name)
    return ConfigError("The range cannot be used:", faults=[fault])
