"""openai_chat: recorded exchanges, and answers in OpenAI's own words."""

import json
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from headgate.testing.brain import Prompt, ToolUse, Turn
from headgate.testing.dialect import Refused, Reply
from headgate.testing.openai_chat import OpenAIChat
from headgate.values import Usage
from tests.shared import shared_dir

DIALECT = OpenAIChat()

CALL = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
CALLING = {"role": "assistant", "content": None, "tool_calls": [CALL]}
TOOL = {"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}
USER = {"role": "user", "content": "hello"}


def body(*messages, **fields) -> bytes:
    return json.dumps({"model": "small", "messages": messages or [USER], **fields}).encode()


def refused(raw: bytes) -> Refused:
    with pytest.raises(Refused) as caught:
        DIALECT.read(raw)
    assert caught.value.status == 400
    return caught.value


def reply(**fields) -> Reply:
    prompt = Prompt(model="small", system="", turns=(Turn("user", "hi"),), text="hi")
    defaults = {
        "id": "1",
        "created": 7,
        "prompt": prompt,
        "text": "",
        "tools": (),
        "finish": "stop",
        "usage": Usage(input=10, output=5, cache_read=30),
    }
    return Reply(**{**defaults, **fields})


def events(answer: Reply) -> list[dict[str, Any]]:
    raw = b"".join(piece.data for piece in DIALECT.stream(answer)).decode()
    *chunks, done, rest = raw.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(chunk.removeprefix("data: ")) for chunk in chunks]


def test_every_recorded_request_that_openai_took_is_read():
    directory = shared_dir("wire")
    seen = 0
    for path in sorted(directory.glob("chat-*.yaml")):
        for exchange in yaml.safe_load(path.read_text())["interactions"]:
            raw = exchange["request"]["body"].encode()
            status = exchange["response"]["code"]
            if status == 400:
                assert refused(raw).kind == "invalid_request_error"
            else:
                DIALECT.read(raw)
            seen += 1
    assert seen >= 12


def recorded(name: str):
    [exchange] = yaml.safe_load((shared_dir("wire") / f"{name}.yaml").read_text())["interactions"]
    return exchange


