"""telemetry: spans and metrics as the conventions have them, old names and new, and no prompt."""

from __future__ import annotations

from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes as names
from opentelemetry.semconv._incubating.metrics import gen_ai_metrics
from opentelemetry.trace import SpanKind, StatusCode

from headgate.ledger.entry import Entry
from headgate.monitor.telemetry import LATEST, OPT_IN, RequestIds, Telemetry, latest
from headgate.values import Usage
from tests.known import known
from tests.ledger.samples import NOON_US, entry

CACHED = entry(
    usage=Usage(100, 20, 30, 40, 50, 5), streamed=True, score=0.25, router="0f3a", policy="auto"
)


class Collector:
    def __init__(self, *, newest: bool) -> None:
        self.spans = InMemorySpanExporter()
        ids = RequestIds()
        tracers = TracerProvider(id_generator=ids, shutdown_on_exit=False)
        tracers.add_span_processor(SimpleSpanProcessor(self.spans))
        self.reader = InMemoryMetricReader()
        meters = MeterProvider([self.reader], shutdown_on_exit=False)
        self.telemetry = Telemetry(tracers, meters, ids, newest=newest)

    def tell(self, *entries: Entry) -> list[ReadableSpan]:
        for one in entries:
            self.telemetry.take(one)
        self.telemetry.fold()
        return list(self.spans.get_finished_spans())

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


@pytest.mark.parametrize("newest", [False, True])
def test_a_call_is_a_client_span_with_its_own_time(newest: bool):
    (span,) = Collector(newest=newest).tell(CACHED)
    assert span.name == "chat claude-haiku-4-5"
    assert span.kind is SpanKind.CLIENT
    assert span.start_time == NOON_US * 1000
    assert known(span.end_time) - known(span.start_time) == CACHED.total_us * 1000
    found = known(span.attributes)
    assert found[names.GEN_AI_OPERATION_NAME] == "chat"
    assert found[names.GEN_AI_REQUEST_MODEL] == "claude-haiku-4-5"
    assert found[names.GEN_AI_RESPONSE_MODEL] == "claude-haiku-4-5-20251001"
    assert found[names.GEN_AI_USAGE_INPUT_TOKENS] == 220
    assert found[names.GEN_AI_USAGE_OUTPUT_TOKENS] == 20
    assert found["headgate.cost_usd"] == "0.003"


def test_without_the_opt_in_the_names_are_those_of_before():
    found = known(Collector(newest=False).tell(CACHED)[0].attributes)
    assert found[names.GEN_AI_SYSTEM] == "anthropic"
    assert names.GEN_AI_PROVIDER_NAME not in found
    assert names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS not in found


def test_with_the_opt_in_the_names_are_the_newest():
    found = known(Collector(newest=True).tell(CACHED)[0].attributes)
    assert found[names.GEN_AI_PROVIDER_NAME] == "anthropic"
    assert names.GEN_AI_SYSTEM not in found
    assert found[names.GEN_AI_USAGE_CACHE_READ_INPUT_TOKENS] == 30
    assert found[names.GEN_AI_USAGE_CACHE_CREATION_INPUT_TOKENS] == 90
    assert found[names.GEN_AI_REQUEST_STREAM] is True


@pytest.mark.parametrize(
    ("value", "newest"),
    [("", False), (LATEST, True), (f"http/dup, {LATEST}", True), ("gen_ai", False)],
)
def test_the_opt_in_is_one_of_a_list(value: str, newest: bool):
    assert latest({OPT_IN: value}) is newest
    assert not latest({})


def test_calls_of_one_request_share_a_trace_and_others_do_not():
    one, two, other = Collector(newest=True).tell(
        entry(attempt=0), entry(attempt=1), entry(request_id="other")
    )
    assert known(one.context).trace_id == known(two.context).trace_id
    assert known(one.context).trace_id != known(other.context).trace_id
    assert known(one.context).span_id != known(two.context).span_id


def test_a_failure_is_an_error_of_its_kind():
    (span,) = Collector(newest=True).tell(
        entry(served=False, error="timeout", status=None, usage_source="none")
    )
    assert span.status.status_code is StatusCode.ERROR
    found = known(span.attributes)
    assert found["error.type"] == "timeout"
    assert names.GEN_AI_USAGE_INPUT_TOKENS not in found


def test_embeddings_are_an_operation_of_their_own():
    (span,) = Collector(newest=True).tell(entry(purpose="embedding"))
    assert span.name == "embeddings claude-haiku-4-5"


@pytest.mark.parametrize(("newest", "first"), [(False, 0), (True, 1)])
def test_metrics_have_the_conventions_names_and_units(newest: bool, first: int):
    collector = Collector(newest=newest)
    collector.tell(CACHED, entry(error="timeout", served=False, usage_source="none"))
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


def test_nothing_that_a_caller_wrote_is_told():
    canary = "canary-7f3a"
    (span,) = Collector(newest=True).tell(
        entry(tags=f'{{"t":"{canary}"}}', session=canary, key=canary, team=canary, trace=canary)
    )
    assert canary not in str(dict(known(span.attributes)))
    assert canary not in span.name
