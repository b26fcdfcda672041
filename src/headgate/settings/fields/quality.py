"""The settings of `[quality]`: what is held against premium."""

from __future__ import annotations

from headgate.settings import watching
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import MODEL, Number, Price

__all__ = ["QUALITY"]

QUALITY = Section(
    "quality",
    "How much of what the cheap tier answers is held against premium, and by whom.",
    watching.QualitySettings,
    (
        Field(
            "shadow_rate",
            Number(0, 1),
            "Share of cheap-served requests that premium is asked too, unseen by the caller.",
        ),
        Field(
            "judge",
            MODEL,
            "The model that grades both answers, blind and in both orders.",
            otherwise="nothing is compared",
            example='"google/gemini-2.5-flash"',
        ),
        Field(
            "floor",
            Number(0.01, 1),
            "Share of the premium quality to keep; the alarm is raised when it is not kept.",
            otherwise="that of the router's certificate, else no alarm",
            example="0.95",
        ),
        Field(
            "daily_cap",
            Price(" a day"),
            "What comparisons may cost a day (UTC), premium's answers and the judge together.",
        ),
    ),
)
