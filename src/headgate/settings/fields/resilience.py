"""The settings of `[resilience]`: time-outs and retries of all tiers."""

from __future__ import annotations

from headgate.settings import schema
from headgate.settings.fields.section import Field, Section
from headgate.settings.kinds import Duration, Number, Whole

__all__ = ["RESILIENCE"]

RESILIENCE = Section(
    "resilience",
    "Time-outs and retries that are no tier's own.",
    schema.ResilienceSettings,
    (
        Field("connect_timeout", Duration(0.05, 60), "Time to reach a provider."),
        Field("idle_timeout", Duration(0.1, 3600), "Longest silence within a stream."),
        Field(
            "request_timeout",
            Duration(0.1, 7200),
            "Time for a whole request: all attempts, waits and fallbacks.",
        ),
        Field("backoff_base", Duration(0, 60), "Wait before the first retry; it doubles."),
        Field("backoff_max", Duration(0, 600), "Longest wait before a retry."),
        Field(
            "max_retry_after",
            Duration(0, 3600),
            "A provider's Retry-After longer than this is not waited for.",
        ),
        Field(
            "retry_share",
            Number(0, 1),
            "Retries of a model, as a share of its requests in the last ten seconds.",
        ),
        Field(
            "retry_floor",
            Whole(0, 10_000),
            "Retries of a model in any second that are allowed besides, by all workers together.",
        ),
        Field(
            "breaker_failures",
            Whole(1, 10_000),
            "Failed calls, in a row or half of the last five seconds', that stop further calls.",
        ),
        Field(
            "breaker_pause",
            Duration(0.1, 600),
            "Time between calls that find out whether a stopped model works again.",
        ),
    ),
)
