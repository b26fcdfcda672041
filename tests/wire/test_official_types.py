"""What we write to callers, held against the types of the official SDKs."""

import json
from typing import Any

import pytest
from anthropic.types import ErrorResponse, Message, RawMessageStreamEvent
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from headgate.errors import RequestError, UpstreamError
from headgate.wire.lane import Flow, lane, read, refuse
from headgate.wire.sse import Decoder
from tests.wire.recordings import (
    MESSAGE_STOP,
    OPENAI_TOOL_STREAM,
    RESPONSES_STREAM,
    TOOL_STREAM,
    Json,
    anthropic_stream,
    block_delta,
    block_start,
    block_stop,
    message_delta,
    message_start,
    recorded,
)

HI = [{"role": "user", "content": "Hi"}]
EVENT: TypeAdapter[object] = TypeAdapter(RawMessageStreamEvent)
ANY_RESPONSE: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

REFUSED = anthropic_stream(
    message_start(),
    block_start(0, type="text", text=""),
    block_delta(0, type="text_delta", text="I ca"),
    block_stop(0),
    {
        "type": "message_delta",
        "delta": {"stop_reason": "refusal", "stop_details": {"explanation": "No."}},
        "usage": {"output_tokens": 3},
    },
    MESSAGE_STOP,
)
SHORT = anthropic_stream(message_start(), message_delta("max_tokens", 1), MESSAGE_STOP)


def flow(caller: str, provider: str) -> Flow:
    body: Json = {"model": "auto", "messages": HI, "stream": True, "max_tokens": 9}
    if caller == "openai":
        body["stream_options"] = {"include_usage": True}
    return lane(read(caller, json.dumps(body).encode(), {}), provider, at=1755137921).flow()


def test_recorded_answers_become_messages():
    way = lane(
        read("anthropic", json.dumps({"model": "a", "max_tokens": 9, "messages": HI}).encode(), {}),
        "openai",
        at=1,
    )
    seen = 0
    for exchange in recorded():
        if exchange.status == 200 and not exchange.streamed:
            Message.model_validate_json(way.answer(exchange.answer).body)
            seen += 1
    assert seen >= 7


@pytest.mark.parametrize("stream", [OPENAI_TOOL_STREAM])
def test_a_stream_becomes_the_events_of_a_message(stream):
    there = flow("anthropic", "openai")
    out = there.feed(stream) + there.end()
    found = [EVENT.validate_json(event.data or b"") for event in Decoder().feed(out)]
    assert len(found) > 10


def test_recorded_streams_become_the_events_of_a_message():
    for exchange in recorded():
        if exchange.streamed:
            there = flow("anthropic", "openai")
            out = there.feed(exchange.answer) + there.end()
            for event in Decoder().feed(out):
                EVENT.validate_json(event.data or b"")


@pytest.mark.parametrize("stream", [TOOL_STREAM, REFUSED, SHORT])
def test_a_message_stream_becomes_chunks(stream):
    there = flow("openai", "anthropic")
    out = there.feed(stream) + there.end()
    *chunks, last = Decoder().feed(out)
    assert last.data == b"[DONE]"
    for chunk in chunks:
        ChatCompletionChunk.model_validate_json(chunk.data or b"")


@pytest.mark.parametrize(
    ("reason", "content"),
    [
        ("end_turn", [{"type": "text", "text": "Hi"}]),
        ("tool_use", [{"type": "tool_use", "id": "t", "name": "f", "input": {"x": 1}}]),
        ("refusal", []),
        ("max_tokens", [{"type": "thinking", "thinking": "Hm", "signature": "s"}]),
        ("model_context_window_exceeded", []),
        ("pause_turn", [{"type": "server_tool_use", "id": "s", "name": "web_search"}]),
    ],
)
def test_a_message_becomes_a_completion(reason, content):
    usage = {"input_tokens": 5, "output_tokens": 3, "cache_creation_input_tokens": 2}
    body = {"id": "m", "model": "c", "content": content, "stop_reason": reason, "usage": usage}
    way = lane(
        read("openai", json.dumps({"model": "a", "messages": HI}).encode(), {}), "anthropic", at=1
    )
    found = ChatCompletion.model_validate_json(way.answer(json.dumps(body).encode()).body)
    assert found.usage is not None
    assert found.usage.prompt_tokens == 7


def test_our_refusals_are_anthropics_errors():
    for error in (
        RequestError("No."),
        RequestError("No.", status=401),
        RequestError("No.", status=429),
        UpstreamError("No.", kind="timeout", status=504),
    ):
        ErrorResponse.model_validate_json(refuse("anthropic", error))


def responses_flow(provider: str) -> Flow:
    body: Json = {"model": "auto", "input": "Hi", "stream": True}
    return lane(read("openai-responses", json.dumps(body).encode(), {}), provider, at=7).flow()


def responses_events(data: bytes) -> list[Any]:
    return [ANY_RESPONSE.validate_json(event.data or b"") for event in Decoder().feed(data)]


def test_recorded_answers_become_responses():
    body = json.dumps({"model": "a", "input": "Hi"}).encode()
    way = lane(read("openai-responses", body, {}), "openai", at=1)
    seen = 0
    for exchange in recorded():
        if exchange.status == 200 and not exchange.streamed:
            found = Response.model_validate_json(way.answer(exchange.answer).body)
            assert found.output or found.status == "incomplete"
            seen += 1
    assert seen >= 7


def test_recorded_streams_become_the_events_of_a_response_wherever_they_are_split():
    for exchange in recorded():
        if not exchange.streamed:
            continue
        there = responses_flow("openai")
        whole = there.feed(exchange.answer) + there.end()
        assert responses_events(whole)[-1].type in ("response.completed", "response.incomplete")
        for at in range(0, len(exchange.answer) + 1, 7):
            there = responses_flow("openai")
            parts = there.feed(exchange.answer[:at]), there.feed(exchange.answer[at:]), there.end()
            assert b"".join(parts) == whole


@pytest.mark.parametrize("stream", [TOOL_STREAM, REFUSED, SHORT])
def test_a_message_stream_becomes_the_events_of_a_response(stream):
    there = responses_flow("anthropic")
    found = responses_events(there.feed(stream) + there.end())
    assert found[-1].type in ("response.completed", "response.incomplete")
    assert [event.sequence_number for event in found] == list(range(len(found)))


def test_a_response_stream_becomes_chunks_and_messages():
    there = flow("openai", "openai-responses")
    *chunks, last = Decoder().feed(there.feed(RESPONSES_STREAM) + there.end())
    assert last.data == b"[DONE]"
    for chunk in chunks:
        ChatCompletionChunk.model_validate_json(chunk.data or b"")
    there = flow("anthropic", "openai-responses")
    for event in Decoder().feed(there.feed(RESPONSES_STREAM) + there.end()):
        EVENT.validate_json(event.data or b"")


def test_a_broken_stream_of_a_response_ends_with_an_error_that_is_numbered():
    there = responses_flow("anthropic")
    found = responses_events(there.feed(TOOL_STREAM[: len(TOOL_STREAM) // 2]) + there.end())
    assert found[-1].type == "error"
    assert found[-1].sequence_number == len(found) - 1
