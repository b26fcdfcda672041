import base64
import json

import pytest

from headgate.errors import RequestError
from headgate.wire.inbound import Inbound
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
from headgate.wire.openai_chat import inbound, reading
from tests.wire.recordings import Json

HELLO = {"role": "user", "content": "Hello"}


def request(*messages, **fields) -> Request:
    body = {"model": "auto", "messages": messages or [HELLO], **fields}
    found: Inbound = inbound.read(json.dumps(body).encode(), {})
    return reading.read(found, "anthropic")


def lost(*messages, **fields) -> RequestError:
    with pytest.raises(RequestError) as caught:
        request(*messages, **fields)
    assert caught.value.status == 400
    return caught.value


def test_leading_instructions_are_the_system_prompt():
    found = request(
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": [{"type": "text", "text": "Be kind."}]},
        {"role": "system", "content": ""},
        HELLO,
        {"role": "system", "content": "Now in French."},
    )
    assert found.system == "Be brief.\n\nBe kind."
    assert found.messages == (
        Message("user", (Text("Hello"),)),
        Message("system", (Text("Now in French."),)),
    )


def test_a_tool_loop_becomes_calls_and_results():
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}},
        {"id": "b", "type": "function", "function": {"name": "g", "arguments": ""}},
    ]
    found = request(
        HELLO,
        {"role": "assistant", "content": "One moment.", "tool_calls": calls},
        {"role": "tool", "tool_call_id": "a", "content": "1"},
        {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
        {"role": "user", "content": "And?"},
    )
    assert found.messages[1:] == (
        Message(
            "assistant",
            (Text("One moment."), ToolCall("a", "f", '{"x":1}'), ToolCall("b", "g", "")),
        ),
        Message(
            "user",
            (ToolResult("a", (Text("1"),)), ToolResult("b", (Text("2"),)), Text("And?")),
        ),
    )


def test_an_empty_tool_result_has_no_parts():
    assert request(HELLO, {"role": "tool", "tool_call_id": "a", "content": ""}).messages == (
        Message("user", (ToolResult("a"), Text("Hello"))),
    )


def test_a_refusal_in_the_history_is_kept():
    found = request(HELLO, {"role": "assistant", "content": None, "refusal": "No."}, HELLO)
    assert found.messages[1] == Message("assistant", (Refusal("No."),))
    part = {"type": "refusal", "refusal": "No."}
    again = request(HELLO, {"role": "assistant", "content": [part]}, HELLO)
    assert again.messages[1] == Message("assistant", (Refusal("No."),))


def user_parts(*parts):
    return request({"role": "user", "content": list(parts)}).messages[0].parts


def image(url):
    return {"type": "image_url", "image_url": {"url": url, "detail": "low"}}


def file(**fields):
    return {"type": "file", "file": fields}


def test_images_come_as_data_or_as_a_url():
    assert user_parts(image("data:image/png;base64,iVBO"), image("https://x/y.png")) == (
        Image(data="iVBO", media_type="image/png"),
        Image(url="https://x/y.png"),
    )
    assert user_parts(image("data:image/jpg;base64,/9j/")) == (
        Image(data="/9j/", media_type="image/jpeg"),
    )


def test_files_come_as_data():
    assert user_parts(file(file_data="data:application/pdf;base64,JVBE", filename="a.pdf")) == (
        File(data="JVBE", media_type="application/pdf", name="a.pdf"),
    )
    assert user_parts(file(file_data="JVBE")) == (File(data="JVBE", media_type="application/pdf"),)


def test_a_text_file_is_its_text():
    data = base64.b64encode("Grüße".encode()).decode()
    assert user_parts(file(file_data=f"data:text/markdown;base64,{data}", filename="a.md")) == (
        File(text="Grüße", media_type="text/plain", name="a.md"),
    )


@pytest.mark.parametrize(
    ("part", "param"),
    [
        (image("data:image/png,iVBO"), "image_url.url"),
        (image("data:image/png;base64"), "image_url.url"),
        (file(file_data="data:text/plain;base64,????"), "file.file_data"),
        (file(file_data="data:text/plain;base64,/w=="), "file.file_data"),
        (file(file_id="file-1"), "file.file_id"),
    ],
)
def test_a_part_that_cannot_be_read_is_named(part, param):
    error = lost({"role": "user", "content": [part]})
    assert error.param == f"messages[0].content[0].{param}"


def test_the_options_are_read():
    found = request(
        temperature=0.5,
        top_p=0.9,
        stop=["a", "", "b"],
        max_tokens=5,
        max_completion_tokens=7,
        reasoning_effort="minimal",
        user="u",
        safety_identifier="s",
        parallel_tool_calls=False,
        stream=True,
        stream_options={"include_usage": True},
    )
    assert (found.temperature, found.top_p, found.stop) == (0.5, 0.9, ("a", "b"))
    assert (found.max_tokens, found.effort, found.user) == (7, "minimal", "s")
    assert (found.parallel, found.stream, found.stream_usage) == (False, True, True)
    plain = request(stop="x", max_tokens=5, user="u", stream=True)
    assert (plain.stop, plain.max_tokens, plain.user) == (("x",), 5, "u")
    assert (plain.effort, plain.parallel, plain.stream_usage) == (None, None, False)


def test_harmless_extras_are_dropped():
    extras = {
        "seed": 1,
        "metadata": {"a": "b"},
        "store": True,
        "service_tier": "flex",
        "frequency_penalty": 1.0,
        "presence_penalty": 1.0,
        "verbosity": "low",
        "prediction": {"type": "content", "content": "x"},
        "prompt_cache_key": "k",
        "n": 1,
        "logprobs": False,
        "logit_bias": {},
        "modalities": ["text"],
        "reasoning_effort": "unheard-of",
        "future_field": {},
    }
    assert request(**extras) == request()


def function(name, **more):
    return {"type": "function", "function": {"name": name, **more}}


def test_tools_and_choices_are_read():
    schema: Json = {"type": "object", "properties": {}}
    tools = [function("f", description="d", parameters=schema, strict=True), function("g")]
    found = request(tools=tools, tool_choice="required")
    assert found.tools == (Tool("f", schema, "d", strict=True), Tool("g", {}))
    assert found.tool_choice == ToolChoice("required")
    assert request(tools=tools, tool_choice="none").tool_choice == ToolChoice("none")
    assert request(tools=tools).tool_choice is None
    named = request(tools=tools, tool_choice=function("g"))
    assert named.tool_choice == ToolChoice("tool", "g")


@pytest.mark.parametrize("mode", ["auto", "required"])
def test_allowed_tools_narrow_the_tools(mode):
    allowed = {"mode": mode, "tools": [function("g"), {"type": "custom"}]}
    found = request(
        tools=[function("f"), function("g")],
        tool_choice={"type": "allowed_tools", "allowed_tools": allowed},
    )
    assert [tool.name for tool in found.tools] == ["g"]
    assert found.tool_choice == ToolChoice(mode)


def test_formats_are_read():
    schema = {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": True}
    found = request(response_format={"type": "json_schema", "json_schema": schema})
    assert found.format == JsonFormat({"type": "object"}, "n", "d", strict=True)
    assert request(response_format={"type": "json_object"}).format == JsonFormat()
    assert request(response_format={"type": "text"}).format is None


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"moderation": {"model": "omni-moderation-latest"}}, "moderation"),
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"tools": [{"type": "custom", "custom": {"name": "c"}}]}, "tools[0]"),
        ({"tool_choice": {"type": "custom", "custom": {"name": "c"}}}, "tool_choice"),
        ({"tool_choice": "any"}, "tool_choice"),
    ],
)
def test_what_only_openai_can_say_is_refused_by_name(fields, param):
    error = lost(**fields)
    assert (error.param, error.code) == (param, "unsupported_parameter")
    assert "'anthropic'" in str(error)


@pytest.mark.parametrize(
    ("message", "param"),
    [
        ({"role": "function", "name": "f", "content": "1"}, "messages[1].role"),
        ({"role": "tool", "content": "1"}, "messages[1].tool_call_id"),
        ({"role": "assistant", "audio": {"id": "a"}}, "messages[1].audio"),
        (
            {"role": "assistant", "function_call": {"name": "f", "arguments": ""}},
            "messages[1].function_call",
        ),
        (
            {"role": "assistant", "tool_calls": [{"id": "1", "type": "custom"}]},
            "messages[1].tool_calls[0]",
        ),
        ({"role": "assistant", "content": [image("https://x")]}, "messages[1].content[0]"),
        (
            {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]},
            "messages[1].content[0]",
        ),
    ],
)
def test_a_message_that_only_openai_can_say_is_refused_by_place(message, param):
    assert lost(HELLO, message).param == param


def test_a_wrong_type_deep_inside_is_named():
    error = lost(HELLO, tools=[{"type": "function", "function": {"name": 5}}])
    assert error.param == "tools[0].function.name"
    assert lost(temperature="hot").param == "temperature"
