"""telemetry: a span for each request, for each of its calls one below it, and their metrics."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, DEFAULT_ON
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.semconv.metrics.http_metrics import HTTP_SERVER_REQUEST_DURATION
from opentelemetry.trace import SpanKind, StatusCode

from headgate.ledger.entry import Entry
from headgate.monitor.journey import Journey
from headgate.monitor.span_attributes import Names
from headgate.monitor.telemetry import GROUP, Telemetry
from headgate.values import Usage
from tests.gateway.clocks import NOON, Stopped
from tests.known import known
from tests.ledger.samples import NOON_US, entry

CACHED = entry(usage=Usage(100, 20, 30, 40, 50, 5), streamed=True)
FAILED = entry(served=False, error="timeout", status=None, usage_source="none")
ROUTE = "/v1/chat/completions"
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{SPAN}-01", "tracestate": "vendor=x"}
UNSAMPLED = {"traceparent": f"00-{TRACE}-{SPAN}-00"}
NONE: Mapping[str, str] = {}


class Collector:
    def __init__(self, asked: Names = Names(), sampler: Any = DEFAULT_ON) -> None:  # noqa: B008
        self.exported = InMemorySpanExporter()
        tracers = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.exported))
        self.reader = InMemoryMetricReader()
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.clock = Stopped()
        self.telemetry = Telemetry(tracers, meters, self.clock, asked)

    @property
    def spans(self) -> list[ReadableSpan]:
        self.telemetry.fold()
        return list(self.exported.get_finished_spans())

    def request(self, work: Callable[[Journey], Any], headers: Mapping[str, str] = NONE) -> Journey:
        """One request, in a context of its own as each has a task of its own."""

        def run() -> Journey:
            journey = self.telemetry.begin("POST", ROUTE, headers)
            work(journey)
            self.clock.at += 2.5
            self.telemetry.end(journey)
            return journey

        return contextvars.Context().run(run)

    def tell(
        self, *entries: Entry, status: int = 200, headers: Mapping[str, str] = NONE
    ) -> list[ReadableSpan]:
        """The spans of a request with these rows: the calls' first, then its own."""

        def work(journey: Journey) -> None:
            journey.status = status
            for one in entries:
                self.telemetry.take(one)

        self.request(work, headers)
        return self.spans

    def points(self, name: str) -> list[Any]:
        data = known(self.reader.get_metrics_data())
        return [
            point
            for resource in data.resource_metrics
            for scope in resource.scope_metrics
            for metric in scope.metrics
            if metric.name == name
            for point in metric.data.data_points
        ]


def trace_of(span: ReadableSpan) -> int:
    return int(known(span.context).trace_id)


def id_of(span: ReadableSpan) -> int:
    return int(known(span.context).span_id)


def test_a_call_is_a_client_span_with_its_own_time():
    call, _ = Collector().tell(CACHED)
    assert call.name == "chat claude-haiku-4-5"
    assert call.kind is SpanKind.CLIENT
    assert call.start_time == NOON_US * 1000
    assert known(call.end_time) - known(call.start_time) == CACHED.total_us * 1000
    found = known(call.attributes)
    assert found[names.GEN_AI_USAGE_INPUT_TOKENS] == 220
    assert found[names.GEN_AI_SYSTEM] == "anthropic"


def test_a_request_is_a_server_span_from_its_arrival_to_its_end():
    _, request = Collector().tell(CACHED)
    assert (request.name, request.kind) == (f"POST {ROUTE}", SpanKind.SERVER)
    assert request.start_time == int(NOON * 1e9)
    assert known(request.end_time) - known(request.start_time) == 2_500_000_000
    found = known(request.attributes)
    assert found["http.route"] == ROUTE
    assert found["headgate.outcome"] == "served"
    assert request.status.status_code is StatusCode.UNSET


