"""anthropic_messages: answers, streams and errors in Anthropic's own words."""

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from headgate.testing.anthropic_messages import AnthropicMessages
from headgate.testing.brain import Prompt, ToolUse, Turn
from headgate.testing.dialect import Refused, Reply
from headgate.values import Usage

DIALECT = AnthropicMessages()

USER = {"role": "user", "content": "hello"}
ASSISTANT = {"role": "assistant", "content": "yes?"}
USE = {"type": "tool_use", "id": "t1", "name": "f", "input": {"a": 1}}
RESULT = {"type": "tool_result", "tool_use_id": "t1", "content": "42"}
TOOL = {"name": "f", "description": "d", "input_schema": {"type": "object"}}
CACHED = {"cache_control": {"type": "ephemeral"}}


def body(*messages, **fields) -> bytes:
    whole = {"model": "small", "max_tokens": 100, "messages": messages or [USER], **fields}
    return json.dumps({name: value for name, value in whole.items() if value is not None}).encode()


def user(*blocks) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def assistant(*blocks) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def refused(raw: bytes) -> str:
    with pytest.raises(Refused) as caught:
        DIALECT.read(raw)
    assert (caught.value.status, caught.value.kind) == (400, "invalid_request_error")
    return caught.value.message


def reply(**fields) -> Reply:
    prompt = Prompt(model="small", system="", turns=(Turn("user", "hi"),), text="hi")
    defaults = {
        "id": "1",
        "created": 7,
        "prompt": prompt,
        "text": "",
        "tools": (),
        "finish": "stop",
        "usage": Usage(10, 5, 30, 20, 4),
    }
    return Reply(**{**defaults, **fields})


def events(answer: Reply) -> list[dict[str, Any]]:
    found = []
    for piece in DIALECT.stream(answer):
        first, second, *rest = piece.data.decode().split("\n")
        assert rest == ["", ""]
        data = json.loads(second.removeprefix("data: "))
        assert first == f"event: {data['type']}"
        found.append(data)
    return found


def test_a_key_and_a_version_are_needed():
    version = {"anthropic-version": "2023-06-01"}
    DIALECT.admit({"x-api-key": "any", **version}, None)
    DIALECT.admit({"authorization": "Bearer right", **version}, "right")
    for headers, key, status in [
        (version, None, 401),
        ({"x-api-key": "wrong", **version}, "right", 401),
        ({"x-api-key": "right"}, "right", 400),
    ]:
        with pytest.raises(Refused) as caught:
            DIALECT.admit(headers, key)
        assert caught.value.status == status


def test_an_error_has_anthropics_shape():
    shape = json.loads(DIALECT.refusal(DIALECT.unknown_model("huge"), "req_1"))
    assert shape == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "model: huge"},
        "request_id": "req_1",
    }


def test_token_kinds_are_stated_apart():
    usage = json.loads(DIALECT.whole(reply(text="hello")))["usage"]
    assert (usage["input_tokens"], usage["output_tokens"]) == (10, 5)
    assert (usage["cache_read_input_tokens"], usage["cache_creation_input_tokens"]) == (30, 24)
    assert usage["cache_creation"] == {
        "ephemeral_5m_input_tokens": 20,
        "ephemeral_1h_input_tokens": 4,
    }


