"""left_out: what a translation leaves out is named, all of it and nothing else."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.dialect import Dialect
from headgate.wire.lane import DIALECTS, Translation, lane, read
from headgate.wire.neutral import Message, Request, Text, Tool, ToolChoice

MODELS = {
    "openai": ["gpt-4o", "gpt-5-mini", "gpt-5.1", "o3", "gemini-2.5-flash", "mistral-small"],
    "openai-responses": ["gpt-4o", "gpt-5", "o4-mini"],
    "anthropic": [
        "claude-3-5-haiku",
        "claude-haiku-4-5",
        "claude-opus-4-5",
        "claude-sonnet-4-6",
        "claude-opus-4-7",
        "claude-sonnet-5-5",
        "kimi-k2",
    ],
}
TARGETS = [(DIALECTS[name], model) for name, models in MODELS.items() for model in models]
TUNED = {
    "temperature": st.sampled_from([0.0, 0.7, 2.0]),
    "top_p": st.sampled_from([0.1, 1.0]),
    "effort": st.sampled_from(["none", "minimal", "low", "medium", "high", "xhigh", "max"]),
    "user": st.sampled_from(["u1", "me@example.com", "u" * 65, "a b"]),
}


@given(
    st.sampled_from(TARGETS),
    st.fixed_dictionaries({}, optional=TUNED),
    st.sampled_from([None, ToolChoice("auto"), ToolChoice("required")]),
)
def test_a_field_is_named_where_the_call_is_the_same_without_it(target, tuned, choice):
    dialect, model = target
    request = Request(
        system="",
        messages=(Message("user", (Text("hi"),)),),
        tools=() if choice is None else (Tool("f", {}),),
        tool_choice=choice,
        **tuned,
    )
    named = dialect.left_out(request, model)
    written = dialect.write_request(request, model)
    for name in tuned:
        without = msgspec.structs.replace(request, **{name: None})
        same = dialect.write_request(without, model) == written
        assert same == (name in named), name
    told = msgspec.structs.replace(request, **dict.fromkeys(named))
    assert dialect.write_request(told, model) == written, "nothing that is named was sent"
    assert set(named) <= set(tuned)


def asking(dialect: str, **fields: Any) -> Any:
    turns = [{"role": "user", "content": "hi"}]
    leasts: dict[str, dict[str, Any]] = {
        "openai": {"messages": turns},
        "openai-responses": {"input": "hi"},
        "anthropic": {"messages": turns, "max_tokens": 9},
    }
    least = leasts[dialect]
    return read(dialect, json.dumps({"model": "auto", **least, **fields}).encode(), {})


def named(dialect: str, target: str, model: str, **fields: Any) -> list[str]:
    way = lane(asking(dialect, **fields), target, at=0)
    assert isinstance(way, Translation)
    way.request(model)
    return list(way.left_out(model))


@pytest.mark.parametrize(
    ("dialect", "target", "model", "fields", "names"),
    [
        ("openai", "anthropic", "claude-haiku-4-5", {}, []),
        (
            "openai",
            "anthropic",
            "claude-haiku-4-5",
            {"seed": 1, "service_tier": "flex", "temperature": 1, "stream": True, "stop": "x"},
            ["seed", "service_tier"],
        ),
        (
            "openai",
            "anthropic",
            "claude-haiku-4-5",
            {"seed": None, "metadata": None, "reasoning_effort": "high", "user": "me@x.example"},
            ["reasoning_effort", "user"],
        ),
        (
            "openai",
            "anthropic",
            "claude-opus-4-7",
            {"temperature": 0, "top_p": 1},
            ["temperature", "top_p"],
        ),
        (
            "anthropic",
            "openai",
            "gpt-5-mini",
            {
                "top_k": 5,
                "temperature": 0.5,
                "service_tier": "auto",
                "metadata": {"user_id": "u" * 65},
            },
            ["top_k", "service_tier", "temperature", "metadata.user_id"],
        ),
        (
            "anthropic",
            "openai-responses",
            "gpt-4o",
            {"output_config": {"effort": "low"}, "context_management": {"edits": []}},
            ["context_management", "output_config.effort"],
        ),
        (
            "openai-responses",
            "anthropic",
            "claude-haiku-4-5",
            {"store": False, "truncation": "auto", "reasoning": {"effort": "low"}, "top_p": 0.5},
            ["store", "truncation", "reasoning.effort"],
        ),
        ("openai-responses", "openai", "gpt-4o", {"temperature": 0.5}, []),
        # those that are read for another are named as they were written
        ("anthropic", "openai", "gpt-4.1", {"thinking": {"type": "disabled"}}, ["thinking"]),
        (
            "anthropic",
            "openai",
            "gpt-4.1",
            {
                "thinking": {"type": "enabled", "budget_tokens": 5000},
                "output_config": {"format": None},
            },
            ["thinking"],
        ),
        (
            "anthropic",
            "openai",
            "gpt-4.1",
            {"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}},
            ["output_config.effort"],
        ),
        (
            "openai",
            "anthropic",
            "claude-haiku-4-5",
            {"safety_identifier": "me@x.example"},
            ["safety_identifier"],
        ),
        (
            "openai-responses",
            "anthropic",
            "claude-haiku-4-5",
            {"safety_identifier": "me@x.example", "user": None},
            ["safety_identifier"],
        ),
    ],
)
def test_fields_are_named_in_the_callers_words(dialect, target, model, fields, names):
    assert named(dialect, target, model, **fields) == names


def test_a_name_that_could_not_stand_in_a_header_is_not_told():
    fields = {"x\r\nset-cookie: y": 1, "": 1, "é": 1, "a, b": 1, "n" * 65: 1, "my_field-1": 1}
    assert named("openai", "anthropic", "claude-haiku-4-5", **fields) == ["my_field-1"]


def test_not_more_are_named_than_an_api_could_have():
    many = {f"field_{number}": 1 for number in range(5000)}
    assert len(named("openai", "anthropic", "claude-haiku-4-5", **many)) == 20


@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=lambda dialect: dialect.name)
def test_every_dialect_has_words_for_what_may_be_left_out(dialect: Dialect):
    assert set(TUNED) <= set(dialect.words)
    assert {"model", "stream"} < dialect.read_fields
