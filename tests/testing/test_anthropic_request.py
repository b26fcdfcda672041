"""anthropic_request: strict reading of Messages requests, and of those for a count."""

import json

import pytest

from headgate.testing.brain import Prefix, Turn
from headgate.testing.dialect import Refused
from tests.testing.test_anthropic_messages import (
    ASSISTANT,
    CACHED,
    DIALECT,
    RESULT,
    TOOL,
    USE,
    USER,
    assistant,
    body,
    refused,
    thinking_reply,
    user,
)


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
