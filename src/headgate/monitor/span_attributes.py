"""What spans and metrics say of a call and of a request, in OpenTelemetry's names and in ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from headgate.ledger.entry import Entry
from headgate.monitor.journey import Journey
from headgate.values import usd

__all__ = [
    "HTTP_DUP",
    "LATEST",
    "OPT_IN",
    "Names",
    "Value",
    "arrival",
    "attributes",
    "names_of",
    "request_attributes",
    "request_labels",
    "shared",
]

OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST = "gen_ai_latest_experimental"
"""In that variable, among others: the newest names in place of those of version 1.36."""
HTTP_DUP = "http/dup"
"""In that variable, among others: HTTP's names of before version 1.21 beside the stable ones."""

_OPERATIONS = {"embedding": "embeddings"}
_PROVIDERS = {"google": "gcp.gemini", "bedrock": "aws.bedrock", "azure": "azure.ai.openai"}
"""The conventions' own names, where they differ from ours."""
_OLD_HTTP = {
    "http.request.method": "http.method",
    "http.response.status_code": "http.status_code",
    "url.path": "http.target",
    "url.scheme": "http.scheme",
}

Value = str | int | float | bool


class Names(NamedTuple):
    """Which names are asked for."""

    newest: bool = False
    old_http: bool = False


def names_of(env: Mapping[str, str]) -> Names:
    """What the standard variable asks for."""
    asked = {part.strip() for part in env.get(OPT_IN, "").split(",")}
    return Names(LATEST in asked, HTTP_DUP in asked)


def shared(entry: Entry, names: Names) -> dict[str, Value]:
    """What a call's span and its metrics both say."""
    found: dict[str, Value] = {
        "gen_ai.operation.name": _operation(entry),
        **_provider(entry, names),
        "gen_ai.request.model": entry.model_asked,
    }
    if entry.model_answered is not None:
        found["gen_ai.response.model"] = entry.model_answered
    if entry.error is not None:
        found["error.type"] = entry.error
    return found


def attributes(entry: Entry, names: Names) -> dict[str, Value]:
    """What a call's span says besides: tokens by the conventions, and our own decision."""
    usage = entry.usage
    found: dict[str, Value | None] = {
        "headgate.request_id": entry.request_id,
        "headgate.attempt": entry.attempt,
        "headgate.purpose": entry.purpose,
        "headgate.cause": entry.cause,
        "headgate.served": entry.served,
        **_decision(entry),
        **_cost(entry.cost_nano),
        "http.response.status_code": entry.status,
    }
    if entry.usage_source != "none":
        found["gen_ai.usage.input_tokens"] = usage.total_input
        found["gen_ai.usage.output_tokens"] = usage.output
        if names.newest:
            found["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read
            written = usage.cache_write_5m + usage.cache_write_1h
            found["gen_ai.usage.cache_creation.input_tokens"] = written
            found["gen_ai.usage.reasoning.output_tokens"] = usage.reasoning
    if names.newest:
        found["gen_ai.request.stream"] = entry.streamed
    return _told(found, names)


def arrival(journey: Journey, names: Names) -> dict[str, Value]:
    """What is known of a request when it comes. Its query is not told, nor who sent it."""
    return _told(
        {
            "http.request.method": journey.method,
            "http.route": journey.route,
            "url.path": journey.route,
            "url.scheme": "http",
        },
        names,
    )


def request_attributes(journey: Journey, names: Names) -> dict[str, Value]:
    """What is known of a request when it is over.

    Tokens are its calls' alone: who sums them over all spans would count them twice.
    """
    found: dict[str, Value | None] = {
        "http.response.status_code": journey.status,
        "error.type": journey.error,
        "headgate.request_id": journey.request_id,
        "headgate.outcome": journey.ending,
        "headgate.attempts": journey.attempts,
        "headgate.retries": journey.retries,
        **_cost(journey.cost_nano),
    }
    last = journey.last
    if last is not None:
        found |= {
            "gen_ai.operation.name": _operation(last),
            **_provider(last, names),
            "gen_ai.request.model": last.asked,
            "gen_ai.response.model": last.model_answered,
            **_decision(last),
        }
    return _told(found, names)


def request_labels(journey: Journey) -> dict[str, Value]:
    """What the metric of a request's time says."""
    found: dict[str, Value | None] = {
        "http.request.method": journey.method,
        "http.route": journey.route,
        "url.scheme": "http",
        "http.response.status_code": journey.status,
        "error.type": journey.error,
    }
    return _told(found, Names())


def _operation(entry: Entry) -> str:
    if entry.purpose == "passed":  # one of few paths
        return entry.route.removeprefix("/v1/").replace("/", "_")
    return _OPERATIONS.get(entry.purpose, "chat")


def _provider(entry: Entry, names: Names) -> dict[str, str]:
    name = "gen_ai.provider.name" if names.newest else "gen_ai.system"
    return {name: _PROVIDERS.get(entry.provider, entry.provider)}


def _decision(entry: Entry) -> dict[str, Value | None]:
    return {
        "headgate.tier": entry.tier,
        "headgate.reason": entry.reason,
        "headgate.policy": entry.policy or None,
        "headgate.routed": entry.routed,
        "headgate.premium": entry.premium,
        "headgate.score": entry.score,
        "headgate.router": entry.router,
    }


def _cost(nano: int | None) -> dict[str, Value | None]:
    """As text for people, exact; as an integer for queries, which compare and add."""
    return {
        "headgate.cost_usd": None if nano is None else usd(nano),
        "headgate.cost_nano_usd": nano,
    }


def _told(found: Mapping[str, Value | None], names: Names) -> dict[str, Value]:
    """What is known of it, under all names that are asked for."""
    told = {name: value for name, value in found.items() if value is not None}
    if names.old_http:
        told |= {old: told[name] for name, old in _OLD_HTTP.items() if name in told}
    return told
