"""otel: spans and metrics of a running gateway really arrive at a collector on this machine."""

from __future__ import annotations

import asyncio
import builtins
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.otel import Sending, sending
from headgate.errors import ConfigError
from headgate.gateway.shadow import Shadow
from headgate.gateway.trial import DayPurse
from headgate.routing.tier import Tier
from headgate.testing.brain import Answer, Brain, Prompt
from headgate.values import ModelRef
from tests.gateway.house import CONFIG, ECHO, RULES, House, house, until
from tests.ledger.samples import entry
from tests.monitor.listeners import hook

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
CALLER = {"traceparent": f"00-{TRACE}-{PARENT}-01", "tracestate": "vendor=x"}
TRACED = RULES.replace("[providers.anthropic]", "[providers.anthropic]\ntraceparent = true")
OTEL = "\n[watch]\notel = true\n"
JUDGE = Tier(name="judge", model=ModelRef("google", "gemini-2.5-flash"), attempts=1, timeout=20,
             fallback=False)  # fmt: skip


class Told:
    """What the collector has got."""

    def __init__(self, posts: list[tuple[str, bytes]]) -> None:
        self.posts = posts
        self.spans: list[Span] = []
        self.metrics: set[str] = set()
        for path, body in posts:
            if path == "/v1/traces":
                traces = ExportTraceServiceRequest.FromString(body)
                self.spans += [
                    span
                    for resource in traces.resource_spans
                    for scope in resource.scope_spans
                    for span in scope.spans
                ]
            else:
                metrics = ExportMetricsServiceRequest.FromString(body)
                self.metrics |= {
                    metric.name
                    for resource in metrics.resource_metrics
                    for scope in resource.scope_metrics
                    for metric in scope.metrics
                }

    @property
    def requests(self) -> list[Span]:
        return [span for span in self.spans if span.kind == Span.SPAN_KIND_SERVER]

    @property
    def calls(self) -> list[Span]:
        found = [span for span in self.spans if span.kind == Span.SPAN_KIND_CLIENT]
        return sorted(found, key=lambda span: span.start_time_unix_nano)


def said(span: Span) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, str(pair.value.WhichOneof("value")))
        for pair in span.attributes
    }


@contextmanager
def collecting(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Sending, Callable[[], Told]]]:
    """Telemetry that sends to a collector, and what that has got once it is closed."""
    with hook(200) as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        telemetry = sending({"OTEL_SERVICE_NAME": "gate-7"}, SystemClock())
        yield telemetry, lambda: Told([(path, body) for path, _, body in collector.posts])


def run(
    monkeypatch: pytest.MonkeyPatch,
    work: Callable[[House], Awaitable[object]],
    config: str = RULES,
    brain: Brain = ECHO,
    *sets: str,
) -> Told:
    """What the collector gets of the requests that `work` makes of a gateway."""
    with collecting(monkeypatch) as (telemetry, told):

        async def main() -> None:
            async with house(config + OTEL, brain=brain, telemetry=telemetry, sets=sets) as home:
                await work(home)

        asyncio.run(asyncio.wait_for(main(), 60))
        telemetry.close()
        return told()


def test_what_was_told_arrives_at_the_collector(monkeypatch: pytest.MonkeyPatch):
    with collecting(monkeypatch) as (telemetry, told):
        telemetry.take(entry(session="canary-7f3a"))
        telemetry.fold()
        telemetry.close()
        found = told()
    (call,) = found.calls
    assert call.name == "chat claude-haiku-4-5"
    assert "gen_ai.client.token.usage" in found.metrics
    assert all(b"gate-7" in body for _, body in found.posts)
    assert not any(b"canary" in body for _, body in found.posts)


def test_a_request_is_the_parent_of_its_calls(monkeypatch: pytest.MonkeyPatch):
    ids: list[str] = []

    async def work(home: House) -> None:
        _, headers = await home.ask("hello")
        ids.append(headers["x-headgate-request-id"])

    found = run(monkeypatch, work, CONFIG)
    (request,) = found.requests
    classifier, answer = found.calls
    assert request.name == "POST /v1/chat/completions"
    assert not request.parent_span_id
    assert {classifier.parent_span_id, answer.parent_span_id} == {request.span_id}
    assert {span.trace_id for span in found.spans} == {request.trace_id}
    assert said(classifier)["headgate.purpose"] == "classifier"
    assert said(answer)["headgate.served"] is True
    told = said(request)
    assert (told["headgate.request_id"], told["headgate.attempts"]) == (ids[0], 2)
    assert (told["headgate.outcome"], told["http.response.status_code"]) == ("served", 200)
    assert told["gen_ai.request.model"] == "auto"
    assert request.start_time_unix_nano <= classifier.start_time_unix_nano
    assert answer.end_time_unix_nano <= request.end_time_unix_nano + 1_000_000
    assert "http.server.request.duration" in found.metrics


@pytest.mark.parametrize("stream", [False, True])
def test_a_caller_with_a_trace_finds_the_request_in_it(monkeypatch, stream):
    async def work(home: House) -> None:
        body = {"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": stream}
        headers = [f"{name}: {value}" for name, value in CALLER.items()]
        status, _, _ = await home.post(json.dumps(body).encode(), "/v1/chat/completions", *headers)
        assert status == 200
        assert not [name for request in home.seen for name in request.headers if "trace" in name]

    found = run(monkeypatch, work)
    (request,), (call,) = found.requests, found.calls
    assert request.trace_id == call.trace_id == bytes.fromhex(TRACE)
    assert request.parent_span_id == bytes.fromhex(PARENT)
    assert request.trace_state == "vendor=x"


