"""A plan with all that is said about it: the findings and sentences that every form of it shows."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from headgate.costs.advice import Advice, Solution
from headgate.costs.gap import Bound, Gap
from headgate.costs.model import Breakdown, Column
from headgate.costs.scenario import Scenario
from headgate.costs.wording import number, percent
from headgate.prices.card import Card
from headgate.values import dollars

__all__ = ["Plan", "assumptions", "cards_of", "headline"]

ZERO = Decimal(0)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that `headgate plan` has to say."""

    source: str
    """Where the settings come from."""
    example: bool
    """They are the built-in example."""
    changed: tuple[str, ...] = ()
    """The flags that try something else out."""
    prices: str
    """Whose prices, and as of when."""
    breakdown: Breakdown
    gap: Gap | None = None
    """Why the worst case is dearer than the realistic one."""
    bound: Bound | None = None
    """The most that one request can cost; None where nothing bounds it."""
    advice: tuple[Advice, ...] = ()
    solutions: tuple[Solution, ...] = ()
    """What the targets asked for would take."""
    growth: tuple[tuple[Decimal, Breakdown], ...] = ()
    """(factor, breakdown at so many times the traffic)."""
    notes: tuple[str, ...] = ()


def headline(breakdown: Breakdown) -> str:
    """Who is cheaper, where that flips, and how far away that is, for each column."""
    naive, realistic = breakdown.naive, breakdown.realistic
    now = breakdown.escalation
    text, other = _verdict(naive, now), _verdict(realistic, now)
    if other == text:
        return text
    if _pays_below(naive) and _pays_below(realistic):
        rate, room = realistic.crossover.rate, realistic.crossover.headroom
        other = f"until {percent(rate or ZERO)}, {_points(room or ZERO)} of headroom."
    return f"{text} Realistic: {other[0].lower()}{other[1:]}"


def _pays_below(column: Column) -> bool:
    return column.crossover.pays == "below" and (column.crossover.headroom or ZERO) > 0


def _points(room: Decimal) -> str:
    return f"{number(abs(room) * 100, 1)} points"


def _verdict(column: Column, now: Decimal) -> str:
    crossover, premium = column.crossover, column.all_premium.name
    rate, room = crossover.rate, crossover.headroom
    if rate is None or room is None:
        return {
            "equal": f"Routing and {premium} cost the same at every escalation rate: "
            "nothing can flip.",
            "always": f"Routing never costs more than {premium}, whatever the escalation rate.",
        }.get(
            crossover.pays,
            f"Routing does not pay: it costs at least as much as {premium} at every "
            "escalation rate.",
        )
    if room < 0:
        return (
            f"Routing does not pay: it costs {percent(-(column.saving or ZERO))} more than "
            f"{premium}. It would pay below {percent(rate)} escalation; now "
            f"{percent(now)}, {_points(room)} away."
        )
    return (
        f"Routing pays until {percent(rate)} of requests escalate; now {percent(now)}: "
        f"{_points(room)} of headroom."
    )


def assumptions(scenario: Scenario) -> dict[str, str]:
    """What each column takes for granted, and what all of them leave out."""
    return {
        "naive": "every call succeeds, nothing is cached, routing has no fixed cost",
        "realistic": "assumed: " + "; ".join(_assumed(scenario)),
        "worst case": "assumed: " + "; ".join(_stressed(scenario)),
        "left out": "discounts, taxes and free tiers; classifier failures",
    }


def _assumed(scenario: Scenario) -> list[str]:
    failing = [
        f"{percent(tier.retry_rate)} of {tier.name} attempts fail"
        + ("" if tier.attempts is None else f" (at most {tier.attempts} attempts)")
        for tier in scenario.tiers
        if tier.retry_rate
    ]
    parts = [
        " and ".join(failing) + "; each retry is billed as a whole call"
        if failing
        else "no attempt fails"
    ]
    if scenario.stable_prefix:
        rates = {tier.cache_hit_rate for tier in scenario.tiers}
        hits = " to ".join(percent(rate) for rate in sorted({min(rates), max(rates)}))
        parts.append(
            f"{percent(scenario.stable_prefix)} of the input is a stable prefix, read from the "
            f"prompt cache {hits} of the time and else written for {scenario.cache_life}; "
            "retries use no cache"
        )
        if scenario.split_loss:
            parts.append(
                f"splitting the traffic costs a tier {percent(scenario.split_loss)} of the hits "
                "that the other tiers' requests would have given it"
            )
    else:
        parts.append("no prompt cache (--stable-prefix)")
    if scenario.batch_share:
        parts.append(f"{percent(scenario.batch_share)} of requests at batch prices")
    if scenario.misrouting is not None:
        wrong = scenario.misrouting
        parts.append(
            f"{percent(wrong.hard)} of requests are hard; the router escalates "
            f"{percent(wrong.caught)} of them and {percent(wrong.wasted)} of the easy ones"
        )
    if scenario.overhead_usd:
        parts.append(f"{dollars(int(scenario.overhead_usd * 10**9))} a month of fixed cost")
    else:
        parts.append("no fixed cost (--overhead-usd)")
    return parts


def _stressed(scenario: Scenario) -> list[str]:
    stress = scenario.stress
    parts = [
        f"{percent(scenario.stressed_escalation)} escalated",
        f"{percent(stress.retry_rate)} of attempts fail on every tier",
        f"answers {number(stress.output_factor, 2)} × as long",
    ]
    if scenario.stable_prefix and stress.cold_cache:
        parts.append("nothing read from the cache")
    return parts


def cards_of(scenario: Scenario) -> list[Card]:
    """The price cards that a scenario uses, each once: classifier first, then cheap to premium."""
    cards = [scenario.classifier.card] if scenario.classifier is not None else []
    cards += [tier.card for tier in scenario.tiers]
    return list({card.id: card for card in cards}.values())