def test_a_stream_has_the_real_sequence_of_events():
    text = "The quick brown fox jumps over the lazy dog, twice at least."
    found = events(reply(text=text))
    kinds = [event["type"] for event in found]
    assert kinds[:3] == ["message_start", "content_block_start", "ping"]
    assert set(kinds[3:-3]) == {"content_block_delta"}
    assert kinds[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert "".join(event["delta"]["text"] for event in found[3:-3]) == text
    start, delta = found[0]["message"], found[-2]
    assert (start["stop_reason"], start["content"]) == (None, [])
    assert (start["usage"]["input_tokens"], start["usage"]["output_tokens"]) == (10, 1)
    assert (delta["delta"]["stop_reason"], delta["usage"]) == ("end_turn", {"output_tokens": 5})


def test_tool_calls_are_the_same_streamed_and_whole():
    uses = (ToolUse("f", '{"city": "Porto", "days": 7, "unit": "celsius"}'), ToolUse("g", "{}"))
    answer = reply(text="Let me see.", tools=uses, finish="tools")
    whole = json.loads(DIALECT.whole(answer))
    assert whole["stop_reason"] == "tool_use"
    blocks: dict[int, dict[str, Any]] = {}
    parts: dict[int, str] = {}
    for event in events(answer):
        if event["type"] == "content_block_start":
            blocks[event["index"]] = event["content_block"]
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            text = delta.get("text", delta.get("partial_json"))
            parts[event["index"]] = parts.get(event["index"], "") + text
    blocks[0]["text"] = parts[0]
    for index in (1, 2):
        blocks[index]["input"] = json.loads(parts[index])
    assert list(blocks.values()) == whole["content"]


def test_an_empty_answer_has_no_content_but_its_usage():
    empty = json.loads(DIALECT.whole(reply(text="withheld", empty=True)))
    assert (empty["content"], empty["usage"]["output_tokens"]) == ([], 5)
    kinds = [event["type"] for event in events(reply(text="withheld", empty=True))]
    assert kinds == ["message_start", "message_delta", "message_stop"]


def test_a_cut_answer_says_so():
    assert (
        json.loads(DIALECT.whole(reply(text="he", finish="length")))["stop_reason"] == "max_tokens"
    )


def test_failures_have_their_status_and_ask_to_wait():
    overloaded = DIALECT.failure("overloaded", 2)
    assert (overloaded.status, overloaded.kind, overloaded.retry_after) == (
        529,
        "overloaded_error",
        2,
    )
    assert DIALECT.failure("rate_limited", 1).status == 429
    assert DIALECT.failure("error", 1).status == 500


EVENT: TypeAdapter[RawMessageStreamEvent] = TypeAdapter(RawMessageStreamEvent)


def test_the_official_sdks_types_accept_every_part_of_an_answer():
    uses = (ToolUse("f", '{"city": "Porto"}'),)
    for answer in (
        reply(text="hello"),
        reply(text="hello", tools=uses, finish="tools"),
        reply(text="hel", finish="length"),
        reply(text="withheld", empty=True),
    ):
        message = Message.model_validate_json(DIALECT.whole(answer))
        assert message.usage.output_tokens == 5
        for event in events(answer):
            if event["type"] != "ping":  # the SDK drops it before its types see it
                assert EVENT.validate_python(event).type == event["type"]


@given(
    st.text(max_size=200),
    st.lists(st.sampled_from(["{}", '{"a": 1}', '{"city": "' + "x" * 90 + '"}']), max_size=3),
)
def test_streamed_and_whole_say_the_same(text, arguments):
    uses = tuple(ToolUse(f"f{index}", argument) for index, argument in enumerate(arguments))
    answer = reply(text=text, tools=uses, finish="tools" if uses else "stop")
    whole = json.loads(DIALECT.whole(answer))
    said: list[str] = []
    for event in events(answer):
        if event["type"] == "content_block_start":
            assert event["index"] == len(said)
            said.append("")
        elif event["type"] == "content_block_delta":
            delta = event["delta"]
            said[event["index"]] += delta.get("text", delta.get("partial_json"))
    assert [
        block["text"] if block["type"] == "text" else block["input"] for block in whole["content"]
    ] == [*([text] if text else []), *map(json.loads, arguments)]
    assert said == [*([text] if text else []), *arguments]


def test_the_models_are_a_page():
    page = json.loads(DIALECT.models(("a", "b")))
    assert (page["first_id"], page["last_id"], page["has_more"]) == ("a", "b", False)
    assert json.loads(DIALECT.models(()))["first_id"] is None


def thinking_reply(model: str = "small") -> Reply:
    prompt = Prompt(model=model, system="", turns=(Turn("user", "hi"),), text="hi", thinking=True)
    return reply(prompt=prompt, text="Hi")


@pytest.mark.parametrize("kind", ["enabled", "adaptive"])
def test_thinking_comes_first_and_signed_where_it_is_asked_for(kind):
    assert DIALECT.read(body(thinking={"type": kind, "budget_tokens": 1024})).thinking
    assert not DIALECT.read(body(thinking={"type": "disabled"})).thinking
    thought, said = json.loads(DIALECT.whole(thinking_reply()))["content"]
    assert (thought["type"], said["text"]) == ("thinking", "Hi")
    deltas = [event["delta"] for event in events(thinking_reply()) if "delta" in event]
    assert deltas[0] == {"type": "thinking_delta", "thinking": thought["thinking"]}
    assert deltas[1] == {"type": "signature_delta", "signature": thought["signature"]}
