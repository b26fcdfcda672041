"""The plan as one JSON document; docs/plan.md describes its fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from headgate.costs.advice import Solution
from headgate.costs.gap import Bound, Gap
from headgate.costs.model import Bill, Breakdown, Column, Line
from headgate.costs.plan import Plan, assumptions, cards_of
from headgate.costs.scenario import Classifier, Scenario
from headgate.costs.wording import gap_sentence
from headgate.prices.card import Card, usd_per_million
from headgate.values import usd

__all__ = ["document"]


def document(plan: Plan) -> dict[str, Any]:
    """Money is text, exact in US dollars; shares are numbers of 0..1, rounded to 9 decimals."""
    scenario = plan.breakdown.scenario
    return {
        "settings": plan.source,
        "example": plan.example,
        "changed": list(plan.changed),
        "scenario": _scenario(scenario),
        "prices": {"source": plan.prices, "cards": [_card(card) for card in cards_of(scenario)]},
        "columns": {_key(column.name): _column(column) for column in plan.breakdown.columns},
        "gap": None if plan.gap is None else _gap(plan.gap),
        "bound": None if plan.bound is None else _bound(plan.bound),
        "advice": [{"kind": advice.kind, "sentence": advice.sentence} for advice in plan.advice],
        "solutions": [_solution(found) for found in plan.solutions],
        "growth": [_growth(factor, grown) for factor, grown in plan.growth],
        "assumptions": {_key(name): text for name, text in assumptions(scenario).items()},
        "notes": list(plan.notes),
    }


def _key(name: str) -> str:
    return name.replace(" ", "_")


def _gap(gap: Gap) -> dict[str, Any]:
    return {
        "usd": usd(gap.nano),
        "sentence": gap_sentence(gap),
        "drivers": [
            {"name": _key(driver), "usd": usd(nano), "share": _number(gap.share(driver))}
            for driver, nano in gap.parts
        ],
    }


def _bound(bound: Bound) -> dict[str, Any]:
    return {
        "usd": usd(bound.nano),
        "input_tokens": _number(bound.input_tokens),
        "output_tokens": _number(bound.output_tokens),
        "steps": [
            {"name": step.name, "calls": step.calls, "usd": usd(step.nano)} for step in bound.steps
        ],
    }


def _solution(found: Solution) -> dict[str, Any]:
    return {
        "target": found.target,
        "parameter": found.parameter,
        "unit": found.unit,
        "now": _number(found.now),
        "values": [_number(value) for value in found.values],
        "sentence": found.sentence,
    }


def _check(asked: Classifier | None) -> dict[str, Any] | None:
    if asked is None:
        return None
    return {
        "card": asked.card.id,
        "input_tokens": _number(asked.input_tokens),
        "output_tokens": _number(asked.output_tokens),
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    wrong, stress = scenario.misrouting, scenario.stress
    return {
        "requests_per_day": _number(scenario.requests_per_day),
        "days": _number(scenario.days),
        "requests_per_month": _number(scenario.requests),
        "escalation": _number(scenario.escalation_rate),
        "misrouting": None
        if wrong is None
        else {
            "hard": _number(wrong.hard),
            "caught": _number(wrong.caught),
            "wasted": _number(wrong.wasted),
        },
        "stable_prefix": _number(scenario.stable_prefix),
        "cache_life": scenario.cache_life,
        "split_loss": _number(scenario.split_loss),
        "batch_share": _number(scenario.batch_share),
        "direct": _number(scenario.direct),
        "overhead_usd": str(scenario.overhead_usd),
        "classifier": _check(scenario.classifier),
        "verifier": _check(scenario.verifier),
        "stress": {
            "escalation": _number(scenario.stressed_escalation),
            "retry_rate": _number(stress.retry_rate),
            "output_factor": _number(stress.output_factor),
            "cold_cache": stress.cold_cache,
        },
        "tiers": [
            {
                "name": tier.name,
                "card": tier.card.id,
                "share": _number(share),
                "input_tokens": _number(tier.input_tokens),
                "output_tokens": _number(tier.output_tokens),
                "retry_rate": _number(tier.retry_rate),
                "attempts": tier.attempts,
                "cache_hit_rate": _number(tier.cache_hit_rate),
                "text_factor": _number(tier.text_factor),
            }
            for tier, share in zip(scenario.tiers, scenario.shares, strict=True)
        ],
    }


def _card(card: Card) -> dict[str, Any]:
    rates = {
        kind: getattr(card.rates, kind)
        for kind in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    }
    return {
        "id": card.id,
        "name": card.name,
        "source": card.source,
        "overridden": card.overridden,
        "valid_from": card.valid_from.isoformat() if card.valid_from else None,
        "usd_per_million": {
            kind: None if pico is None else usd_per_million(pico) for kind, pico in rates.items()
        },
    }


def _column(column: Column) -> dict[str, Any]:
    crossover, both = column.crossover, column.routed_cascade
    return {
        "escalation": _number(column.escalation),
        "routed": _bill(column.routed),
        "cascade": _bill(column.cascade),
        "routed_cascade": None if both is None else _bill(both),
        "singles": [_bill(bill) for bill in column.singles],
        "saving": _number(column.saving),
        "saving_usd": usd(column.all_premium.total - column.routed.total),
        "point_usd": usd(column.point_nano),
        "point_saving": _number(column.point_saving),
        "crossover": {
            "pays": crossover.pays,
            "rate": _number(crossover.rate),
            "headroom": _number(crossover.headroom),
        },
    }


def _bill(bill: Bill) -> dict[str, Any]:
    return {
        "name": bill.name,
        "total_usd": usd(bill.total),
        "lines": [_line(line) for line in bill.lines],
    }


def _line(line: Line) -> dict[str, Any]:
    return {
        "name": line.name,
        "kind": line.kind,
        "share": _number(line.share),
        "card": line.card.id if line.card else None,
        "usd": usd(line.nano),
    }


def _growth(factor: Decimal, breakdown: Breakdown) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "factor": _number(factor),
        "requests_per_month": _number(breakdown.requests),
    }
    for column in breakdown.columns:
        shown[_key(column.name)] = {
            "routed_usd": usd(column.routed.total),
            "all_premium_usd": usd(column.all_premium.total),
            "saving": _number(column.saving),
        }
    return shown


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(round(value, 9))
