"""Every call to a provider as a span and in metrics, by OpenTelemetry's conventions for LLMs.

Made from ledger entries after the fact, in the watch's thread: a request pays for one `append`. No
prompt, answer, key or tag is in them. Spans of one request share a trace, whose id follows from the
request's; joining the caller's own trace is not possible, since a ledger row does not know it.
"""

from __future__ import annotations

import hashlib
import random
import threading
from collections import deque
from collections.abc import Mapping

try:
    from opentelemetry.metrics import MeterProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import SpanKind, Status, StatusCode, TracerProvider
except ImportError as missing:
    from headgate.errors import ConfigError

    raise ConfigError(
        "Telemetry needs the OpenTelemetry SDK, which is not installed.",
        fix="pip install 'headgate[otel]', or set otel = false below [watch].",
    ) from missing

from headgate.ledger.entry import Entry
from headgate.values import usd

__all__ = ["LATEST", "OPT_IN", "RequestIds", "Telemetry", "attributes", "latest"]

OPT_IN = "OTEL_SEMCONV_STABILITY_OPT_IN"
LATEST = "gen_ai_latest_experimental"
"""In that variable, among others: the newest names in place of those of version 1.36."""

WAITING = 5_000
NAME = "headgate"

_OPERATIONS = {"embedding": "embeddings"}
_PROVIDERS = {"google": "gcp.gemini", "bedrock": "aws.bedrock", "azure": "azure.ai.openai"}
"""The conventions' own names, where they differ from ours."""
_TOKENS = (
    1,
    4,
    16,
    64,
    256,
    1024,
    4096,
    16384,
    65536,
    262144,
    1048576,
    4194304,
    16777216,
    67108864,
)
_SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
"""Bucket bounds as the conventions advise."""

Value = str | int | float | bool


def latest(env: Mapping[str, str]) -> bool:
    """Whether the newest names are asked for."""
    return LATEST in {part.strip() for part in env.get(OPT_IN, "").split(",")}


class RequestIds(IdGenerator):
    """Ids of traces that follow from the request; of spans, random ones."""

    def __init__(self) -> None:
        self._dice = random.Random()  # noqa: S311 - ids are unique, not secret
        self.trace = 0
        """That of the next span."""

    def generate_trace_id(self) -> int:
        """The trace of the request whose span is made now."""
        return self.trace or self._dice.getrandbits(128)

    def generate_span_id(self) -> int:
        """A new id."""
        return self._dice.getrandbits(64) or 1


class Telemetry:
    """Turns entries into spans and metrics.

    Args:
        tracers: made with `ids`.
        meters: where the metrics go.
        ids: sets the trace of each span.
        newest: the newest names, see `latest`.
    """

    def __init__(
        self, tracers: TracerProvider, meters: MeterProvider, ids: RequestIds, *, newest: bool
    ) -> None:
        self._tracer = tracers.get_tracer(NAME)
        self._ids = ids
        self._newest = newest
        self._waiting: deque[Entry] = deque()
        self._folding = threading.Lock()
        meter = meters.get_meter(NAME)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            unit="{token}",
            description="Tokens of a call.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            unit="s",
            description="Time of a call.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            unit="s",
            description="Time of a streamed call to its first part.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    def take(self, entry: Entry) -> None:
        """Tell of an entry soon."""
        self._waiting.append(entry)
        if len(self._waiting) > WAITING:
            self.fold()

    def fold(self) -> None:
        """Tell of what waits."""
        with self._folding:
            while self._waiting:
                self._tell(self._waiting.popleft())

    def _tell(self, entry: Entry) -> None:
        shared = _shared(entry, newest=self._newest)
        self._ids.trace = _trace(entry.request_id)
        begin = entry.at_us * 1_000
        span = self._tracer.start_span(
            f"{shared['gen_ai.operation.name']} {entry.model_asked}",
            kind=SpanKind.CLIENT,
            attributes={**shared, **attributes(entry, newest=self._newest)},
            start_time=begin,
        )
        if entry.error is not None:
            span.set_status(Status(StatusCode.ERROR, entry.error))
        span.end(begin + entry.total_us * 1_000)
        self._duration.record(entry.total_us / 1e6, shared)
        if entry.usage_source != "none":
            for kind, count in (
                ("input", entry.usage.total_input),
                ("output", entry.usage.output),
            ):
                self._tokens.record(count, {**shared, "gen_ai.token.type": kind})
        if self._newest and entry.streamed and entry.first_token_us is not None:
            self._first.record(entry.first_token_us / 1e6, shared)


def _shared(entry: Entry, *, newest: bool) -> dict[str, Value]:
    """What spans and metrics both say."""
    provider = _PROVIDERS.get(entry.provider, entry.provider)
    found: dict[str, Value] = {
        "gen_ai.operation.name": _OPERATIONS.get(entry.purpose, "chat"),
        "gen_ai.provider.name" if newest else "gen_ai.system": provider,
        "gen_ai.request.model": entry.model_asked,
    }
    if entry.model_answered is not None:
        found["gen_ai.response.model"] = entry.model_answered
    if entry.error is not None:
        found["error.type"] = entry.error
    return found


def attributes(entry: Entry, *, newest: bool) -> dict[str, Value]:
    """What a span says besides: tokens by the conventions, and our own decision."""
    usage = entry.usage
    found: dict[str, Value | None] = {
        "headgate.request_id": entry.request_id,
        "headgate.attempt": entry.attempt,
        "headgate.purpose": entry.purpose,
        "headgate.tier": entry.tier,
        "headgate.reason": entry.reason,
        "headgate.policy": entry.policy or None,
        "headgate.routed": entry.routed,
        "headgate.served": entry.served,
        "headgate.premium": entry.premium,
        "headgate.score": entry.score,
        "headgate.router": entry.router,
        "headgate.cost_usd": None if entry.cost_nano is None else usd(entry.cost_nano),
        "http.response.status_code": entry.status,
    }
    if entry.usage_source != "none":
        found["gen_ai.usage.input_tokens"] = usage.total_input
        found["gen_ai.usage.output_tokens"] = usage.output
        if newest:
            found["gen_ai.usage.cache_read.input_tokens"] = usage.cache_read
            written = usage.cache_write_5m + usage.cache_write_1h
            found["gen_ai.usage.cache_creation.input_tokens"] = written
    if newest:
        found["gen_ai.request.stream"] = entry.streamed
    return {name: value for name, value in found.items() if value is not None}


def _trace(request_id: str) -> int:
    return int.from_bytes(hashlib.sha256(request_id.encode()).digest()[:16], "big") or 1
