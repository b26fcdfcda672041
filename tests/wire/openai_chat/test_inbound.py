import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.openai_chat.inbound import own_fields, read
from tests.wire.recordings import recorded

HELLO = [{"role": "user", "content": "Hello"}]


def inbound(**fields):
    body = {"model": "auto", "messages": HELLO, **fields}
    return read(json.dumps(body).encode(), {"x-a": "b"})


def test_a_policy_is_told_what_it_may_know():
    found = inbound(
        messages=[
            {"role": "developer", "content": [{"type": "text", "text": "Be brief."}]},
            {
                "role": "user",
                "content": [
                    {"type": "text", "text": "What is"},
                    {"type": "text", "text": "this?"},
                    {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
                ],
            },
        ],
        tools=[{"type": "function", "function": {"name": "f"}}],
        response_format={"type": "json_schema", "json_schema": {"name": "a", "schema": {}}},
        stream=True,
        max_tokens=7,
    )
    ask = found.ask
    assert (ask.model, ask.system, ask.last_user) == ("auto", "Be brief.", "What is\nthis?")
    assert (ask.turns, ask.tools, ask.images) == (1, 1, 1)
    assert (ask.json_schema, ask.stream, ask.max_output) == (True, True, 7)
    assert ask.headers == {"x-a": "b"}
    assert ask.tokens > 1000
    assert (found.dialect, found.stream) == ("openai", True)


def test_the_newer_limit_counts():
    assert inbound(max_tokens=7, max_completion_tokens=9).ask.max_output == 9
    assert inbound(max_tokens=7, max_completion_tokens=None).ask.max_output == 7
    assert inbound().ask.max_output is None


def test_old_functions_count_as_tools_and_json_mode_has_no_schema():
    assert inbound(functions=[{"name": "f"}]).ask.tools == 1
    assert not inbound(response_format={"type": "json_object"}).ask.json_schema


def test_an_empty_answer_is_good_after_a_tool_or_with_stop_sequences():
    tool = {"role": "tool", "tool_call_id": "1", "content": "42"}
    assert inbound(messages=[*HELLO, tool]).quiet
    assert inbound(stop=["x"]).quiet
    assert not inbound().quiet
    assert not inbound(stop=None).quiet
    assert not inbound(stop=[]).quiet


def test_calls_in_the_history_count_by_their_json():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "x" * 400}}
    with_call = inbound(messages=[*HELLO, {"role": "assistant", "tool_calls": [call]}])
    without = inbound(messages=[*HELLO, {"role": "assistant", "content": ""}])
    assert 100 < with_call.ask.tokens - without.ask.tokens < 140


def test_unknown_fields_are_no_fault():
    assert inbound(foo={"bar": [1]}, metadata={"a": "b"}).ask.model == "auto"


@pytest.mark.parametrize(
    ("fields", "param", "code"),
    [
        ({"messages": []}, "messages", "empty_array"),
        ({"messages": {}}, "messages", "invalid_type"),
        ({"messages": None}, "messages", "invalid_type"),
        ({"messages": ["hi"]}, "messages[0]", "invalid_type"),
        ({"messages": [{"content": "hi"}]}, "messages[0].role", "missing_required_parameter"),
        ({"messages": [{"role": "robot"}]}, "messages[0].role", "invalid_value"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content", "invalid_type"),
        (
            {"messages": [{"role": "user", "content": [{"type": 5}]}]},
            "messages[0].content[0].type",
            "invalid_type",
        ),
        ({"model": None}, "model", "invalid_type"),
        ({"stream": "yes"}, "stream", "invalid_type"),
        ({"stream_options": []}, "stream_options", "invalid_type"),
        ({"max_tokens": "many"}, "max_tokens", "invalid_type"),
        ({"max_completion_tokens": 1.5}, "max_completion_tokens", "invalid_type"),
        ({"tools": {}}, "tools", "invalid_type"),
        ({"response_format": "json"}, "response_format", "invalid_type"),
    ],
)
def test_a_fault_names_its_field(fields, param, code):
    with pytest.raises(RequestError) as caught:
        inbound(**fields)
    assert (caught.value.status, caught.value.param, caught.value.code) == (400, param, code)
    assert param in str(caught.value)


def test_missing_messages_are_named():
    with pytest.raises(RequestError, match="Missing required parameter: 'messages'"):
        read(b'{"model": "auto"}', {})


def test_a_stream_is_asked_for_its_usage_and_keeps_its_other_options():
    assert own_fields(inbound()) == {}
    assert own_fields(inbound(stream=True, stream_options={"include_usage": True})) == {}
    assert own_fields(inbound(stream=True)) == {"stream_options": b'{"include_usage":true}'}
    options = {"include_obfuscation": False, "include_usage": False}
    found = own_fields(inbound(stream=True, stream_options=options))
    assert json.loads(found["stream_options"]) == {
        "include_obfuscation": False,
        "include_usage": True,
    }
    nothing = inbound(stream=True, stream_options=None)
    assert own_fields(nothing) == {"stream_options": b'{"include_usage":true}'}


def test_every_recorded_request_is_read_and_its_tokens_are_estimated_within_a_quarter():
    estimated = 0
    for exchange in recorded():
        if exchange.name == "chat-no-messages":
            continue
        found = read(exchange.request, {})
        assert found.stream == exchange.streamed
        if exchange.status == 200 and not exchange.streamed and not found.ask.images:
            real = json.loads(exchange.answer)["usage"]["prompt_tokens"]
            assert abs(found.ask.tokens - real) <= max(2, real / 4)
            estimated += 1
    assert estimated >= 6


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["role", "content", "type", "text", "tool_calls", "image_url", "function"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)
_FIELDS = st.sampled_from(
    ["messages", "stream", "stream_options", "tools", "max_tokens", "response_format", "stop"]
)


@given(st.dictionaries(_FIELDS, _JSON))
def test_any_json_is_read_or_refused(fields):
    with contextlib.suppress(RequestError):
        found = inbound(**fields)
        assert found.ask.tokens >= 0
        own_fields(found)
