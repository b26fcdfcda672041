"""Translated requests: what is said in one dialect is asked in the other, or refused."""

from __future__ import annotations

import json

import pytest

from headgate.errors import RequestError
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.translate import Translation
from tests.wire.recordings import (
    recorded,
)
from tests.wire.translate.ways import AT, to_anthropic, to_openai


def test_an_openai_tool_loop_reaches_anthropic():
    schema = {"type": "object", "properties": {"city": {"type": "string"}}}
    way = to_anthropic(
        messages=[
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Weather and time in Paris?"},
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": "call_1",
                        "type": "function",
                        "function": {"name": "weather", "arguments": '{"city":"Paris"}'},
                    },
                    {
                        "id": "call_2",
                        "type": "function",
                        "function": {"name": "clock", "arguments": ""},
                    },
                ],
            },
            {"role": "tool", "tool_call_id": "call_1", "content": "Rain"},
            {"role": "tool", "tool_call_id": "call_2", "content": "12:00"},
            {"role": "user", "content": "In French, please."},
        ],
        tools=[
            {"type": "function", "function": {"name": "weather", "parameters": schema}},
            {"type": "function", "function": {"name": "clock"}},
        ],
        tool_choice="auto",
        parallel_tool_calls=False,
        max_completion_tokens=300,
        temperature=0.2,
        stop="END",
        stream=True,
    )
    assert json.loads(way.request("claude-haiku-4-5")) == {
        "model": "claude-haiku-4-5",
        "max_tokens": 300,
        "system": "Be brief.",
        "messages": [
            {"role": "user", "content": "Weather and time in Paris?"},
            {
                "role": "assistant",
                "content": [
                    {
                        "type": "tool_use",
                        "id": "call_1",
                        "name": "weather",
                        "input": {"city": "Paris"},
                    },
                    {"type": "tool_use", "id": "call_2", "name": "clock", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "call_1", "content": "Rain"},
                    {"type": "tool_result", "tool_use_id": "call_2", "content": "12:00"},
                    {"type": "text", "text": "In French, please."},
                ],
            },
        ],
        "tools": [
            {"name": "weather", "input_schema": schema},
            {"name": "clock", "input_schema": {"type": "object", "properties": {}}},
        ],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": True},
        "stop_sequences": ["END"],
        "temperature": 0.2,
        "stream": True,
    }


def test_an_anthropic_tool_loop_reaches_openai():
    way = to_openai(
        system=[{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        messages=[
            {
                "role": "user",
                "content": [
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iV"},
                    },
                    {"type": "text", "text": "Where is this?"},
                ],
            },
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                    {"type": "text", "text": "I look it up."},
                    {"type": "tool_use", "id": "toolu_1", "name": "find", "input": {"q": "x"}},
                ],
            },
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "Paris"}],
            },
        ],
        tools=[{"name": "find", "description": "d", "input_schema": {"type": "object"}}],
        tool_choice={"type": "tool", "name": "find", "disable_parallel_tool_use": True},
        stop_sequences=["END"],
        stream=True,
    )
    assert json.loads(way.request("gpt-4.1-mini")) == {
        "model": "gpt-4.1-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {
                "role": "user",
                "content": [
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iV"}},
                    {"type": "text", "text": "Where is this?"},
                ],
            },
            {
                "role": "assistant",
                "content": "I look it up.",
                "tool_calls": [
                    {
                        "id": "toolu_1",
                        "type": "function",
                        "function": {"name": "find", "arguments": '{"q":"x"}'},
                    }
                ],
            },
            {"role": "tool", "tool_call_id": "toolu_1", "content": "Paris"},
        ],
        "tools": [
            {
                "type": "function",
                "function": {"name": "find", "parameters": {"type": "object"}, "description": "d"},
            }
        ],
        "tool_choice": {"type": "function", "function": {"name": "find"}},
        "parallel_tool_calls": False,
        "max_completion_tokens": 100,
        "stop": ["END"],
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_every_recorded_request_can_be_sent_to_anthropic():
    sent = 0
    for one in recorded():
        if one.status != 200:
            continue
        way = Translation(OPENAI_CHAT.read(one.request, {}), OPENAI_CHAT, ANTHROPIC_MESSAGES, AT)
        body = json.loads(way.request("claude-haiku-4-5"))
        assert body["messages"][0]["role"] == "user"
        assert body["max_tokens"] > 0
        assert body.get("stream", False) is one.streamed
        sent += 1
    assert sent >= 9


def test_what_would_be_lost_is_refused_before_anything_is_sent():
    with pytest.raises(RequestError) as caught:
        to_anthropic(n=2)
    assert caught.value.param == "n"
    with pytest.raises(RequestError) as fifth:
        to_openai(stop_sequences=["1", "2", "3", "4", "5"])
    assert fifth.value.param == "stop_sequences"
    with pytest.raises(RequestError) as blank:
        to_anthropic(stop=["\n"])
    assert blank.value.param == "stop"
    open_object = {"type": "object", "additionalProperties": True}
    schema = {"type": "json_schema", "json_schema": {"name": "n", "schema": open_object}}
    with pytest.raises(RequestError) as loose:
        to_anthropic(response_format=schema)
    assert loose.value.param == "response_format.json_schema.schema"


def test_headers_of_one_dialect_mean_nothing_in_the_other():
    assert to_openai().passed() == []


def sent_or_refused(body: bytes) -> str:
    try:
        inbound = OPENAI_CHAT.read(body, {})
        Translation(inbound, OPENAI_CHAT, ANTHROPIC_MESSAGES, AT).request("claude-haiku-4-5")
    except RequestError as error:
        return error.message
    return "sent"


def test_a_schema_of_any_depth_is_sent_or_refused():
    outcomes = []
    for depth in (100, 200, 400, 600, 800, 900, 950, 980, 1000, 5000, 200_000):
        schema = b'{"a":' * depth + b"1" + b"}" * depth
        tool = b'{"type":"function","function":{"name":"f","parameters":' + schema + b"}}"
        hello = b'{"model":"auto","messages":[{"role":"user","content":"Hi"}],"tools":['
        outcomes.append(sent_or_refused(hello + tool + b"]}"))
    assert outcomes[0] == "sent"
    assert outcomes[-1] == "The request body is nested too deeply."
    assert set(outcomes) == {outcomes[0], outcomes[-1]}
