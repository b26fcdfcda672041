"""Every request and every call to a provider as a span and in metrics, by OpenTelemetry.

Spans are made from ledger entries and journeys after the fact, in groups: by the request that fills
one, or by the watch's thread; all other requests pay for a few appends. No prompt, answer, key or
tag is in them. Only a call to a provider that is to know of the trace has its span begun when it is
sent.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from opentelemetry.context import Context
from opentelemetry.metrics import MeterProvider
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TracerProvider,
    TraceState,
    set_span_in_context,
)

from headgate.ledger.entry import Entry
from headgate.monitor.grouped import Grouped
from headgate.monitor.journey import CURRENT, Journey
from headgate.monitor.span_attributes import (
    Names,
    Value,
    arrival,
    attributes,
    request_attributes,
    request_labels,
    shared,
)
from headgate.values import Clock
from headgate.wire import trace_context
from headgate.wire.trace_context import TraceContext

__all__ = ["Telemetry"]

GROUP = 4
"""Spans that are made in one go, some 0.5 ms."""
NAME = "headgate"

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
"""Bucket bounds as the conventions advise for models; those for HTTP end at ten seconds."""

SERVER_FAULT = 500


class _Call(NamedTuple):
    """A call that is over, the request that it was made for, and its span where that has begun."""

    entry: Entry
    journey: Journey | None
    span: Span | None


class Telemetry:
    """Turns entries and journeys into spans and metrics.

    Args:
        tracers: where the spans go.
        meters: where the metrics go.
        clock: what requests are timed by.
        names: which of the conventions' names are used.
    """

    def __init__(
        self, tracers: TracerProvider, meters: MeterProvider, clock: Clock, names: Names
    ) -> None:
        self._tracer = tracers.get_tracer(NAME)
        self._clock = clock
        self._names = names
        self._waiting = Grouped(GROUP, self._fold)
        self._beginning = threading.Lock()
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
        self._requests = meter.create_histogram(
            "http.server.request.duration",
            unit="s",
            description="Time of a request to the end of its answer.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )

    # ---- called in the event loop

    def begin(self, method: str, route: str, headers: Mapping[str, str]) -> Journey:
        """A request has come; from here on all that is done in its task is done for it."""
        clock, parent = self._clock, None
        if "traceparent" in headers:
            parent = trace_context.read(headers["traceparent"], headers.get("tracestate"))
        journey = Journey(method, route, parent, int(clock.time() * 1e6), clock.monotonic)
        CURRENT.set(journey)
        return journey

    def introduce(self, *, told: bool) -> list[tuple[str, str]]:
        """The headers of a call that is sent now, if its provider is to be told of the trace."""
        journey = CURRENT.get()
        if journey is None:
            return []
        if not told:
            journey.sent.append(None)
            return []
        span = self._tracer.start_span("POST", self._within(journey), SpanKind.CLIENT)
        journey.sent.append(span)
        place = span.get_span_context()
        state = tuple(place.trace_state.items())
        return trace_context.write(
            TraceContext(place.trace_id, place.span_id, place.trace_flags, state)
        )

    def take(self, entry: Entry) -> None:
        """Tell of an entry soon."""
        journey = CURRENT.get()
        span = journey.sent.pop() if journey is not None and journey.sent else None
        self._waiting.put(_Call(entry, journey, span))

    def end(self, journey: Journey) -> None:
        """The request is over: tell of it soon."""
        CURRENT.set(None)  # its task goes on with the connection's next request
        journey.end()
        self._waiting.put(journey)

    # ---- called in a thread beside the requests

    def fold(self) -> None:
        """Tell of what waits; see `Grouped.empty`."""
        self._waiting.empty()

    # ---- called in both

    def _fold(self, items: Iterator[_Call | Journey]) -> None:
        for item in items:
            if isinstance(item, Journey):
                self._tell_request(item)
            else:
                self._tell_call(*item)

    def _tell_call(self, entry: Entry, journey: Journey | None, span: Span | None) -> None:
        labels = shared(entry, self._names)
        name = f"{labels['gen_ai.operation.name']} {entry.model_asked}"
        said = {**labels, **attributes(entry, self._names)}
        begin = entry.at_us * 1_000
        if span is None:
            context = Context() if journey is None else self._within(journey)
            span = self._tracer.start_span(name, context, SpanKind.CLIENT, said, start_time=begin)
        else:
            span.update_name(name)
            span.set_attributes(said)
        if entry.error is not None:
            span.set_status(Status(StatusCode.ERROR, entry.error))
        span.end(begin + entry.total_us * 1_000)
        if journey is not None:
            journey.note(entry)
        self._count(entry, labels)

    def _tell_request(self, journey: Journey) -> None:
        span, error = self._span(journey), journey.error
        span.set_attributes(request_attributes(journey, self._names))
        broken = journey.ending == "broken" or (journey.status or 0) >= SERVER_FAULT
        if error is not None and broken:
            span.set_status(Status(StatusCode.ERROR, error))
        end = (journey.began_us + journey.total_us) * 1_000
        span.end(end)
        for call in filter(None, journey.sent):  # one that leaves no row, such as a count of tokens
            call.end(end)
        self._requests.record(journey.total_us / 1e6, request_labels(journey))

    def _count(self, entry: Entry, labels: dict[str, Value]) -> None:
        self._duration.record(entry.total_us / 1e6, labels)
        if entry.usage_source != "none":
            for kind, count in (
                ("input", entry.usage.total_input),
                ("output", entry.usage.output),
            ):
                self._tokens.record(count, {**labels, "gen_ai.token.type": kind})
        if self._names.newest and entry.streamed and entry.first_token_us is not None:
            self._first.record(entry.first_token_us / 1e6, labels)

    def _within(self, journey: Journey) -> Context:
        """The context of a call of the request's."""
        return set_span_in_context(self._span(journey), Context())

    def _span(self, journey: Journey) -> Span:
        """The request's span, begun when it is needed first: its calls need its id."""
        with self._beginning:
            if journey.span is None:
                journey.span = self._tracer.start_span(
                    f"{journey.method} {journey.route}",
                    _outside(journey.parent),
                    SpanKind.SERVER,
                    arrival(journey, self._names),
                    start_time=journey.began_us * 1_000,
                )
            return journey.span


def _outside(parent: TraceContext | None) -> Context:
    """The context that a caller's headers name."""
    if parent is None:
        return Context()
    trace_id, span_id, flags, state = parent
    place = SpanContext(trace_id, span_id, True, TraceFlags(flags), TraceState(state))
    return set_span_in_context(NonRecordingSpan(place), Context())
