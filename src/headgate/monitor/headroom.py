"""How far escalation may still go before routing stops paying, all else as it was measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import msgspec

from headgate.costs.model import Pays, evaluate
from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.ledger.store import RequestTotal, Role, TierTotal
from headgate.monitor.blocked import escalated
from headgate.monitor.merged import merged
from headgate.values import Usage

__all__ = ["LEAST_SERVED", "Headroom", "headroom", "measured"]

LEAST_SERVED = 100
"""Served routed requests below which measured means and rates are not worth computing with."""


class Headroom(msgspec.Struct, frozen=True, kw_only=True):
    """The measured escalation rate against the one at which all-premium costs the same."""

    pays: Pays
    """Routing pays `below` the crossing; or `always`, `never`, or it is `equal` at any rate."""
    crossing: float | None
    """Escalation rate of equal cost, 0 to 1; None unless `pays` is `below`."""
    rate: float
    low: float
    high: float
    """The measured rate and its 95 % interval, over days or hours where there are enough."""
    room: float | None
    """Crossing less rate; below zero where routing has stopped paying."""
    fragile: bool
    """The interval of the rate holds the crossing: it may be on either side."""
    assumed: tuple[str, ...]
    """What was not measured, and is the plan's: names of tiers, `classifier`."""

    @property
    def touched(self) -> bool:
        """The interval of the rate has reached the crossing, or routing pays at no rate."""
        if self.pays == "below":
            return self.crossing is not None and self.high >= self.crossing
        return self.pays == "never"


def headroom(
    scenario: Scenario, tiers: Sequence[TierTotal], requests: Sequence[RequestTotal]
) -> Headroom | None:
    """Ask the cost model again, a store's `tiers` and `requests` in place of the plan's numbers.

    Of requests told apart by the hour the rate's interval is over blocks of time.
    None for fewer than `LEAST_SERVED` served routed requests.
    """
    parts = [total for total in requests if total.routed]
    routed = next(iter(merged(parts)), None)
    if routed is None or routed.served < LEAST_SERVED:
        return None
    ours = [total for total in tiers if total.routed]
    rate = routed.escalated / routed.served
    found = evaluate(measured(scenario, ours, Decimal(routed.escalated) / routed.served))
    crossover = found.realistic.crossover
    crossing = None if crossover.rate is None else float(crossover.rate)
    interval, _, _ = escalated(parts)
    return Headroom(
        pays=crossover.pays,
        crossing=crossing,
        rate=rate,
        low=interval.low,
        high=interval.high,
        room=None if crossing is None else crossing - rate,
        fragile=crossing is not None and crossing in interval,
        assumed=tuple(_assumed(scenario, ours)),
    )


def measured(scenario: Scenario, totals: Sequence[TierTotal], escalation: Decimal) -> Scenario:
    """The scenario with the tokens, retries, cache and escalation that were measured.

    Tokens are means over served answers; a tier's retry rate is the share of its attempts that
    served nobody; the stable prefix is the share of all answers' input that was read from or
    written to a prompt cache, and a tier's hit rate the share of that which was read. A tier
    without answers keeps the plan's values.
    """
    answers = _usage(totals, "answer")
    cached = answers.total_input - answers.input
    prefix = _share(cached, answers.total_input)
    return replace(
        scenario,
        tiers=tuple(_tier(tier, totals) for tier in scenario.tiers),
        escalation=escalation,
        classifier=scenario.classifier and _classifier(scenario.classifier, totals),
        stable_prefix=scenario.stable_prefix if prefix is None else prefix,
    )


def _tier(tier: Tier, totals: Sequence[TierTotal]) -> Tier:
    own = [total for total in totals if total.tier == tier.name]
    answers, usage = _attempts(own, "answer"), _usage(own, "answer")
    if not answers or not usage.total_input + usage.output:
        return tier
    retries = _attempts(own, "retry")
    cached = usage.total_input - usage.input
    hits = _share(usage.cache_read, cached)
    return replace(
        tier,
        input_tokens=Decimal(usage.total_input) / answers,
        output_tokens=Decimal(usage.output) / answers,
        retry_rate=Decimal(retries) / (retries + answers),
        cache_hit_rate=tier.cache_hit_rate if hits is None else hits,
    )


def _classifier(classifier: Classifier, totals: Sequence[TierTotal]) -> Classifier:
    calls, usage = _attempts(totals, "classifier"), _usage(totals, "classifier")
    if not calls or not usage.total_input + usage.output:
        return classifier
    return replace(
        classifier,
        input_tokens=Decimal(usage.total_input) / calls,
        output_tokens=Decimal(usage.output) / calls,
    )


def _assumed(scenario: Scenario, totals: Sequence[TierTotal]) -> list[str]:
    answered = {total.tier for total in totals if total.role == "answer"}
    names = [tier.name for tier in scenario.tiers if tier.name not in answered]
    if scenario.classifier is not None and not _attempts(totals, "classifier"):
        names.append("classifier")
    return names


def _attempts(totals: Sequence[TierTotal], role: Role) -> int:
    return sum(total.attempts for total in totals if total.role == role)


def _usage(totals: Sequence[TierTotal], role: Role) -> Usage:
    return sum((total.usage for total in totals if total.role == role), Usage())


def _share(part: int, whole: int) -> Decimal | None:
    return Decimal(part) / whole if whole else None
