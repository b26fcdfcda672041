"""The settings of `[plan]`: what only the plan asks for."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import MODEL, Number, Whole

__all__ = ["PLAN"]

PLAN = Section(
    "plan",
    "What only the plan asks for, and what its worst case assumes.",
    schema.PlanSettings,
    (
        Field(
            "overhead_usd",
            Number(0, 1_000_000_000),
            "Fixed cost of routing a month, such as hosting and logs.",
            "US dollars",
        ),
        Field(
            "split_loss",
            Number(0, 1),
            "How much of its cache hits a tier loses to the other tiers: 1 where each turn of a "
            "conversation is routed by itself, 0 where a session stays on its tier.",
        ),
        Field(
            "hard_share",
            Number(0, 1),
            "Share of requests that are truly hard; with it the escalation rate follows from the "
            "two rates below.",
            otherwise="`escalation.rate` holds",
            example="0.15",
        ),
        Field(
            "true_positive_rate",
            Number(0, 1),
            "Share of the hard requests that the router escalates.",
        ),
        Field(
            "false_positive_rate",
            Number(0, 1),
            "Share of the easy requests that the router escalates.",
        ),
        Field(
            "verifier",
            MODEL,
            "The model that judges the drafts of a cascade.",
            otherwise="the judge of a configured cascade, else judging costs nothing",
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "verifier_input_tokens",
            Whole(0, 10_000_000),
            "Input tokens of judging one draft.",
            "tokens",
        ),
        Field(
            "verifier_output_tokens",
            Whole(0, 10_000_000),
            "Output tokens of judging one draft.",
            "tokens",
        ),
        Field(
            "direct_share",
            Number(0, 1),
            "Share of requests that a router in front of a cascade sends straight to premium.",
        ),
        Field(
            "worst_retry_rate",
            Number(0, 0.99),
            "Probability that an attempt fails, on every tier, in the worst case.",
        ),
        Field(
            "worst_output_factor",
            Number(1, 100),
            "Tokens of an answer in the worst case, as a multiple of the average.",
        ),
    ),
)
