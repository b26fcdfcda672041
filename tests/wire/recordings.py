"""Exchanges for the wire tests: recorded ones from the shared data, and streams written by hand.

The Anthropic streams follow the public documentation of the Messages API ("Streaming messages").
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple, TypeAlias

import yaml

from tests.shared import shared_dir

Json: TypeAlias = dict[str, Any]


class Exchange(NamedTuple):
    name: str
    request: bytes
    status: int
    answer: bytes

    @property
    def streamed(self) -> bool:
        return self.answer.startswith(b"data:")


def recorded() -> list[Exchange]:
    """All recorded exchanges with OpenAI; skips where they are not here."""
    found = []
    for path in sorted(shared_dir("wire").glob("*.yaml")):
        for one in yaml.safe_load(path.read_text())["interactions"]:
            request, response = one["request"], one["response"]
            found.append(
                Exchange(
                    path.stem,
                    request["body"].encode(),
                    response["code"],
                    response["body"].encode(),
                )
            )
    assert found, "the directory is there but holds no recording"
    return found


def exchange(name: str) -> Exchange:
    return next(one for one in recorded() if one.name == name)


def anthropic_stream(*events: Json) -> bytes:
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events
    )


def openai_stream(*chunks: Json, done: bool = True) -> bytes:
    body = b"".join(f"data: {json.dumps(chunk)}\n\n".encode() for chunk in chunks)
    return body + b"data: [DONE]\n\n" if done else body


def message_start(**usage: object) -> Json:
    return {
        "type": "message_start",
        "message": {
            "id": "msg_01",
            "type": "message",
            "role": "assistant",
            "content": [],
            "model": "claude-haiku-4-5-20251001",
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": 25, "output_tokens": 1, **usage},
        },
    }


def block_start(index: int, **block: object) -> Json:
    return {"type": "content_block_start", "index": index, "content_block": block}


def block_delta(index: int, **delta: object) -> Json:
    return {"type": "content_block_delta", "index": index, "delta": delta}


def block_stop(index: int) -> Json:
    return {"type": "content_block_stop", "index": index}


def message_delta(reason: str, output: int, **usage: object) -> Json:
    return {
        "type": "message_delta",
        "delta": {"stop_reason": reason, "stop_sequence": None},
        "usage": {"output_tokens": output, **usage},
    }


MESSAGE_STOP: Json = {"type": "message_stop"}
PING: Json = {"type": "ping"}

TOOL_STREAM = anthropic_stream(
    message_start(
        cache_read_input_tokens=10,
        cache_creation_input_tokens=7,
        cache_creation={"ephemeral_5m_input_tokens": 4, "ephemeral_1h_input_tokens": 3},
    ),
    block_start(0, type="thinking", thinking="", signature=""),
    block_delta(0, type="thinking_delta", thinking="The weather… 天気"),
    block_delta(0, type="signature_delta", signature="EqQBCgIYAh"),
    block_stop(0),
    PING,
    block_start(1, type="text", text=""),
    block_delta(1, type="text_delta", text="I look "),
    block_delta(1, type="text_delta", text="it up ☂."),
    block_stop(1),
    block_start(2, type="tool_use", id="toolu_01A", name="get_weather", input={}),
    block_delta(2, type="input_json_delta", partial_json=""),
    block_delta(2, type="input_json_delta", partial_json='{"city": "Par'),
    block_delta(2, type="input_json_delta", partial_json='is"}'),
    block_stop(2),
    block_start(3, type="tool_use", id="toolu_01B", name="get_time", input={}),
    block_delta(3, type="input_json_delta", partial_json='{"zone": "CET"}'),
    block_stop(3),
    message_delta("tool_use", 89, output_tokens_details={"thinking_tokens": 12}),
    MESSAGE_STOP,
)
"""Thinking, text and two tool calls, with every kind of cached token."""


def openai_chunk(delta: Json | None, finish: str | None = None, **more: object) -> Json:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return {
        "id": "chatcmpl-9",
        "object": "chat.completion.chunk",
        "created": 1755137921,
        "model": "gpt-5-nano-2025-08-07",
        "choices": choices,
        **more,
    }


def call_chunk(index: int, arguments: str, **more: str) -> Json:
    call: Json = {"index": index, "function": {"arguments": arguments}}
    if more:
        call = {
            "index": index,
            "id": more["id"],
            "type": "function",
            "function": {"name": more["name"], "arguments": arguments},
        }
    return openai_chunk({"tool_calls": [call]})


USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 9,
    "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 4},
}

OPENAI_TOOL_STREAM = openai_stream(
    openai_chunk({"role": "assistant", "content": ""}),
    openai_chunk({"content": "I look ☂ up."}),
    call_chunk(0, "", id="call_A", name="get_weather"),
    call_chunk(0, '{"city":'),
    call_chunk(0, '"Paris"}'),
    call_chunk(1, "", id="call_B", name="get_time"),
    call_chunk(1, '{"zone":"CET"}'),
    openai_chunk({}, "tool_calls"),
    openai_chunk(None, usage=USAGE),
)


def splits(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The data in two pieces, split at every byte."""
    return ((data[:at], data[at:]) for at in range(len(data) + 1))


