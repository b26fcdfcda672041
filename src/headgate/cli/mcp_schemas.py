"""What an agent may say to each tool, as JSON Schemas; changes are in the words of the flags."""

from __future__ import annotations

from typing import Any, TypeAlias

from headgate.bootstrap.archetypes import NAMES
from headgate.cli.plan import MOST_GROWTH
from headgate.cli.tripwire import COLUMN_FLAGS
from headgate.cli.what_if import CHANGES
from headgate.settings.document import LONGEST_FILE

__all__ = ["SCHEMAS", "Schema"]

Schema: TypeAlias = dict[str, Any]

LONGEST_NAME = 200
LONGEST_PROMPT = 1_000_000
MOST_MODELS = 20
MOST_FOUND = 50


def _text(description: str, longest: int = LONGEST_NAME, **more: Any) -> Schema:
    return {"type": "string", "description": description, "maxLength": longest, **more}


def _amount(description: str) -> Schema:
    """A number, or its text: `0.2` and `"20%"` are both understood where a share is asked for."""
    return {"type": ["number", "string"], "description": description, "maxLength": 40}


def _several(items: Schema, description: str, most: int, least: int = 1) -> Schema:
    return {
        "type": "array",
        "items": items,
        "description": description,
        "minItems": least,
        "maxItems": most,
    }


def _said(properties: Schema, *required: str) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


_MODEL = _text("A model as provider/model, such as anthropic/claude-haiku-4-5.")
_AT = _text("Prices of that day, as 2026-11-20; default: today.", 10)
_TOML = _text(
    "The text of a headgate.toml to take in place of the server's: [traffic], [classifier], "
    "[tiers.NAME] from cheapest to premium, [escalation], [prices]. `archetypes` with a name gives "
    "one to start from. It may name no file.",
    LONGEST_FILE,
)
_ARCHETYPE: Schema = {
    "type": "string",
    "enum": list(NAMES),
    "description": "A typical application in place of the server's settings.",
}
_CHANGES: Schema = {
    field: _text(text) if metavar == "MODEL" else _amount(text)
    for field, (metavar, text) in CHANGES.items()
}
_SETTINGS: Schema = {"toml": _TOML, "archetype": _ARCHETYPE, "at": _AT, **_CHANGES}
_ALTERNATIVE = "routed, cascade, routed-cascade, single:TIER or single:PROVIDER/MODEL"
_WHEN = "24h or 7d before now, a day (2026-11-01), or a day and time (UTC)"

SCHEMAS: dict[str, Schema] = {
    "plan": _said(
        {
            **_SETTINGS,
            "target_saving": _amount("Say what would save that share of all-premium, such as 0.4."),
            "target_bill": _amount("Say what would give that monthly bill, in US dollars."),
            "growth": _several(
                {"type": "number", "exclusiveMinimum": 0},
                "Traffic factors to show; default: 1, 3 and 10.",
                MOST_GROWTH,
            ),
        }
    ),
    "tripwire": _said(
        {
            **_SETTINGS,
            "a": _text(f"What is asked about: {_ALTERNATIVE}; default: routed."),
            "b": _text(
                f"What it is held against: {_ALTERNATIVE}; default: premium for everything."
            ),
            "over": _several(
                _text("Such as escalation, retry_rate.premium or requests_per_day."),
                "Move only these parameters; default: all, one at a time.",
                50,
            ),
            "intervals": {
                "type": "object",
                "description": "Where parameters lie by measurement: name -> [low, high], such as "
                '{"escalation": [0.15, 0.3]}.',
                "additionalProperties": _several({"type": "number"}, "Low and high.", 2, 2),
                "maxProperties": 50,
            },
            "column": {
                "type": "string",
                "enum": list(COLUMN_FLAGS),
                "description": "The assumptions to compare under; default: realistic.",
            },
        }
    ),
    "archetypes": _said(
        {"name": _ARCHETYPE | {"description": "Only this one, with its headgate.toml."}, "at": _AT}
    ),
    "search_prices": _said(
        {
            "text": _text("Words of the model's name; all of them must occur."),
            "provider": _text("Only this price list, such as anthropic."),
            "max_price": _amount("Dearest blended price, US dollars per million tokens."),
            "min_context": {
                "type": "integer",
                "minimum": 1,
                "description": "Only models that read so many tokens.",
            },
            "deprecated": {
                "type": "boolean",
                "description": "Models that their provider has deprecated too; default: true.",
            },
            "sort": {
                "type": "string",
                "enum": ["match", "price", "name", "window"],
                "description": "What comes first; default: match.",
            },
            "limit": {
                "type": "integer",
                "minimum": 1,
                "maximum": MOST_FOUND,
                "description": "Most models to show; default: 10.",
            },
            "at": _AT,
        }
    ),
    "model_price": _said({"model": _MODEL, "at": _AT}, "model"),
    "compare_prices": _said(
        {
            "models": _several(_MODEL, "The models to compare.", MOST_MODELS),
            **{
                name: _amount(f"{text} Default: what the settings plan.")
                for name, (_, text) in CHANGES.items()
                if name in ("requests_per_day", "days", "input_tokens", "output_tokens")
            },
            "at": _AT,
        },
        "models",
    ),
    "check": _said(
        {
            "toml": _text(
                "The text of a headgate.toml; default: the server's own file.", LONGEST_FILE
            ),
            "values": {
                "type": "boolean",
                "description": "Every setting in effect too, some 150 rows; default: false.",
            },
        }
    ),
    "status": _said({"since": _text(f"Begin of the money shown: {_WHEN}; default: 30d.")}),
    "report": _said(
        {
            "since": _text(f"Begin: {_WHEN}; default: the first row."),
            "until": _text(f"End: {_WHEN}; a day is taken to its end. Default: now."),
        }
    ),
    "decision": _said(
        {"request_id": _text("What an answer's header x-headgate-request-id said.")}, "request_id"
    ),
    "route": _said(
        {
            "prompt": _text(
                "The user's text, or all of it that decides. It is sent nowhere and kept nowhere.",
                LONGEST_PROMPT,
            ),
            "model": _text("What the caller would ask for; default: auto."),
            "max_tokens": {
                "type": "integer",
                "minimum": 1,
                "maximum": 10_000_000,
                "description": "The longest answer asked for, in tokens.",
            },
        },
        "prompt",
    ),
}
"""By the name of the tool."""
