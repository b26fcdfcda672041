"""The settings of `[watch]`: what the gateway watches while it serves."""

from __future__ import annotations

from headgate.settings import watching
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import Duration, Flag, Number

__all__ = ["WATCH"]

WATCH = Section(
    "watch",
    "What the gateway watches while it serves.",
    watching.WatchSettings,
    (
        Field(
            "live",
            Flag(),
            "Watch in the gateway: alarms, actions and alerts happen without anybody looking.",
        ),
        Field(
            "every",
            Duration(0.05, 3600),
            "The time between two looks at what is new in the ledger.",
        ),
        Field(
            "drift_factor",
            Number(1.05, 10),
            "How many times more, or fewer, a part of the certificate's sample may become in "
            "traffic before the certificate is stale.",
        ),
        Field(
            "otel",
            Flag(),
            "Send spans and metrics by OpenTelemetry's protocol, as its own variables say.",
        ),
    ),
)
