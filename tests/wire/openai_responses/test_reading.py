import json

import pytest

from headgate.errors import RequestError
from headgate.wire.neutral import (
    File,
    Image,
    JsonFormat,
    Message,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from headgate.wire.openai_responses import inbound
from headgate.wire.openai_responses.reading import read

PNG = "data:image/png;base64,aGk="
SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}


def request(items="Hi", **fields) -> Request:
    body = json.dumps({"model": "auto", "input": items, **fields}).encode()
    return read(inbound.read(body, {}), "anthropic")


def refused(items="Hi", **fields) -> RequestError:
    with pytest.raises(RequestError) as caught:
        request(items, **fields)
    return caught.value


def test_text_alone_is_the_users_turn():
    assert request("Hi") == Request(messages=(Message("user", (Text("Hi"),)),))


def test_a_tool_loop_becomes_turns_and_reasoning_is_left_out():
    found = request(
        [
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "Look."},
            {"type": "reasoning", "id": "rs_1", "summary": [], "encrypted_content": "gAAA"},
            {
                "type": "message",
                "role": "assistant",
                "content": [
                    {"type": "output_text", "text": "I look."},
                    {"type": "refusal", "refusal": "Not there."},
                ],
            },
            {"type": "function_call", "id": "fc", "call_id": "a", "name": "f", "arguments": "{}"},
            {"type": "function_call", "call_id": "b", "name": "g", "arguments": '{"x":1}'},
            {"type": "function_call_output", "call_id": "a", "output": "A"},
            {
                "type": "function_call_output",
                "call_id": "b",
                "output": [
                    {"type": "input_text", "text": "B"},
                    {"type": "input_image", "image_url": PNG},
                ],
            },
            {"role": "developer", "content": "Now be brief."},
            {"role": "user", "content": "And?"},
        ],
        instructions="You help.",
    )
    assert found.system == "You help.\n\nBe kind."
    assert found.messages == (
        Message("user", (Text("Look."),)),
        Message(
            "assistant",
            (
                Text("I look."),
                Refusal("Not there."),
                ToolCall("a", "f", "{}"),
                ToolCall("b", "g", '{"x":1}'),
            ),
        ),
        Message(
            "user",
            (
                ToolResult("a", (Text("A"),)),
                ToolResult("b", (Text("B"), Image(data="aGk=", media_type="image/png"))),
            ),
        ),
        Message("system", (Text("Now be brief."),)),
        Message("user", (Text("And?"),)),
    )


def test_images_and_files_are_read_from_urls_and_data():
    content = [
        {"type": "input_image", "image_url": "https://h/a.png", "detail": "high"},
        {
            "type": "input_file",
            "filename": "a.pdf",
            "file_data": "data:application/pdf;base64,aGk=",
        },
        {"type": "input_file", "filename": "a.txt", "file_data": "data:text/plain;base64,aGk="},
        {"type": "input_file", "file_url": "https://h/b.pdf"},
    ]
    (message,) = request([{"role": "user", "content": content}]).messages
    assert message.parts == (
        Image(url="https://h/a.png"),
        File(data="aGk=", media_type="application/pdf", name="a.pdf"),
        File(text="hi", media_type="text/plain", name="a.txt"),
        File(url="https://h/b.pdf"),
    )


def test_the_settings_are_read():
    found = request(
        tools=[
            {"type": "function", "name": "f", "parameters": SCHEMA, "description": "Does f."},
            {"type": "function", "name": "g", "parameters": {"type": "object"}},
            {"type": "function", "name": "h", "parameters": SCHEMA, "strict": False},
        ],
        tool_choice={"type": "function", "name": "f"},
        parallel_tool_calls=False,
        max_output_tokens=50,
        temperature=0.5,
        top_p=0.9,
        reasoning={"effort": "high", "summary": "auto"},
        text={"format": {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}},
        user="u",
        stream=True,
        store=True,
        metadata={"a": "b"},
        include=["reasoning.encrypted_content"],
        truncation="auto",
    )
    assert found.tools == (
        Tool("f", SCHEMA, "Does f.", strict=True),
        Tool("g", {"type": "object"}, strict=False),
        Tool("h", SCHEMA, strict=False),
    )
    assert found.tool_choice == ToolChoice("tool", "f")
    assert found.format == JsonFormat(SCHEMA, "n", strict=True)
    assert (found.parallel, found.max_tokens, found.effort) == (False, 50, "high")
    assert (found.temperature, found.top_p, found.user, found.stream) == (0.5, 0.9, "u", True)


def test_tools_are_narrowed_to_those_allowed():
    found = request(
        tools=[{"type": "function", "name": name} for name in "fgh"],
        tool_choice={
            "type": "allowed_tools",
            "mode": "required",
            "tools": [{"type": "function", "name": "g"}],
        },
    )
    assert [tool.name for tool in found.tools] == ["g"]
    assert found.tool_choice == ToolChoice("required")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (None, None),
        ({"verbosity": "low"}, None),
        ({"format": {"type": "text"}}, None),
        ({"format": {"type": "json_object"}}, JsonFormat()),
    ],
)
def test_the_form_of_the_text_is_read(text, wanted):
    assert request(text=text).format == wanted


LOST = [
    ({"previous_response_id": "r"}, "previous_response_id"),
    ({"conversation": {"id": "c"}}, "conversation"),
    ({"prompt": {"id": "p"}}, "prompt"),
    ({"background": True}, "background"),
    ({"top_logprobs": 2}, "top_logprobs"),
    ({"include": ["message.output_text.logprobs"]}, "include"),
    ({"tools": [{"type": "web_search"}]}, "tools[0]"),
    ({"tools": [{"type": "custom", "name": "patch"}]}, "tools[0]"),
    ({"tools": [{"type": "mcp", "server_label": "s"}]}, "tools[0]"),
    ({"tool_choice": {"type": "file_search"}}, "tool_choice"),
]


@pytest.mark.parametrize(("fields", "param"), LOST)
def test_what_another_dialect_cannot_say_is_refused_by_name(fields, param):
    error = refused(**fields)
    assert (error.param, error.code) == (param, "unsupported_parameter")
    assert error.fix


ITEMS = [
    ({"type": "item_reference", "id": "msg_1"}, "input[0]"),
    ({"type": "web_search_call", "id": "ws_1"}, "input[0]"),
    ({"type": "custom_tool_call", "call_id": "c"}, "input[0]"),
    (
        {"role": "user", "content": [{"type": "input_image", "file_id": "f"}]},
        "input[0].content[0].file_id",
    ),
    (
        {"role": "user", "content": [{"type": "input_audio", "text": ""}]},
        "input[0].content[0]",
    ),
    (
        {"role": "assistant", "content": [{"type": "output_audio", "text": ""}]},
        "input[0].content[0]",
    ),
]


@pytest.mark.parametrize(("item", "param"), ITEMS)
def test_items_of_other_kinds_are_refused_by_their_place(item, param):
    assert refused([item]).param == param


def test_a_call_without_its_name_is_malformed():
    assert refused([{"type": "function_call", "call_id": "c"}]).param == "input[0].name"


def test_a_data_url_that_is_none_is_malformed():
    error = refused([{"role": "user", "content": [{"type": "input_image", "image_url": "data:x"}]}])
    assert error.param == "input[0].content[0].image_url"
