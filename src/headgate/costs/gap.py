"""Why the worst case is dearer than the realistic one, and what one request can cost at most.

The gap is shared out by Shapley value (Shapley, A value for n-person games, 1953): a driver's part
is what it adds on average over every order in which the drivers can be turned on. So no order is
favoured and the parts add up to the gap exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import ROUND_CEILING, Decimal, localcontext
from itertools import combinations
from math import factorial
from typing import TypeVar

import msgspec

from headgate.costs.call import call
from headgate.costs.columns import DRIVERS, Driver, worst
from headgate.costs.decimals import EXACT, Number, exact
from headgate.costs.formula import Month, total
from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.prices.card import Card

__all__ = ["Bound", "Gap", "Step", "bound", "gap", "shapley"]

_Name = TypeVar("_Name", bound=str)


class Gap(msgspec.Struct, frozen=True):
    """What the stress adds to the routed bill, by driver."""

    nano: int
    """Worst case minus realistic, nano-dollars a month, of the unrounded bills."""
    parts: tuple[tuple[Driver, int], ...]
    """What each driver adds, the largest first; they add up to `nano` exactly."""

    @property
    def largest(self) -> tuple[Driver, int] | None:
        """The driver that adds most; None where nothing adds anything."""
        return self.parts[0] if self.parts and self.parts[0][1] > 0 else None

    def share(self, driver: Driver) -> Decimal | None:
        """A driver's part of the gap, as a share; None where there is no gap."""
        return Decimal(dict(self.parts)[driver]) / self.nano if self.nano else None


class Step(msgspec.Struct, frozen=True):
    """A step of the dearest request that the policy allows."""

    name: str
    """`classifier`, or the tier's name."""
    calls: int
    nano: int
    """All of these calls together, nano-dollars, rounded up."""


class Bound(msgspec.Struct, frozen=True):
    """The most that one request can cost, exactly: the policy allows no call beyond these."""

    input_tokens: Decimal
    output_tokens: Decimal
    """The request that it holds for: so many tokens in, and at most so many out."""
    steps: tuple[Step, ...]

    @property
    def nano(self) -> int:
        """Nano-dollars."""
        return sum(step.nano for step in self.steps)


def gap(scenario: Scenario) -> Gap:
    """The gap between the realistic and the worst case of the routed bill, attributed."""

    def nano(drivers: Sequence[Driver]) -> int:
        with localcontext(EXACT):
            x = worst(scenario.inputs, scenario, drivers)
            routed: Decimal = total(Month(x).routed())
            return round(routed)

    parts = shapley(DRIVERS, nano)
    ordered = sorted(parts.items(), key=lambda part: -part[1])
    return Gap(sum(parts.values()), tuple(ordered))


