"""Coding agents' requests: every byte for their own dialect, else a translation or a refusal."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from headgate.errors import RequestError
from headgate.wire.lane import DIALECTS, lane, read
from tests.wire.agents import AGENTS, Traffic

BY_NAME = pytest.mark.parametrize("traffic", AGENTS, ids=lambda one: f"{one.dialect}: {one.name}")
MODELS = {
    "openai": "gpt-5-mini",
    "openai-responses": "gpt-5",
    "anthropic": "claude-haiku-4-5",
}


def spaced(value: Any, chance: random.Random) -> str:
    """JSON as no encoder of ours writes it: odd white space, escapes, numbers with exponents."""
    gap = chance.choice(["", " ", "  ", "\n\t"])
    if isinstance(value, dict):
        fields = [f"{gap}{json.dumps(key)} :{spaced(one, chance)}" for key, one in value.items()]
        return "{" + ",".join(fields) + "}"
    if isinstance(value, list):
        return "[" + ",".join(gap + spaced(one, chance) for one in value) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=chance.random() < 0.5)
    if isinstance(value, int) and not isinstance(value, bool) and chance.random() < 0.3:
        return f"{value}.0e0"
    return json.dumps(value)


def with_unknown(value: Any) -> Any:
    """The same with a field of the future in every object, but for those that hold a schema."""
    if isinstance(value, dict):
        return {key: with_unknown(one) for key, one in value.items()} | {"x_future": [1, None]}
    if isinstance(value, list):
        return [with_unknown(one) for one in value]
    return value


@BY_NAME
def test_the_own_dialect_gets_every_value_byte_for_byte(traffic: Traffic):
    chance = random.Random(7)
    fields = with_unknown(traffic.body)
    parts = {name: spaced(value, chance) for name, value in fields.items()}
    for limit in ("max_tokens", "max_output_tokens"):
        if limit in parts:  # read, and so to be an integer as the APIs mean it
            parts[limit] = "4096"
    body = "{" + ",".join(f'"{name}":{value}' for name, value in parts.items()) + "}"
    inbound = read(traffic.dialect, body.encode(), traffic.headers)
    way = lane(inbound, traffic.dialect, at=0)
    sent = way.request("the-model")
    parts["model"] = '"the-model"'
    rest = {name: value for name, value in parts.items() if name != "model"}
    for name, value in rest.items():
        assert f'"{name}":{value}'.encode() in sent, name
    assert json.loads(sent) == json.loads(body) | {"model": "the-model"}
    kept = [name for name in traffic.headers if name in DIALECTS[traffic.dialect].kept_headers]
    assert dict(way.passed()) == {name: traffic.headers[name] for name in kept}


@BY_NAME
def test_another_dialect_gets_a_translation_or_the_caller_a_refusal_by_name(traffic: Traffic):
    inbound = read(traffic.dialect, json.dumps(traffic.body).encode(), traffic.headers)
    for target in DIALECTS:
        if target == traffic.dialect:
            continue
        if target in traffic.refused:
            with pytest.raises(RequestError) as caught:
                lane(inbound, target, at=0)
            assert caught.value.param == traffic.refused[target]
            assert target in str(caught.value)
            continue
        way = lane(inbound, target, at=0)
        sent = way.request(MODELS[target])
        assert way.passed() == []
        for foreign in (b"signature", b"EmwKAhgBEgy3va3pzix=", b"gAAAAABo", b"cache_control"):
            assert foreign not in sent
        # what the provider is sent, it can read as a request of its own dialect
        assert read(target, sent, {}).ask.turns >= 1


@BY_NAME
def test_every_call_and_its_result_arrive_in_another_dialect(traffic: Traffic):
    inbound = read(traffic.dialect, json.dumps(traffic.body).encode(), traffic.headers)
    wanted = _calls(json.loads(json.dumps(traffic.body)))
    for target in DIALECTS:
        if target != traffic.dialect and target not in traffic.refused:
            sent = json.loads(lane(inbound, target, at=0).request(MODELS[target]))
            assert _calls(sent) == wanted


def _calls(body: dict[str, Any]) -> tuple[list[str], list[str]]:
    """Ids of the calls and of the results in a request of any dialect, in their order."""
    called: list[str] = []
    answered: list[str] = []
    for item in body.get("input", []) if isinstance(body.get("input"), list) else []:
        if item["type"] == "function_call":
            called.append(item["call_id"])
        elif item["type"] == "function_call_output":
            answered.append(item["call_id"])
    for message in body.get("messages", []):
        called += [call["id"] for call in message.get("tool_calls") or []]
        if message["role"] == "tool":
            answered.append(message["tool_call_id"])
        for block in message["content"] if isinstance(message.get("content"), list) else []:
            if block["type"] == "tool_use":
                called.append(block["id"])
            elif block["type"] == "tool_result":
                answered.append(block["tool_use_id"])
    return called, answered