@pytest.mark.parametrize(
    "path", ["/v1/chat/completions", "/v1/messages", "/v1/messages/count_tokens"]
)
def test_a_provider_that_is_to_know_is_told_of_its_own_call(monkeypatch, path):
    sent: list[str] = []

    async def work(home: House) -> None:
        body: dict[str, Any] = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
        body |= {"max_tokens": 9} if path == "/v1/messages" else {}
        headers = [f"{name}: {value}" for name, value in CALLER.items()]
        status, _, _ = await home.post(json.dumps(body).encode(), path, *headers)
        assert status == 200
        (seen,) = home.seen
        sent.append(seen.headers["traceparent"])
        assert seen.headers["tracestate"] == "vendor=x"

    found = run(monkeypatch, work, TRACED)
    (request,), (call,) = found.requests, found.calls
    assert sent == [f"00-{TRACE}-{call.span_id.hex()}-01"]
    assert call.parent_span_id == request.span_id
    assert call.name == ("POST" if "count" in path else "chat claude-haiku-4-5")


def test_without_a_caller_in_a_trace_the_provider_is_told_of_ours(monkeypatch):
    sent: list[str] = []

    async def work(home: House) -> None:
        await home.ask("hello")
        await home.ask("hello", model="google/gpt-5-mini")  # it is not to know
        sent.extend(seen.headers.get("traceparent", "-") for seen in home.seen)

    found = run(monkeypatch, work, TRACED)
    call = found.calls[0]
    assert sent[0].startswith(f"00-{call.trace_id.hex()}-{call.span_id.hex()}-")
    assert int(sent[0][-2:], 16) & 1
    assert sent[1] == "-"


class _Judging:
    """Answers, and marks both of two answers alike."""

    def answer(self, prompt: Prompt) -> Answer:
        judged = prompt.model == JUDGE.model.model
        return Answer(text='{"A": 4, "B": 4}' if judged else "an answer")


def test_the_shadows_of_an_answer_are_below_its_request_and_cost_it_nothing(monkeypatch):
    async def work(home: House) -> None:
        shadow = home.app.shadow = Shadow(
            lambda: home.app.plant,
            judge=JUDGE,
            rate=1.0,
            purse=DayPurse(10**12),
            dice=lambda: 0.0,
            note=lambda _: None,
        )
        await home.ask("easy")
        await shadow.finished()

    found = run(monkeypatch, work, RULES, _Judging())
    (request,) = found.requests
    shadows = [call for call in found.calls if said(call)["headgate.purpose"] == "shadow"]
    assert len(shadows) == 3
    assert {call.parent_span_id for call in found.calls} == {request.span_id}
    told = said(request)
    served = said(found.calls[0])
    assert told["headgate.attempts"] == 1
    assert told["headgate.cost_nano_usd"] == served["headgate.cost_nano_usd"]


def test_embeddings_are_requests_too(monkeypatch):
    async def work(home: House) -> None:
        await home.client.embeddings.create(model="google/embedder", input=["a text"])

    found = run(monkeypatch, work)
    (request,), (call,) = found.requests, found.calls
    assert request.name == "POST /v1/embeddings"
    assert said(request)["gen_ai.operation.name"] == "embeddings"
    assert call.parent_span_id == request.span_id


def test_a_refused_request_is_a_span_with_its_code_and_no_call(monkeypatch):
    async def work(home: House) -> None:
        for path in ("/v1/chat/completions", "/nowhere/canary-7f3a"):
            await home.post(b"{", path, "authorization: Bearer canary-7f3a")
        await home.raw(b"GET /healthz HTTP/1.1\r\nhost: h\r\nconnection: close\r\n\r\n")

    found = run(monkeypatch, work)
    (request,) = found.requests  # what is nowhere, and health, are not followed
    told = said(request)
    assert (told["headgate.outcome"], told["error.type"]) == ("refused", "invalid_json")
    assert (told["http.response.status_code"], told["headgate.attempts"]) == (400, 0)
    assert not found.calls
    assert not any(b"canary" in body for _, body in found.posts)


def test_a_caller_that_leaves_is_told_as_one(monkeypatch):
    async def work(home: House) -> None:
        body = b'{"model": "auto", "messages": [{"role": "user", "content": "hi"}]}'
        _, writer = await asyncio.open_connection("127.0.0.1", home.port)
        head = f"POST /v1/messages HTTP/1.1\r\nhost: h\r\ncontent-length: {len(body) + 9}\r\n\r\n"
        writer.write(head.encode() + body)
        await until(lambda: home.app._under_way)
        writer.close()
        await until(lambda: not home.app._under_way)

    found = run(monkeypatch, work)
    (request,) = found.requests
    told = said(request)
    assert told["headgate.outcome"] == "left"
    assert "http.response.status_code" not in told


def test_without_the_sdk_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch):
    real = builtins.__import__

    def without(name: str, *args: Any, **more: Any) -> Any:
        if name.startswith("opentelemetry.sdk"):
            raise ImportError(name)
        return real(name, *args, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ConfigError, match=r"headgate\[otel\]"):
        sending({}, SystemClock())
