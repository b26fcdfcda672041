"""Gemini through its OpenAI-compatible endpoint, where that is not quite OpenAI's.

Shapes after Google's documentation ("OpenAI compatibility", "Thought signatures") and what its
users report: googleapis/python-genai issue 2868, NousResearch/hermes-agent issue 62940.
"""

import json

import pytest

from headgate.values import Usage
from headgate.wire.lane import DIALECTS, Flow, lane, read
from headgate.wire.neutral import Message, Request, Text, ToolCall, ToolResult
from headgate.wire.openai_chat.writing import write
from tests.wire.recordings import Json, openai_stream

HI = [{"role": "user", "content": "Hi"}]
MESSAGES = json.dumps({"model": "auto", "max_tokens": 9, "messages": HI}).encode()
USAGE = {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 40}
ERROR = {"code": 429, "message": "Quota exceeded.", "status": "RESOURCE_EXHAUSTED"}


def call(city: str, *, id: str = "", index: int | None = 0) -> Json:  # noqa: A002
    function = {"name": "weather", "arguments": json.dumps({"city": city})}
    extra = {"google": {"thought_signature": "CsQB"}}
    found = {"id": id, "type": "function", "function": function, "extra_content": extra}
    return found if index is None else {**found, "index": index}


def chunk(finish: str | None = None, **delta) -> Json:
    choice = {"index": 0, "delta": {"role": "assistant", **delta}, "finish_reason": finish}
    return {"id": "g1", "model": "gemini-3-flash", "choices": [choice], "usage": USAGE}


def flow_of(*chunks: Json) -> tuple[Flow, list[Json]]:
    flow = lane(read("anthropic", MESSAGES, {}), "openai", at=1).flow()
    out = flow.feed(openai_stream(*chunks)).decode()
    return flow, [json.loads(line[6:]) for line in out.split("\n") if line.startswith("data: ")]


def calls_of(events: list[Json]) -> list[str]:
    starts = [event for event in events if event["type"] == "content_block_start"]
    return [
        "".join(
            event["delta"]["partial_json"]
            for event in events
            if event["type"] == "content_block_delta" and event["index"] == start["index"]
        )
        for start in starts
    ]


TWO = ['{"city": "Porto"}', '{"city": "Rome"}']


@pytest.mark.parametrize("ids", [("a", "b"), ("", "")])
@pytest.mark.parametrize("index", [0, None])
def test_parallel_calls_that_share_an_index_are_kept_apart(ids, index):
    first, second = call("Porto", id=ids[0], index=index), call("Rome", id=ids[1], index=index)
    for chunks in (
        [chunk(tool_calls=[first]), chunk(tool_calls=[second])],
        [chunk(tool_calls=[first, second])],
    ):
        flow, events = flow_of(*chunks, chunk("stop"))
        assert calls_of(events) == TWO
        assert flow.finish == "tool_calls"
        ids_out = [
            event["content_block"]["id"]
            for event in events
            if event["type"] == "content_block_start"
        ]
        assert len(set(ids_out)) == 2


def test_a_name_repeated_with_each_delta_is_one_call():
    head = {"index": 0, "id": "a", "type": "function"}
    pieces = [
        {**head, "function": {"name": "weather", "arguments": text}}
        for text in ('{"city": ', '"Porto"}', "")
    ]
    _, events = flow_of(*[chunk(tool_calls=[piece]) for piece in pieces], chunk("tool_calls"))
    assert calls_of(events) == TWO[:1]


def test_the_end_of_a_stream_with_calls_says_so_though_it_is_told_as_stop():
    _, events = flow_of(chunk(tool_calls=[call("Porto", id="a")]), chunk("stop"))
    (delta,) = [event for event in events if event["type"] == "message_delta"]
    assert delta["delta"]["stop_reason"] == "tool_use"


def test_thinking_that_only_the_total_holds_is_billed_as_output():
    flow, _ = flow_of(chunk("stop", content="Hi"))
    assert flow.usage == Usage(input=10, output=30, reasoning=25)


def test_a_filter_with_its_reason_is_a_refusal():
    flow, _ = flow_of(chunk("content_filter: PROHIBITED_CONTENT", content="I"))
    assert flow.finish == "refusal"


def test_an_error_in_an_array_is_told_in_the_callers_shape():
    for caller, body in (
        ("anthropic", MESSAGES),
        ("openai", json.dumps({"model": "auto", "messages": HI}).encode()),
    ):
        way = lane(read(caller, body, {}), "openai", at=1)
        told = way.error(429, json.dumps([{"error": ERROR}]).encode())
        assert DIALECTS[caller].is_problem(told)
        assert json.loads(told)["error"]["message"] == "Quota exceeded."


def test_an_error_in_an_array_within_a_stream_is_an_error():
    flow = lane(read("anthropic", MESSAGES, {}), "openai", at=1).flow()
    flow.feed(b"data: " + json.dumps([{"error": ERROR}]).encode() + b"\n\n")
    assert flow.error == "Quota exceeded."


LOOP = Request(
    messages=(
        Message("user", (Text("Hi"),)),
        Message("assistant", (ToolCall("a", "f", "{}"), ToolCall("b", "f", "{}"))),
        Message("user", (ToolResult("a"), ToolResult("b"))),
        Message("assistant", (Text("So."), ToolCall("c", "f", "{}"))),
        Message("user", (ToolResult("c"),)),
    )
)


@pytest.mark.parametrize(
    ("model", "signed"),
    [
        ("gemini-3-flash-preview", True),
        ("google/gemini-3.5-flash", True),
        ("gemini-2.5-flash", False),
        ("gpt-5", False),
    ],
)
def test_the_first_call_of_each_turn_says_that_it_has_no_signature(model, signed):
    messages = json.loads(write(LOOP, model))["messages"]
    calls = [message["tool_calls"] for message in messages if "tool_calls" in message]
    marks = [["extra_content" in one for one in turn] for turn in calls]
    assert marks == ([[True, False], [True]] if signed else [[False, False], [False]])
    if signed:
        mark = calls[0][0]["extra_content"]["google"]["thought_signature"]
        assert mark == "skip_thought_signature_validator"


def test_a_callers_own_signatures_pass_through_in_the_same_dialect():
    history = [*HI, {"role": "assistant", "tool_calls": [call("Porto", id="a")]}]
    body = json.dumps({"model": "auto", "messages": history}).encode()
    assert b'"thought_signature": "CsQB"' in lane(read("openai", body, {}), "openai", at=1).request(
        "gemini-3-flash"
    )
