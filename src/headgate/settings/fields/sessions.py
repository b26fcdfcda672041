"""The settings of `[sessions]`: when a conversation changes its tier."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.durations import DAY
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import Duration, Flag, Number, Whole

__all__ = ["SESSIONS"]

SESSIONS = Section(
    "sessions",
    "When a conversation changes its tier.",
    schema.SessionSettings,
    (
        Field(
            "enabled", Flag(), "A conversation stays on its tier; else each turn is decided alone."
        ),
        Field(
            "idle_timeout",
            Duration(1, 7 * DAY),
            "Silence after which a conversation is decided anew.",
        ),
        Field("latch", Flag(), "A conversation that was escalated stays on the dearer tier."),
        Field("confirmations", Whole(1, 100), "Verdicts in a row for another tier that it takes."),
        Field("horizon", Whole(1, 1000), "Turns that a conversation is expected to go on for."),
        Field(
            "max_switch_cost",
            Number(0, 10),
            "What switching to save money may cost, as a share of what never switching would have.",
        ),
        Field(
            "remembered",
            Whole(1, 10_000_000),
            "Conversations that are kept in mind, some 700 bytes each; those quiet for longest go "
            "first.",
        ),
    ),
)
