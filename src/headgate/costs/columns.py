"""The columns of a plan as changes of its numbers: naive, realistic, and the worst case.

The worst case is a set of drivers, each of which can be turned on alone: that is how the gap
between realistic and worst is attributed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Literal, TypeAlias, get_args

from msgspec.structs import replace

from headgate.costs.quantities import Inputs, Matrix, Quantity, larger, like, smaller
from headgate.costs.scenario import Scenario

__all__ = ["COLUMNS", "DRIVERS", "ColumnName", "Driver", "at_column", "escalated", "naive", "worst"]

ColumnName: TypeAlias = Literal["naive", "realistic", "worst case"]
COLUMNS: tuple[ColumnName, ...] = get_args(ColumnName)

Driver: TypeAlias = Literal[
    "escalation", "premium retries", "cheap retries", "cold cache", "longer answers"
]
DRIVERS: tuple[Driver, ...] = get_args(Driver)


def at_column(scenario: Scenario, column: ColumnName, inputs: Inputs | None = None) -> Inputs:
    """The numbers of one column; `inputs` in place of the scenario's own, where they were moved."""
    x = scenario.inputs if inputs is None else inputs
    if column == "naive":
        return naive(x)
    return worst(x, scenario) if column == "worst case" else x


def naive(x: Inputs) -> Inputs:
    """Every call succeeds, nothing is cached, routing has no fixed cost."""
    return replace(
        x,
        tiers=tuple([replace(tier, retry=None, hit=None) for tier in x.tiers]),
        prefix=None,
        split_loss=None,
        overhead=0 * x.overhead,
    )


def worst(x: Inputs, scenario: Scenario, drivers: Collection[Driver] = DRIVERS) -> Inputs:
    """Under the scenario's stress, or under some of its drivers only."""
    stress = scenario.stress
    first, last = x.tiers[0], x.tiers[-1]
    cold = stress.cold_cache and "cold cache" in drivers
    longer, together = None, first.writes
    if "longer answers" in drivers:
        longer = like(first.writes, stress.output_factor)
        together = first.writes * longer  # equal tokens stay one object
    tiers = []
    for tier in x.tiers:
        retry, writes = tier.retry, tier.writes
        if stress.retry_rate and ("premium" if tier is last else "cheap") + " retries" in drivers:
            rate = like(tier.reads, stress.retry_rate)
            retry = rate if retry is None else larger(retry, rate)
        if longer is not None:
            writes = together if writes is first.writes else writes * longer
        hit = None if cold else tier.hit
        tiers.append(replace(tier, retry=retry, writes=writes, hit=hit))
    x = replace(x, tiers=tuple(tiers))
    if "escalation" not in drivers:
        return x
    now = x.rate
    rate = smaller(2 * now, 1) if stress.escalation is None else like(now, stress.escalation)
    return escalated(x, larger(now, rate))


def escalated(x: Inputs, rate: Quantity) -> Inputs:
    """The same requests at another escalation rate.

    With a misrouting matrix both its rates move: upwards by the same share of what they leave
    cheap, downwards in proportion. So the rate asked for is met exactly.
    """
    if x.matrix is None:
        return replace(x, escalation=rate)
    hard, caught, wasted = x.matrix
    now = x.matrix.escalation
    low, left = smaller(rate, now), 1 - now
    # nothing to share out is no reason to divide by it
    fewer = (now - low) / (now + (now <= 0))
    more = (larger(rate, now) - now) / (left + (left <= 0))
    caught, wasted = caught - fewer * caught, wasted - fewer * wasted
    return replace(
        x, matrix=Matrix(hard, caught + more * (1 - caught), wasted + more * (1 - wasted))
    )
