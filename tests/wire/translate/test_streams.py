"""Translated streams: split anywhere, cut short, or broken by an error."""

from __future__ import annotations

import json

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.sse import Decoder
from headgate.wire.translate import Translation
from tests.wire.recordings import (
    OPENAI_TOOL_STREAM,
    TOOL_STREAM,
    exchange,
    message_start,
    openai_chunk,
    openai_stream,
    splits,
)
from tests.wire.translate.ways import to_anthropic, to_openai


def passed(way: Translation, *chunks: bytes) -> tuple[bytes, Usage | None]:
    flow = way.flow()
    out = b"".join([flow.feed(chunk) for chunk in chunks]) + flow.end()
    assert flow.complete
    return out, flow.usage


def deltas(stream: bytes) -> list[object]:
    """OpenAI's stream in short."""
    found: list[object] = []
    for event in Decoder().feed(stream):
        if event.data == b"[DONE]":
            found.append("DONE")
            continue
        chunk = json.loads(event.data or b"")
        found += [one["finish_reason"] or one["delta"] for one in chunk["choices"]]
        if chunk.get("usage"):
            found.append(chunk["usage"]["total_tokens"])
    return found


def test_an_anthropic_stream_reaches_an_openai_caller():
    way = to_anthropic(stream=True, stream_options={"include_usage": True})
    out, usage = passed(way, TOOL_STREAM)

    def call(index: int, **more: object) -> dict[str, object]:
        return {"tool_calls": [{"index": index, **more}]}

    assert deltas(out) == [
        {"role": "assistant", "content": "", "refusal": None},
        {"reasoning_content": "The weather… 天気"},
        {"content": "I look "},
        {"content": "it up ☂."},
        call(0, id="toolu_01A", type="function", function={"name": "get_weather", "arguments": ""}),
        call(0, function={"arguments": '{"city": "Par'}),
        call(0, function={"arguments": 'is"}'}),
        call(1, id="toolu_01B", type="function", function={"name": "get_time", "arguments": ""}),
        call(1, function={"arguments": '{"zone": "CET"}'}),
        "tool_calls",
        131,
        "DONE",
    ]
    assert usage is not None
    assert usage.total_input + usage.output == 131
    assert b"EqQBCgIYAh" not in out


def test_an_openai_caller_who_did_not_ask_gets_no_usage_and_the_books_do():
    out, usage = passed(to_anthropic(stream=True), TOOL_STREAM)
    assert b'"usage"' not in out
    assert usage is not None


def test_an_openai_stream_reaches_an_anthropic_caller():
    out, usage = passed(to_openai(stream=True), OPENAI_TOOL_STREAM)
    kinds = [event.name.decode() for event in Decoder().feed(out)]
    assert kinds == [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_delta",
        "content_block_stop",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
    ]
    last = json.loads(Decoder().feed(out)[-2].data or b"")
    assert last["delta"]["stop_reason"] == "tool_use"
    assert last["usage"]["input_tokens"] == 24
    assert usage == Usage(input=24, output=9, cache_read=16, reasoning=4)


@pytest.mark.parametrize(
    ("way", "stream"),
    [
        (to_anthropic(stream=True, stream_options={"include_usage": True}), TOOL_STREAM),
        (to_anthropic(stream=True), TOOL_STREAM.replace(b"\n", b"\r\n")),
        (to_openai(stream=True), OPENAI_TOOL_STREAM),
    ],
    ids=["anthropic", "anthropic with CR LF", "openai"],
)
def test_a_split_at_any_byte_gives_the_same_bytes_and_usage(way, stream):
    whole = passed(way, stream)
    for left, right in splits(stream):
        assert passed(way, left, right) == whole


def test_a_recorded_stream_split_anywhere_reaches_an_anthropic_caller_alike():
    stream = exchange("chat-streaming-detailed-usage").answer
    whole = passed(to_openai(stream=True), stream)
    assert whole[1] == Usage(input=12, output=100, reasoning=100)
    assert b'"stop_reason":"max_tokens"' in whole[0]
    for left, right in splits(stream):
        assert passed(to_openai(stream=True), left, right) == whole


def test_a_stream_translated_there_and_back_says_the_same():
    there, usage = passed(to_openai(stream=True), OPENAI_TOOL_STREAM)
    back, same = passed(to_anthropic(stream=True, stream_options={"include_usage": True}), there)
    assert usage == same
    assert said(back) == said(OPENAI_TOOL_STREAM)


def said(stream: bytes) -> tuple[str, dict[int, list[str]], object]:
    """Text, the pieces of each call, and how it ended, of a stream in OpenAI's dialect."""
    text = ""
    calls: dict[int, list[str]] = {}
    for one in deltas(stream):
        if isinstance(one, dict):
            text += one.get("content") or ""
            for call in one.get("tool_calls", []):
                function = call["function"]
                calls.setdefault(call["index"], []).append(
                    call.get("id", "") + function.get("name", "") + function["arguments"]
                )
    return text, calls, deltas(stream)[-3:]


def test_a_cut_stream_ends_in_an_error_of_the_callers_dialect():
    for at in range(0, len(TOOL_STREAM) - 30, 97):
        flow = to_anthropic(stream=True).flow()
        out = flow.feed(TOOL_STREAM[:at]) + flow.end()
        assert OPENAI_CHAT.is_problem(out[out.rindex(b"data: ") + 6 :].strip())
        assert b"[DONE]" not in out
        assert not flow.complete
    for at in range(0, len(OPENAI_TOOL_STREAM) - 30, 97):
        flow = to_openai(stream=True).flow()
        out = flow.feed(OPENAI_TOOL_STREAM[:at]) + flow.end()
        assert ANTHROPIC_MESSAGES.is_problem(out[out.rindex(b"data: ") + 6 :].strip())
        assert b"message_stop" not in out


def test_a_providers_error_event_is_translated():
    flow = to_openai(stream=True).flow()
    out = flow.feed(openai_stream({"error": {"message": "Boom", "code": 429}}, done=False))
    assert out.startswith(b"event: error\n")
    assert b"Boom" in out
    assert flow.end() == b""
    assert flow.error == "Boom"


def test_half_a_surrogate_pair_can_be_written():
    flow = to_openai(stream=True).flow()
    out = flow.feed(b'data: {"choices":[{"delta":{"content":"ok \\ud83d"}}]}\n\n')
    assert "ok �".encode() in out


def test_the_first_bytes_do_not_wait_for_text():
    flow = to_openai(stream=True).flow()
    assert b"message_start" in flow.feed(
        openai_stream(openai_chunk({"role": "assistant", "content": ""}), done=False)
    )
    start = f"event: message_start\ndata: {json.dumps(message_start())}\n\n".encode()
    assert b'"role":"assistant"' in to_anthropic(stream=True).flow().feed(start)


@given(st.lists(st.binary(), max_size=4))
def test_any_bytes_end_in_an_error_event(chunks):
    assume(b"[DONE]" not in b"".join(chunks))  # which is a whole stream, if an empty one
    for way, caller in ((to_openai(), ANTHROPIC_MESSAGES), (to_anthropic(), OPENAI_CHAT)):
        flow = way.flow()
        out = b"".join([flow.feed(chunk) for chunk in chunks]) + flow.end()
        assert caller.is_problem(out[out.rindex(b"data: ") + 6 :].strip())
