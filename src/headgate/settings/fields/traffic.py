"""The settings of `[traffic]`: what the plan assumes of requests."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import Choice, Number, Whole

__all__ = ["TRAFFIC"]

TRAFFIC = Section(
    "traffic",
    "What the plan assumes of an average day and an average request.",
    schema.TrafficSettings,
    (
        Field(
            "requests_per_day", Whole(1, 10_000_000_000), "Requests on an average day.", "requests"
        ),
        Field("days_per_month", Whole(1, 31), "Days that a month is reckoned with.", "days"),
        Field(
            "input_tokens",
            Whole(1, 10_000_000),
            "Input tokens of an average request, prompt and history together.",
            "tokens",
        ),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens of an average answer, thinking included.",
            "tokens",
        ),
        Field(
            "calls_per_request",
            Number(1, 100),
            "Model calls that a request leads to, as an agent's steps; each is routed by itself.",
            "calls",
        ),
        Field(
            "stable_prefix",
            Number(0, 1),
            "Share of the input that stays the same from call to call, so that a prompt cache can "
            "hold it.",
        ),
        Field(
            "cache_life",
            Choice("5m", "1h"),
            "How long a write to the prompt cache is paid for.",
        ),
        Field(
            "batch_share",
            Number(0, 1),
            "Share of requests that can wait and pay batch prices, where a model has them.",
        ),
    ),
)
