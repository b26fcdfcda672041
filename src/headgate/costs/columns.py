"""The columns of a plan as changes of its numbers: naive, realistic, and the worst case.

The worst case is a set of drivers, each of which can be turned on alone: that is how the gap
between realistic and worst is attributed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias, get_args

from msgspec.structs import replace

from headgate.costs.quantities import Inputs, Matrix, Quantity, TierInputs, larger, like, smaller
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


def worst(x: Inputs, scenario: Scenario, drivers: Iterable[Driver] = DRIVERS) -> Inputs:
    """Under the scenario's stress, or under some of its drivers only."""
    for driver in drivers:
        x = _STRESSES[driver](x, scenario)
    return x


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


def _more_escalation(x: Inputs, scenario: Scenario) -> Inputs:
    now, stated = x.rate, scenario.stress.escalation
    rate = smaller(2 * now, 1) if stated is None else like(now, stated)
    return escalated(x, larger(now, rate))


def _premium_retries(x: Inputs, scenario: Scenario) -> Inputs:
    *below, premium = x.tiers
    return replace(x, tiers=(*below, _retried(premium, scenario)))


def _cheap_retries(x: Inputs, scenario: Scenario) -> Inputs:
    *below, premium = x.tiers
    return replace(x, tiers=(*[_retried(tier, scenario) for tier in below], premium))


def _retried(tier: TierInputs, scenario: Scenario) -> TierInputs:
    if not scenario.stress.retry_rate:
        return tier
    rate = like(tier.reads, scenario.stress.retry_rate)
    return replace(tier, retry=rate if tier.retry is None else larger(tier.retry, rate))


def _cold(x: Inputs, scenario: Scenario) -> Inputs:
    if x.prefix is None or not scenario.stress.cold_cache:
        return x
    return replace(x, tiers=tuple([replace(tier, hit=None) for tier in x.tiers]))


def _longer(x: Inputs, scenario: Scenario) -> Inputs:
    first = x.tiers[0]
    factor = like(first.writes, scenario.stress.output_factor)
    longer = first.writes * factor
    return replace(
        x,
        tiers=tuple(
            [
                replace(
                    tier, writes=longer if tier.writes is first.writes else tier.writes * factor
                )
                for tier in x.tiers
            ]
        ),
    )


_STRESSES: dict[Driver, Callable[[Inputs, Scenario], Inputs]] = {
    "escalation": _more_escalation,
    "premium retries": _premium_retries,
    "cheap retries": _cheap_retries,
    "cold cache": _cold,
    "longer answers": _longer,
}
