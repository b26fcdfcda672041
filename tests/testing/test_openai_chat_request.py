"""openai_chat_request: strict reading of chat completions."""

import json

import pytest

from tests.testing.test_openai_chat import CALLING, DIALECT, TOOL, USER, body, refused


def test_roles_are_sorted_into_system_and_turns():
    prompt = DIALECT.read(
        body(
            {"role": "system", "content": "be kind"},
            {"role": "developer", "content": [{"type": "text", "text": "be brief"}]},
            USER,
            CALLING,
            {"role": "tool", "tool_call_id": "c1", "content": "42"},
            tools=[TOOL],
        )
    )
    assert prompt.system == "be kind\nbe brief"
    assert [turn.role for turn in prompt.turns] == ["user", "assistant", "tool"]
    assert prompt.last_user == "hello"
    assert prompt.text == 'f{"type":"object"}be kindbe briefhello42f{}'
    assert [tool.name for tool in prompt.tools] == ["f"]


def test_images_count_but_are_no_text():
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    prompt = DIALECT.read(
        body({"role": "user", "content": [{"type": "text", "text": "what?"}, picture, picture]})
    )
    assert (prompt.text, prompt.images, prompt.input_tokens) == ("what?", 2, 2 + 512)


def test_options_reach_the_prompt():
    prompt = DIALECT.read(
        body(
            stream=True,
            stream_options={"include_usage": True},
            max_completion_tokens=9,
            n=2,
            tools=[TOOL],
            tool_choice={"type": "function", "function": {"name": "f"}},
        )
    )
    assert (prompt.stream, prompt.include_usage, prompt.max_tokens) == (True, True, 9)
    assert (prompt.choices, prompt.must_call) == (2, "f")
    assert DIALECT.read(body(stream=True)).include_usage is False
    assert DIALECT.read(body(tools=[TOOL], tool_choice="required")).must_call == ""
    assert DIALECT.read(body(tools=[TOOL], tool_choice="none")).tools == ()


@pytest.mark.parametrize(
    ("raw", "param", "code"),
    [
        (b'{"model": "small"}', "messages", "missing_required_parameter"),
        (b'{"messages": []}', "model", "missing_required_parameter"),
        (b'{"model": "small", "messages": []}', "messages", "empty_array"),
        (body(x_headgate=1), "x_headgate", "unknown_parameter"),
        (body(max_tokens=0), "max_tokens", "invalid_value"),
        (body(temperature=3), "temperature", "invalid_value"),
        (body({"role": "user", "content": None}), "messages[0].content", "invalid_value"),
        (body({"role": "robot", "content": ""}), "messages[0].role", "invalid_value"),
        (body(stream_options={"include_usage": True}), "stream_options", None),
        (body(max_tokens=5, max_completion_tokens=5), "max_tokens", None),
        (body(tool_choice="auto"), "tool_choice", None),
        (body(tools=[]), "tools", "invalid_value"),
        (
            body(tools=[TOOL], tool_choice={"type": "function", "function": {"name": "g"}}),
            "tool_choice",
            None,
        ),
        (body({"role": "assistant", "content": None}), "messages.[0].content", None),
    ],
)
def test_off_spec_requests_are_refused_with_the_field_at_fault(raw, param, code):
    error = refused(raw)
    assert (error.param, error.code) == (param, code)
    assert json.loads(DIALECT.refusal(error, "r"))["error"]["param"] == param


@pytest.mark.parametrize("raw", [b"", b"{", b"\xff\xfe", b'{"model": "\xff"}'])
def test_what_is_no_json_is_refused(raw):
    assert "JSON" in refused(raw).message


def test_tool_calls_and_their_results_belong_together():
    result = {"role": "tool", "tool_call_id": "c1", "content": "42"}
    DIALECT.read(body(USER, CALLING, result, tools=[TOOL]))
    assert "must answer" in refused(body(USER, result)).message
    assert "c1" in refused(body(USER, CALLING, USER)).message
    assert "must be followed" in refused(body(USER, CALLING)).message
    other = {**result, "tool_call_id": "c2"}
    assert "must answer" in refused(body(USER, CALLING, other)).message