def shape(value: object, *, but: tuple[str, ...] = ()) -> object:
    """The names of all fields, without their values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items() if name not in but}
    return [shape(inner) for inner in value[:1]] if isinstance(value, list) else None


def test_an_answer_has_the_fields_of_a_recorded_one():
    theirs = json.loads(recorded("chat-basic")["response"]["body"])
    ours = json.loads(DIALECT.whole(reply(text="hello")))
    theirs["choices"][0]["message"].pop("annotations")  # no model here looks anything up
    ours["choices"][0].pop("logprobs")
    theirs["choices"][0].pop("logprobs", None)
    assert shape(ours) == shape(theirs)


def test_a_tool_call_has_the_fields_of_a_recorded_one():
    theirs = json.loads(recorded("chat-tools")["response"]["body"])["choices"][0]["message"]
    answer = reply(tools=(ToolUse("f", "{}"),), finish="tools")
    ours = json.loads(DIALECT.whole(answer))["choices"][0]["message"]
    assert shape(ours["tool_calls"]) == shape(theirs["tool_calls"])
    assert ours["content"] is theirs["content"] is None


def test_the_last_chunk_has_the_fields_of_a_recorded_one():
    body = recorded("chat-streaming-detailed-usage")["response"]["body"]
    lines = [line for line in body.split("\n") if line.startswith("data: {")]
    theirs = json.loads(lines[-1].removeprefix("data: "))
    ours = events(reply(text="hello"))[-1]
    assert shape(ours) == shape(theirs, but=("obfuscation",))


@pytest.mark.parametrize(
    ("name", "status"), [("chat-unknown-model", 404), ("chat-no-messages", 400)]
)
def test_refusals_have_the_code_of_a_recorded_one(name, status):
    exchange = recorded(name)
    theirs = json.loads(exchange["response"]["body"])["error"]
    assert exchange["response"]["code"] == status
    error = (
        DIALECT.unknown_model("gpt-4.1-nano-wrong")
        if status == 404
        else refused(exchange["request"]["body"].encode())
    )
    ours = json.loads(DIALECT.refusal(error, "r"))["error"]
    assert (error.status, ours["code"], ours["type"]) == (status, theirs["code"], theirs["type"])
    assert ours.keys() == theirs.keys()


def test_a_key_has_to_be_a_bearer_token():
    DIALECT.admit({"authorization": "Bearer anything"}, None)
    DIALECT.admit({"authorization": "Bearer right"}, "right")
    for headers in ({}, {"authorization": "Bearer "}, {"x-api-key": "right"}):
        with pytest.raises(Refused) as caught:
            DIALECT.admit(headers, None)
        assert caught.value.status == 401
    with pytest.raises(Refused) as caught:
        DIALECT.admit({"authorization": "Bearer wrong"}, "right")
    assert caught.value.code == "invalid_api_key"


def test_the_input_count_includes_what_was_cached():
    usage = json.loads(DIALECT.whole(reply(text="hello")))["usage"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (
        40,
        5,
        45,
    )
    assert usage["prompt_tokens_details"]["cached_tokens"] == 30


def test_a_stream_carries_the_text_the_finish_and_the_usage():
    text = "The quick brown fox jumps over the lazy dog, twice at least."
    *chunks, last = events(reply(text=text))
    said = [chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks]
    assert "".join(said) == text
    assert chunks[0]["choices"][0]["delta"]["role"] == "assistant"
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks[-2:]] == [None, "stop"]
    assert all(chunk["usage"] is None for chunk in chunks)
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 45)


def test_a_stream_without_the_option_never_mentions_usage():
    silent = msgspec.structs.replace(reply().prompt, include_usage=False)
    assert all("usage" not in chunk for chunk in events(reply(prompt=silent, text="hello")))


def test_tool_calls_are_the_same_streamed_and_whole():
    uses = (ToolUse("f", '{"city": "Porto", "days": 7, "unit": "celsius"}'), ToolUse("g", "{}"))
    answer = reply(tools=uses, finish="tools")
    whole = json.loads(DIALECT.whole(answer))["choices"][0]
    assert (whole["message"]["content"], whole["finish_reason"]) == (None, "tool_calls")
    streamed: dict[int, dict[str, Any]] = {}
    for chunk in events(answer)[:-1]:
        for call in chunk["choices"][0]["delta"].get("tool_calls", []):
            known = streamed.setdefault(call["index"], {"arguments": ""})
            known["id"] = call.get("id", known.get("id"))
            known["name"] = call["function"].get("name", known.get("name"))
            known["arguments"] += call["function"]["arguments"]
    assert [
        {"id": call["id"], **call["function"]} for call in whole["message"]["tool_calls"]
    ] == list(streamed.values())


def test_an_empty_answer_has_no_choices_but_its_usage():
    empty = json.loads(DIALECT.whole(reply(text="withheld", empty=True)))
    assert (empty["choices"], empty["usage"]["completion_tokens"]) == ([], 5)
    only = events(reply(text="withheld", empty=True))
    assert [chunk["choices"] for chunk in only] == [[]]


def test_every_choice_asked_for_is_given():
    several = msgspec.structs.replace(reply().prompt, choices=3)
    choices = json.loads(DIALECT.whole(reply(prompt=several, text="a")))["choices"]
    assert [choice["index"] for choice in choices] == [0, 1, 2]
    streamed = events(reply(prompt=several, text="a"))[:-1]
    assert {chunk["choices"][0]["index"] for chunk in streamed} == {0, 1, 2}


def test_failures_have_their_status_and_ask_to_wait():
    overloaded = DIALECT.failure("overloaded", 2)
    assert (overloaded.status, overloaded.retry_after) == (503, 2)
    assert DIALECT.failure("rate_limited", 1).status == 429
    assert DIALECT.failure("error", 1).status == 500
    assert DIALECT.unknown_model("huge").code == "model_not_found"


@given(
    st.text(max_size=200),
    st.lists(st.sampled_from(["{}", '{"a": 1}', '{"city": "' + "x" * 90 + '"}']), max_size=3),
)
def test_streamed_and_whole_say_the_same(text, arguments):
    uses = tuple(ToolUse(f"f{index}", argument) for index, argument in enumerate(arguments))
    answer = reply(text=text, tools=uses, finish="tools" if uses else "stop")
    whole = json.loads(DIALECT.whole(answer))
    *chunks, last = events(answer)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    said = "".join(delta.get("content") or "" for delta in deltas)
    assert said == (whole["choices"][0]["message"]["content"] or "")
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    joined = [
        "".join(call["function"]["arguments"] for call in calls if call["index"] == index)
        for index in range(len(uses))
    ]
    assert joined == list(arguments)
    assert last["usage"] == whole["usage"]
    held = sum(piece.characters for piece in DIALECT.stream(answer))
    assert held == len(text) + sum(len(use.name + use.arguments) for use in uses)
