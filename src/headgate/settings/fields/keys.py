"""The settings of `[keys]`: virtual keys and what is set aside for them."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import VARIABLE, Choice, Flag, Number, Whole

__all__ = ["KEYS"]

KEYS = Section(
    "keys",
    "Virtual keys, and how much is set aside for a request that one of them pays for.",
    schema.KeySettings,
    (
        Field("required", Flag(), "Callers without a key are refused."),
        Field(
            "pepper_env",
            VARIABLE,
            "The environment variable that holds what keys are hashed with.",
            otherwise="one is made and kept in a file beside the ledger",
            example='"HEADGATE_KEY_PEPPER"',
        ),
        Field("margin", Number(1, 10), "Estimated input tokens are taken times this for a budget."),
        Field(
            "output_tokens",
            Whole(1, 10_000_000),
            "Output tokens set aside for a request that sets no limit itself.",
            "tokens",
        ),
        Field(
            "on_unpriced",
            Choice("refuse", "allow"),
            "What becomes of a request to a model of unknown price, where its key has a budget.",
        ),
    ),
)
