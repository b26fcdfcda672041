import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.anthropic_messages.inbound import own_fields, read

HELLO = [{"role": "user", "content": "Hello"}]


def inbound(**fields):
    body = {"model": "auto", "max_tokens": 100, "messages": HELLO, **fields}
    return read(json.dumps(body).encode(), {})


def test_a_policy_is_told_what_it_may_know():
    found = inbound(
        system=[
            {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
            {"type": "text", "text": "Be kind."},
        ],
        messages=[
            {"role": "user", "content": [{"type": "text", "text": "Look:"}, {"type": "image"}]},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "Hm.", "signature": "s"},
                    {"type": "text", "text": "A cat."},
                    {"type": "tool_use", "id": "1", "name": "f", "input": {"a": "x" * 400}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {
                        "type": "tool_result",
                        "tool_use_id": "1",
                        "content": [{"type": "text", "text": "42"}, {"type": "image"}],
                    },
                    {"type": "text", "text": "And now?"},
                ],
            },
        ],
        tools=[{"name": "f", "input_schema": {"type": "object"}}],
        output_config={"format": {"type": "json_schema", "schema": {}}},
        stream=True,
    )
    ask = found.ask
    assert ask.system == "Be brief.\n\nBe kind."
    assert ask.tokens == 2149
    assert (ask.last_user, ask.turns, ask.images, ask.tools) == ("And now?", 2, 2, 1)
    assert (ask.json_schema, ask.stream, ask.max_output) == (True, True, 100)
    assert (found.dialect, found.quiet) == ("anthropic", False)


def test_a_message_that_only_brings_tool_results_is_no_question():
    result = {"type": "tool_result", "tool_use_id": "1", "content": "42"}
    found = inbound(messages=[*HELLO, {"role": "user", "content": [result]}])
    assert (found.ask.turns, found.ask.last_user, found.quiet) == (1, "Hello", True)
    bare = {"type": "tool_result", "tool_use_id": "1"}
    assert inbound(messages=[*HELLO, {"role": "user", "content": [bare]}]).quiet


def test_a_system_message_within_the_conversation_is_system_text():
    found = inbound(system="A", messages=[*HELLO, {"role": "system", "content": "B"}])
    assert found.ask.system == "A\n\nB"


def test_an_empty_list_of_blocks_is_a_turn():
    assert inbound(messages=[{"role": "user", "content": []}]).ask.turns == 1


def test_nothing_is_set_in_the_callers_request():
    assert own_fields(inbound(stream=True)) == {}


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": [{"role": "user"}]}, "messages[0].content", "missing_required_parameter"),
        ({"messages": [{"role": "tool", "content": ""}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 1}]}, "messages[0].content", "invalid_type"),
        ({"system": 5}, "system", "invalid_type"),
        ({"max_tokens": "many"}, "max_tokens", "invalid_type"),
        ({"stream": 1}, "stream", "invalid_type"),
        ({"tools": "all"}, "tools", "invalid_type"),
        ({"output_config": {"format": 1}}, "output_config.format", "invalid_type"),
    ],
)
def test_a_fault_names_its_field(fields, param, code):
    with pytest.raises(RequestError) as caught:
        inbound(**fields)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)


def test_the_limit_is_required():
    with pytest.raises(RequestError, match="Missing required parameter: 'max_tokens'"):
        read(json.dumps({"model": "auto", "messages": HELLO}).encode(), {})


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["role", "content", "type", "text", "input", "source", "tool_result"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(
    st.dictionaries(
        st.sampled_from(["messages", "system", "stream", "tools", "max_tokens", "output_config"]),
        _JSON,
    )
)
def test_any_json_is_read_or_refused(fields):
    with contextlib.suppress(RequestError):
        found = inbound(**fields)
        assert found.ask.tokens >= 0
