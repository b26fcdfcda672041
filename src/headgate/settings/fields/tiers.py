"""The settings of `[tiers.NAME]`: the models that answer."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import MODEL, Choice, Duration, Flag, Number, Text, Whole

__all__ = ["TIERS"]

TIERS = Section(
    "tiers",
    "The models that answer, from cheapest to premium in the order of the file; the last is "
    "premium.",
    schema.TierSettings,
    (
        Field(
            "model",
            MODEL,
            "The model that answers on this tier.",
            example='"anthropic/claude-haiku-4-5"',
        ),
        Field(
            "description",
            Text(500),
            "What the tier is for, in the words that the classifier model is shown.",
        ),
        Field(
            "share",
            Number(0, 1),
            "Planned share of requests; only with three tiers or more, and then needed.",
            otherwise="it follows from escalation.rate with two tiers",
            example="0.3",
        ),
        Field(
            "retry_rate",
            Number(0, 0.99),
            "Planned probability that an attempt fails and is tried again.",
        ),
        Field(
            "attempts",
            Whole(1, 10),
            "Most attempts on this tier for one request, the first included.",
            "attempts",
        ),
        Field(
            "input_tokens",
            Whole(1, 10_000_000),
            "Input tokens of the requests that this tier is for, where they differ.",
            "tokens",
            otherwise="those of `[traffic]`",
            example="2000",
        ),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens of the answers to them.",
            "tokens",
            otherwise="those of `[traffic]`",
            example="800",
        ),
        Field(
            "cache_hit_rate",
            Number(0, 1),
            "Planned share of the stable prefix that is read from the prompt cache while this "
            "model answers everything.",
        ),
        Field(
            "text_factor",
            Number(0.1, 10),
            "Tokens that this model makes of a text, as a multiple of the tokens stated here.",
        ),
        Field(
            "service_tier",
            Choice("flex", "priority", "fast"),
            "The provider's service tier whose prices hold.",
            otherwise="the usual prices",
            example='"flex"',
        ),
        Field(
            "timeout",
            Duration(0.1, 3600),
            "Time for one attempt: to its end, or, streamed, until the model thinks or answers.",
        ),
        Field(
            "fallback",
            Flag(),
            "Another tier may answer when this one fails before the first byte went out.",
        ),
        Field(
            "context",
            Whole(1, 100_000_000),
            "Tokens that the model's context holds, question and answer together.",
            "tokens",
            otherwise="what the price list says of the model, if it says anything",
            example="200000",
        ),
        Field("images", Flag(), "The model takes images; where not, other tiers get them."),
        Field("tools", Flag(), "The model takes tools; where not, other tiers get them."),
        Field(
            "json_schema",
            Flag(),
            "The model answers by a JSON schema; where not, other tiers get such requests.",
        ),
    ),
    "named",
    "name",
)
