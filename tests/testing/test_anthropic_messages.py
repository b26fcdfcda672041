"""anthropic_messages: strict reading of Messages requests, and answers in Anthropic's own words."""

import json
from typing import Any

import pytest
from anthropic.types import Message, RawMessageStreamEvent
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from headgate.testing.anthropic_messages import AnthropicMessages
from headgate.testing.brain import Prefix, Prompt, ToolUse, Turn
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


def test_a_whole_conversation_is_read():
    prompt = DIALECT.read(
        body(USER, assistant(USE), user(RESULT), system="be kind", tools=[TOOL], max_tokens=7)
    )
    assert (prompt.system, prompt.max_tokens, prompt.stream) == ("be kind", 7, False)
    assert [turn.role for turn in prompt.turns] == ["user", "assistant", "tool"]
    assert prompt.text == 'fd{"type":"object"}be kindhellof{"a":1}42'
    assert prompt.last_user == "hello"


def test_a_result_with_words_of_the_user_is_a_user_turn():
    text = {"type": "text", "text": "and now?"}
    prompt = DIALECT.read(body(USER, assistant(USE), user(RESULT, text), tools=[TOOL]))
    assert prompt.turns[-1] == Turn("user", "42\nand now?")


def test_images_count_but_are_no_text():
    inside = {**RESULT, "content": [{"type": "image", "source": {"type": "url", "url": "u"}}]}
    data = {"type": "base64", "media_type": "image/png", "data": "AAAA"}
    prompt = DIALECT.read(
        body(user({"type": "image", "source": data}), assistant(USE), user(inside), tools=[TOOL])
    )
    assert prompt.images == 2


def test_cache_breakpoints_mark_prefixes_in_the_order_tools_system_messages():
    hour = {"cache_control": {"type": "ephemeral", "ttl": "1h"}}
    prompt = DIALECT.read(
        body(
            user({"type": "text", "text": "hello", **CACHED}, {"type": "text", "text": " you"}),
            system=[{"type": "text", "text": "be kind", **hour}],
            tools=[{**TOOL, **CACHED}],
        )
    )
    head = 'fd{"type":"object"}'
    assert prompt.prefixes == (
        Prefix(head, "5m"),
        Prefix(head + "be kind", "1h"),
        Prefix(head + "be kindhello", "5m"),
    )
    assert prompt.text == head + "be kindhello you"


def test_the_tool_choice_reaches_the_prompt():
    assert DIALECT.read(body(tools=[TOOL], tool_choice={"type": "any"})).must_call == ""
    one = {"type": "tool", "name": "f"}
    assert DIALECT.read(body(tools=[TOOL], tool_choice=one)).must_call == "f"
    assert DIALECT.read(body(tools=[TOOL], tool_choice={"type": "none"})).tools == ()
    assert DIALECT.read(body(tools=[TOOL], tool_choice={"type": "auto"})).must_call is None


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (body(max_tokens=None), "max_tokens: Field required"),
        (body(max_tokens=0), "max_tokens: Expected `int` >= 1"),
        (body(model=None), "model: Field required"),
        (b'{"model": "m", "max_tokens": 1, "messages": []}', "at least one message"),
        (body(temperature=1.5), "temperature: "),
        (body(frequency_penalty=1), "frequency_penalty: Extra inputs are not permitted"),
        (body({"role": "system", "content": "x"}), "messages[0].role: Invalid enum value"),
        (body(USER, USER), "messages.1: roles must alternate"),
        (body(ASSISTANT), "messages.0: roles must alternate"),
        (body(USER, ASSISTANT, ASSISTANT), "messages.2: roles must alternate"),
        (
            body({"role": "user", "content": ""}),
            "messages.0: text content blocks must be non-empty",
        ),
        (body({"role": "user", "content": "  \n"}), "must be non-empty"),
        (body(user()), "must have non-empty content"),
        (body(USER, {"role": "assistant", "content": "well "}), "trailing whitespace"),
        (body(user(USE)), "only be in assistant messages"),
        (body(USER, assistant(RESULT)), "tool_result blocks can only be in user messages"),
        (body(user(RESULT)), "must answer tool_use blocks of the message before"),
        (
            body(USER, assistant(USE), USER),
            "tool_use ids were found without tool_result blocks: t1",
        ),
        (body(USER, assistant(USE)), "tool_use ids were found without"),
        (body(USER, assistant(USE), user(RESULT, RESULT)), "a single result"),
        (
            body(USER, assistant(USE), user({"type": "text", "text": "so"}, RESULT)),
            "come before all other content",
        ),
        (body(tool_choice={"type": "any"}), "only be given together with tools"),
        (body(tools=[TOOL], tool_choice={"type": "tool", "name": "g"}), "'g' is not in tools"),
        (body(tools=[{"name": "f"}]), "tools[0].input_schema: Field required"),
        (b"{", "not valid JSON"),
        (b'{"model": "\xff"}', "not valid JSON"),
    ],
)
def test_off_spec_requests_are_refused_in_words_that_name_the_place(raw, words):
    assert words in refused(raw)


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


def test_thinking_is_taken_back_by_the_model_that_signed_it_alone():
    content = json.loads(DIALECT.whole(thinking_reply()))["content"]
    history = [USER, assistant(*content), USER]
    assert DIALECT.read(body(*history)).turns[1] == Turn("assistant", "Hi")
    assert "Invalid `signature`" in refused(body(*history, model="large"))
    assert "assistant messages" in refused(body(user(content[0])))


def test_a_budget_of_thinking_wants_it_in_the_middle_of_a_tool_loop():
    loop = [USER, assistant(USE), user(RESULT)]
    budget = {"type": "enabled", "budget_tokens": 1024}
    assert "must start with a thinking block" in refused(body(*loop, thinking=budget))
    assert DIALECT.read(body(*loop, thinking={"type": "adaptive"})).thinking


def test_tokens_are_counted_without_a_limit_for_the_answer():
    raw = json.dumps({"model": "small", "messages": [USER], "system": "four"}).encode()
    assert json.loads(DIALECT.counted(DIALECT.count(raw))) == {"input_tokens": 3}
    with pytest.raises(Refused):
        DIALECT.count(body(USER))
