"""Translated answers: whole ones, unusable ones, and a provider's errors."""

from __future__ import annotations

import json

import pytest

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from tests.wire.recordings import (
    exchange,
)
from tests.wire.translate.ways import AT, to_anthropic, to_openai


def test_a_recorded_openai_answer_reaches_an_anthropic_caller():
    found = to_openai().answer(exchange("chat-tools").answer)
    assert json.loads(found.body) == {
        "id": "chatcmpl-C4GmWI2Sl7HnrQsKorSAZkJy94dpT",
        "type": "message",
        "role": "assistant",
        "model": "gpt-5-nano-2025-08-07",
        "content": [
            {
                "type": "tool_use",
                "id": "call_8fxy20OEu9ulvvaa5b5CzVA4",
                "name": "get_current_weather",
                "input": {"location": "Boston, MA", "unit": "fahrenheit"},
            }
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 162,
            "cache_creation_input_tokens": 0,
            "cache_read_input_tokens": 0,
            "output_tokens": 287,
            "output_tokens_details": {"thinking_tokens": 256},
        },
    }
    assert (found.model, found.finish) == ("gpt-5-nano-2025-08-07", "tool_calls")
    assert found.usage == Usage(input=162, output=287, reasoning=256)


def test_an_anthropic_answer_reaches_an_openai_caller():
    body = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5-20251001",
        "content": [{"type": "text", "text": "Rain."}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 5, "cache_read_input_tokens": 20, "output_tokens": 3},
    }
    found = to_anthropic().answer(json.dumps(body).encode())
    told = json.loads(found.body)
    assert told["choices"][0]["message"]["content"] == "Rain."
    assert told["created"] == AT
    assert told["model"] == "claude-haiku-4-5-20251001"
    assert told["usage"]["prompt_tokens"] == 25
    assert told["usage"]["prompt_tokens_details"]["cached_tokens"] == 20
    assert found.usage == Usage(input=5, output=3, cache_read=20)


def test_an_unusable_answer_is_unusable_in_translation_too():
    with pytest.raises(UnusableAnswerError):
        to_anthropic().answer(b'{"content": []}')
    assert read_or_unusable(100) == "read"
    assert {read_or_unusable(depth) for depth in (*range(150, 1100, 50), 200_000)} == {
        "read",
        "unusable",
    }


def read_or_unusable(depth: int) -> str:
    deep = b'{"x":' * depth + b"1" + b"}" * depth
    block = b'{"type":"tool_use","id":"1","name":"f","input":' + deep + b"}"
    try:
        to_anthropic().answer(b'{"content":[' + block + b"]}")
    except UnusableAnswerError:
        return "unusable"
    return "read"


def test_a_providers_error_keeps_its_message():
    own = b'{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}'
    assert json.loads(to_anthropic().error(529, own))["error"] == {
        "message": "Overloaded",
        "type": "server_error",
        "param": None,
        "code": None,
    }
    other = exchange("chat-unknown-model").answer
    assert json.loads(to_openai().error(404, other)) == {
        "type": "error",
        "error": {
            "type": "invalid_request_error",
            "message": "The model `gpt-4.1-nano-wrong` does not exist or you do not have access "
            "to it.",
        },
    }