def responses_stream(*events: Json) -> bytes:
    numbered = [{**event, "sequence_number": number} for number, event in enumerate(events)]
    return b"".join(
        f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in numbered
    )


def _part(text: str) -> Json:
    return {"type": "output_text", "text": text, "annotations": []}


_SAID = "Two searches, äöü 🦊 at once."
_PLACE = {"item_id": "msg_1", "output_index": 1, "content_index": 0}
RESPONSES_EVENTS: list[Json] = [
    {"type": "response.created", "response": {"id": "resp_1", "model": "gpt-5", "output": []}},
    {"type": "response.in_progress", "response": {"id": "resp_1", "model": "gpt-5"}},
    {
        "type": "response.output_item.added",
        "output_index": 0,
        "item": {"id": "rs_1", "type": "reasoning", "summary": []},
    },
    {"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 0},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "First this."},
    {"type": "response.reasoning_summary_part.added", "output_index": 0, "summary_index": 1},
    {"type": "response.reasoning_summary_text.delta", "output_index": 0, "delta": "Then that."},
    {
        "type": "response.output_item.done",
        "output_index": 0,
        "item": {"id": "rs_1", "type": "reasoning", "encrypted_content": "gAAA", "summary": []},
    },
    {
        "type": "response.output_item.added",
        "output_index": 1,
        "item": {"id": "msg_1", "type": "message", "role": "assistant", "content": []},
    },
    {"type": "response.content_part.added", **_PLACE, "part": _part("")},
    {"type": "response.output_text.delta", **_PLACE, "delta": _SAID[:14], "logprobs": []},
    {"type": "response.output_text.delta", **_PLACE, "delta": _SAID[14:], "logprobs": []},
    {"type": "response.output_text.done", **_PLACE, "text": _SAID},
    {"type": "response.content_part.done", **_PLACE, "part": _part(_SAID)},
    {
        "type": "response.output_item.done",
        "output_index": 1,
        "item": {"id": "msg_1", "type": "message", "content": [_part(_SAID)]},
    },
    *[
        event
        for index in (2, 3)
        for event in (
            {
                "type": "response.output_item.added",
                "output_index": index,
                "item": {
                    "id": f"fc_{index}",
                    "type": "function_call",
                    "call_id": f"call_{index}",
                    "name": "search",
                    "arguments": "",
                },
            },
            {
                "type": "response.function_call_arguments.delta",
                "output_index": index,
                "delta": '{"q":',
            },
            {
                "type": "response.function_call_arguments.delta",
                "output_index": index,
                "delta": f'"{index}"}}',
            },
            {
                "type": "response.output_item.done",
                "output_index": index,
                "item": {
                    "id": f"fc_{index}",
                    "type": "function_call",
                    "call_id": f"call_{index}",
                    "name": "search",
                    "arguments": f'{{"q":"{index}"}}',
                },
            },
        )
    ],
    {
        "type": "response.completed",
        "response": {
            "id": "resp_1",
            "model": "gpt-5",
            "status": "completed",
            "output": [],
            "usage": {
                "input_tokens": 100,
                "input_tokens_details": {"cached_tokens": 60, "cache_write_tokens": 10},
                "output_tokens": 50,
                "output_tokens_details": {"reasoning_tokens": 20},
                "total_tokens": 150,
            },
        },
    },
]
RESPONSES_STREAM = responses_stream(*RESPONSES_EVENTS)
"""Reasoning in two parts, text, and two calls at once, as the API reference has them."""
