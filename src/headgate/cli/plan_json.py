"""The plan as one JSON document; docs/plan.md describes its fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from headgate.cli.plan_page import Plan, assumptions, cards_of
from headgate.costs.model import Bill, Breakdown, Column, Line
from headgate.costs.scenario import Scenario
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
        "columns": {column.name: _column(column) for column in plan.breakdown.columns},
        "growth": [_growth(factor, grown) for factor, grown in plan.growth],
        "assumptions": assumptions(scenario),
        "notes": list(plan.notes),
    }


def _scenario(scenario: Scenario) -> dict[str, Any]:
    classifier = scenario.classifier
    return {
        "requests_per_day": _number(scenario.requests_per_day),
        "days": _number(scenario.days),
        "requests_per_month": _number(scenario.requests),
        "escalation": _number(scenario.escalation_rate),
        "stable_prefix": _number(scenario.stable_prefix),
        "cache_life": scenario.cache_life,
        "overhead_usd": str(scenario.overhead_usd),
        "classifier": None
        if classifier is None
        else {
            "card": classifier.card.id,
            "input_tokens": _number(classifier.input_tokens),
            "output_tokens": _number(classifier.output_tokens),
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
    crossover = column.crossover
    return {
        "routed": _bill(column.routed),
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
        shown[column.name] = {
            "routed_usd": usd(column.routed.total),
            "all_premium_usd": usd(column.all_premium.total),
            "saving": _number(column.saving),
        }
    return shown


def _number(value: Decimal | None) -> int | float | None:
    if value is None:
        return None
    return int(value) if value == int(value) else float(round(value, 9))