def shapley(players: Sequence[_Name], value: Callable[[Sequence[_Name]], int]) -> dict[_Name, int]:
    """Each player's Shapley value, in whole numbers that add to v(all) − v(none).

    `value` gives the worth of a coalition, its members in the order of `players`. What is lost by
    rounding goes to the largest remainders. It is asked 2^n times.
    """
    count = len(players)
    worth = {
        group: value([players[n] for n in group])
        for size in range(count + 1)
        for group in combinations(range(count), size)
    }
    whole = factorial(count)
    sums = dict.fromkeys(range(count), 0)  # n! times the values, so that they stay whole
    for group, without in worth.items():
        if len(group) == count:
            continue
        weight = factorial(len(group)) * factorial(count - len(group) - 1)
        for player in range(count):
            if player not in group:
                joined = tuple(sorted((*group, player)))
                sums[player] += weight * (worth[joined] - without)
    parts = {player: amount // whole for player, amount in sums.items()}
    missing = worth[tuple(range(count))] - worth[()] - sum(parts.values())
    for player in sorted(sums, key=lambda player: -(sums[player] % whole))[:missing]:
        parts[player] += 1
    return {players[player]: part for player, part in parts.items()}


def bound(
    scenario: Scenario,
    *,
    input_tokens: Number | None = None,
    output_tokens: Number | None = None,
    falls_back: Mapping[str, bool] | None = None,
    drafts: str | None = None,
    judges: Sequence[tuple[str, Card]] = (),
) -> Bound | None:
    """The dearest path of one request: what every call that the policy allows costs together.

    The tier that a request starts on is tried up to its `attempts`; each other tier once, unless
    the first does not fall back; the classifier is asked once. Every attempt is billed in full, at
    list price, its stable prefix written to the cache and not read; the classifier reads the whole
    request on top of what it is planned to read. The start that costs most counts.

    Args:
        scenario: the tiers, their attempts and prices.
        input_tokens: of the request; the scenario's largest average if not given.
        output_tokens: most of an answer (its `max_tokens`); the scenario's largest average times
            the stress on output if not given.
        falls_back: by a tier's name, whether another tier may answer in its place; all may.
        drafts: the tier whose answers are drafts, in a cascade. Its draft may be rejected after all
            its attempts; then the premium tier has all of its own, and each tier between one.
        judges: who is asked about a draft, each once, as what and at which prices; each reads
            request and answer and writes as much as an answer.

    Returns:
        None where some tier has no limit to its attempts: then nothing bounds the request.
    """
    if any(tier.attempts is None for tier in scenario.tiers):
        return None
    with localcontext(EXACT):
        reads = max(tier.input_tokens for tier in scenario.tiers)
        writes = max(tier.output_tokens for tier in scenario.tiers) * scenario.stress.output_factor
        reads = reads if input_tokens is None else exact(input_tokens)
        writes = writes if output_tokens is None else exact(output_tokens)
        x = scenario.inputs
        costs = []
        for one in x.tiers:
            made = call(one, reads, writes, x.prefix)  # never at batch prices, which are lower
            costs.append(max(made.raw, made.cold))
        paths = []
        asked = []
        if scenario.classifier is not None:
            longest = replace(
                scenario.classifier, input_tokens=scenario.classifier.input_tokens + reads
            )
            asked.append(Step("classifier", 1, _up(longest.pico)))
        for start, tier in enumerate(scenario.tiers):
            elsewhere = falls_back is None or falls_back.get(tier.name, True)
            steps = list(asked)
            attempts = tier.attempts or 1
            steps.append(Step(tier.name, attempts, _up(attempts * costs[start])))
            steps += [
                Step(other.name, 1, _up(costs[n]))
                for n, other in enumerate(scenario.tiers)
                if n != start and elsewhere
            ]
            paths.append(Bound(reads, writes, tuple(steps)))
            if tier.name == drafts and start < len(scenario.tiers) - 1:
                paths.append(
                    Bound(
                        reads,
                        writes,
                        (
                            *asked,
                            Step(tier.name, attempts, _up(attempts * costs[start])),
                            *_judged(judges, reads, writes),
                            *_above(scenario.tiers, costs, start),
                        ),
                    )
                )
    return max(paths, key=lambda path: path.nano)


def _judged(judges: Sequence[tuple[str, Card]], reads: Decimal, writes: Decimal) -> Iterator[Step]:
    """Everybody who is asked about a draft, once."""
    for name, card in judges:
        asked = Classifier(card, input_tokens=reads + writes, output_tokens=writes)
        yield Step(name, 1, _up(asked.pico))


def _above(tiers: Sequence[Tier], costs: Sequence[Decimal], start: int) -> Iterator[Step]:
    """Who answers behind a rejected draft: premium with all its attempts, those between once."""
    attempts = tiers[-1].attempts or 1
    yield Step(tiers[-1].name, attempts, _up(attempts * costs[-1]))
    for n in range(len(tiers) - 2, start, -1):
        yield Step(tiers[n].name, 1, _up(costs[n]))


def _up(pico: Decimal) -> int:
    return int((pico / 1000).to_integral_value(rounding=ROUND_CEILING))