def test_calls_are_below_their_request_and_requests_are_traces_of_their_own():
    collector = Collector()
    collector.tell(entry(attempt=0, purpose="classifier", served=False), entry(attempt=1))
    one, two, request, *others = collector.tell(entry(request_id="other"))
    for call in (one, two):
        assert known(call.parent).span_id == id_of(request)
        assert trace_of(call) == trace_of(request)
    assert request.parent is None
    assert {trace_of(span) for span in others} - {trace_of(request)}
    assert len({id_of(span) for span in (one, two, request, *others)}) == 5


def test_a_call_that_ends_after_the_answer_is_below_its_request_all_the_same():
    collector = Collector()
    shadow = entry(purpose="shadow", served=False, attempt=1000, cost_nano=5)

    def work(journey: Journey) -> None:
        journey.status = 200
        collector.telemetry.take(CACHED)
        later.append(contextvars.copy_context())  # as a task has that is begun here

    later: list[contextvars.Context] = []
    collector.request(work)
    later[0].run(collector.telemetry.take, shadow)
    _, request, found = collector.spans
    assert known(found.parent).span_id == id_of(request)
    assert known(found.attributes)["headgate.purpose"] == "shadow"
    assert known(request.attributes)["headgate.cost_nano_usd"] == 3_000_000


def test_a_caller_that_names_its_trace_has_the_request_in_it():
    call, request = Collector().tell(CACHED, headers=CALLER)
    assert known(request.parent).span_id == int(SPAN, 16)
    assert known(request.parent).is_remote
    assert trace_of(request) == trace_of(call) == int(TRACE, 16)
    assert dict(known(request.context).trace_state) == {"vendor": "x"}


@pytest.mark.parametrize("header", ["nonsense", f"00-{TRACE}-{SPAN}-01-x", f"ff-{TRACE}-{SPAN}-01"])
def test_one_that_names_it_wrongly_has_a_trace_of_its_own(header: str, caplog):
    _, request = Collector().tell(CACHED, headers={**CALLER, "traceparent": header})
    assert request.parent is None
    assert not known(request.context).trace_state
    assert not caplog.records


def test_a_trace_that_its_caller_does_not_record_is_not_recorded_here_but_counted():
    collector = Collector()
    assert not collector.tell(CACHED, headers=UNSAMPLED)
    assert len(collector.points(gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION)) == 1
    assert len(collector.points(HTTP_SERVER_REQUEST_DURATION)) == 1


def test_the_operators_sampler_decides_where_there_is_no_caller():
    assert not Collector(sampler=ALWAYS_OFF).tell(CACHED)


def test_a_failed_call_is_an_error_of_its_kind_and_the_request_that_it_served_is_none():
    failed, _, request = Collector().tell(FAILED, entry(cause="retry"))
    assert failed.status.status_code is StatusCode.ERROR
    assert known(failed.attributes)["error.type"] == "timeout"
    assert request.status.status_code is StatusCode.UNSET


@pytest.mark.parametrize(
    ("row", "status", "error"),
    [
        (FAILED, 504, "timeout"),
        (entry(error="reset", aborted=True), 200, "reset"),
        (entry(served=False, error="status", status=429), 429, None),
        (entry(error="caller-left", aborted=True), 200, None),
    ],
)
def test_a_request_is_an_error_where_the_fault_is_not_the_callers(row, status, error):
    _, request = Collector().tell(row, status=status)
    assert request.status.description == error
    assert (request.status.status_code is StatusCode.ERROR) == (error is not None)


def test_a_row_without_a_request_is_a_trace_of_its_own():
    collector = Collector()
    contextvars.Context().run(collector.telemetry.take, CACHED)
    (call,) = collector.spans
    assert call.parent is None


def test_what_fills_a_group_is_told_at_once():
    collector = Collector()
    for _ in range(GROUP - 1):
        contextvars.Context().run(collector.telemetry.take, CACHED)
    assert not collector.exported.get_finished_spans()
    contextvars.Context().run(collector.telemetry.take, CACHED)
    assert len(collector.exported.get_finished_spans()) == GROUP


# ---- what providers are told


