"""Prices as JSON documents; docs/prices.md describes their fields. Money is decimal text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from headgate.cli.prices_page import Compared, Sheet
from headgate.prices.card import Card, Rates, usd_per_million
from headgate.prices.catalogue import Found, Held, Mix
from headgate.prices.disagreement import Disagreement
from headgate.values import Usage, usd

if TYPE_CHECKING:
    from headgate.bootstrap.price_update import Update

__all__ = ["comparison_json", "found_json", "held_json", "sheet_json", "update_json"]

_KINDS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")


def found_json(found: Sequence[Found], total: int, mix: Mix, source: str) -> dict[str, Any]:
    """What a search found."""
    return {
        "prices": source,
        "mix": {"input": mix.input, "output": mix.output},
        "total": total,
        "models": [
            _card(one.card)
            | {"blended_usd_per_million": None if one.blended is None else f"{_usd(one.blended)}"}
            for one in found
        ],
    }


def _usd(pico: Any) -> str:
    """Pico-dollars per token, maybe a fraction of one, as USD per million tokens; nine decimals."""
    return usd(round(pico * 1000))


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """All prices of one model."""
    card, model = sheet.card, sheet.model
    hours = []
    if model is not None and not card.overridden:
        begun = [one for one in model.prices if one.start is None or one.start <= sheet.day]
        hours = [part for one in begun[-1:] for part in one.hours]
    return {
        "day": sheet.day.isoformat(),
        "model": _card(card),
        "hours": [
            {
                "from_minute": part.start,
                "to_minute": part.end,
                "usd_per_million": _rates(part.rates),
            }
            for part in hours
        ],
        "variants": {name: _card(other) for name, other in sheet.variants.items()},
        "disagreements": [_disagreement(one) for one in sheet.disagreements],
        "ends": None if sheet.ending is None else sheet.ending.day.isoformat(),
        "successor": None if sheet.ending is None else sheet.ending.successor,
    }


def held_json(name: str, held: Sequence[Held], day: date, source: str) -> dict[str, Any]:
    """A model's prices through time."""
    return {
        "prices": source,
        "model": name,
        "day": day.isoformat(),
        "history": [
            {
                "from": one.start.isoformat() if one.start else None,
                "to": one.end.isoformat() if one.end else None,
                "usd_per_million": _rates(one.dated.rates),
                "long_context": _tiers(one.dated.tiers),
            }
            for one in held
        ],
    }


def comparison_json(
    rows: Sequence[Compared], usage: Usage, monthly: int, source: str
) -> dict[str, Any]:
    """Models held against each other, the cheapest first."""
    return {
        "prices": source,
        "call": {"input_tokens": usage.input, "output_tokens": usage.output},
        "requests_per_month": monthly,
        "models": [
            _card(row.card)
            | {
                "call_usd": None if row.call_nano is None else usd(row.call_nano),
                "month_usd": None if row.month_nano is None else usd(row.month_nano),
                "times": None if row.times is None else round(float(row.times), 9),
            }
            for row in rows
        ],
    }


def update_json(done: Update) -> dict[str, Any]:
    """What an update did."""
    found = done.review
    return {
        "taken": done.path is not None,
        "prices": done.source,
        "before": done.held,
        "path": None if done.path is None else str(done.path),
        "models": found.models,
        "added": list(found.added),
        "removed": list(found.removed),
        "changes": [
            {
                "model": change.model,
                "kind": change.kind,
                "before_usd_per_million": _text(change.before),
                "after_usd_per_million": _text(change.after),
            }
            for change in found.changes
        ],
        "doubts": list(found.doubts),
    }


def _card(card: Card) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "provider": card.provider,
        "model": card.model,
        "source": card.source,
        "overridden": card.overridden,
        "valid_from": card.valid_from.isoformat() if card.valid_from else None,
        "context_window": card.context_window,
        "deprecated": card.deprecated,
        "usd_per_million": _rates(card.rates),
        "usd_per_call": usd(card.rates.request // 1000),
        "long_context": _tiers(card.tiers),
        "left_out": list(card.left_out),
    }


def _rates(rates: Rates) -> dict[str, str | None]:
    return {kind: _text(getattr(rates, kind)) for kind in _KINDS}


def _tiers(tiers: Sequence[tuple[int, Rates]]) -> list[dict[str, Any]]:
    return [{"above_tokens": above, "usd_per_million": _rates(rates)} for above, rates in tiers]


def _text(pico: int | None) -> str | None:
    return None if pico is None else usd_per_million(pico)


def _disagreement(one: Disagreement) -> dict[str, Any]:
    return {
        "kind": one.kind,
        "own_usd_per_million": usd_per_million(one.own),
        "own_source": one.own_source,
        "list_usd_per_million": usd_per_million(one.listed),
        "list_source": one.list_source,
        "factor": None if one.factor is None else round(float(one.factor), 9),
        "wrong_unit_likely": one.doubtful,
    }