def placed(headers: list[tuple[str, str]]) -> tuple[int, int, int]:
    _, trace, span, flags = dict(headers)["traceparent"].split("-")
    return int(trace, 16), int(span, 16), int(flags, 16)


def test_a_provider_is_told_of_the_span_of_its_own_call():
    collector = Collector()
    told: list[list[tuple[str, str]]] = []

    def work(journey: Journey) -> None:
        told.append(collector.telemetry.introduce(told=True))
        collector.telemetry.take(CACHED)

    collector.request(work, CALLER)
    call, request = collector.spans
    assert placed(told[0])[:2] == (trace_of(call), id_of(call))
    assert placed(told[0])[2] & 1
    assert dict(told[0])["tracestate"] == "vendor=x"
    assert call.name == "chat claude-haiku-4-5"
    assert known(call.attributes)[names.GEN_AI_REQUEST_MODEL] == "claude-haiku-4-5"
    assert known(call.parent).span_id == id_of(request)


def test_calls_that_nest_keep_their_own_spans():
    """A draft is held while its judge, at a provider that is told nothing, is asked."""
    collector = Collector()
    told: list[list[tuple[str, str]]] = []
    draft = entry(attempt=0)
    judge = entry(attempt=1, purpose="judge", served=False)

    def work(journey: Journey) -> None:
        told.append(collector.telemetry.introduce(told=True))
        told.append(collector.telemetry.introduce(told=False))
        collector.telemetry.take(judge)
        collector.telemetry.take(draft)

    collector.request(work)
    first, second, _ = collector.spans
    assert told[1] == []
    assert known(first.attributes)["headgate.purpose"] == "judge"
    assert id_of(first) != placed(told[0])[1]
    assert id_of(second) == placed(told[0])[1]


def test_a_call_that_leaves_no_row_ends_with_its_request():
    collector = Collector()
    told: list[list[tuple[str, str]]] = []
    collector.request(lambda _: told.append(collector.telemetry.introduce(told=True)))
    request, call = sorted(collector.spans, key=lambda span: span.parent is not None)
    assert id_of(call) == placed(told[0])[1]
    assert known(call.parent).span_id == id_of(request)


def test_what_is_not_recorded_is_passed_on_as_not_recorded():
    collector = Collector()
    told: list[list[tuple[str, str]]] = []
    collector.request(lambda _: told.append(collector.telemetry.introduce(told=True)), UNSAMPLED)
    trace, span, flags = placed(told[0])
    assert trace == int(TRACE, 16)
    assert span != int(SPAN, 16)
    assert not flags & 1
    assert not collector.spans


def test_a_call_outside_of_any_request_is_told_nothing():
    assert contextvars.Context().run(lambda: Collector().telemetry.introduce(told=True)) == []


# ---- metrics


@pytest.mark.parametrize(("asked", "first"), [(Names(), 0), (Names(newest=True), 1)])
def test_metrics_have_the_conventions_names_and_units(asked: Names, first: int):
    collector = Collector(asked)
    collector.tell(CACHED, FAILED)
    tokens = collector.points(gen_ai_metrics.GEN_AI_CLIENT_TOKEN_USAGE)
    assert {(point.attributes[names.GEN_AI_TOKEN_TYPE], point.sum) for point in tokens} == {
        ("input", 220),
        ("output", 20),
    }
    durations = collector.points(gen_ai_metrics.GEN_AI_CLIENT_OPERATION_DURATION)
    assert sorted(point.attributes.get("error.type", "") for point in durations) == ["", "timeout"]
    assert durations[0].sum == pytest.approx(1.9)
    chunks = collector.points(gen_ai_metrics.GEN_AI_CLIENT_OPERATION_TIME_TO_FIRST_CHUNK)
    assert len(chunks) == first
    (request,) = collector.points(HTTP_SERVER_REQUEST_DURATION)
    assert request.sum == pytest.approx(2.5)
    assert request.attributes["http.route"] == ROUTE
