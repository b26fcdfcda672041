import json

import pytest

from headgate.errors import RequestError
from headgate.wire.anthropic_messages import inbound, reading
from headgate.wire.neutral import (
    File,
    Image,
    JsonFormat,
    Message,
    Request,
    SealedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from tests.wire.recordings import Json

HELLO = {"role": "user", "content": "Hello"}


def request(*messages, **fields) -> Request:
    body = {"model": "auto", "max_tokens": 100, "messages": messages or [HELLO], **fields}
    return reading.read(inbound.read(json.dumps(body).encode(), {}), "openai")


def lost(*messages, **fields) -> RequestError:
    with pytest.raises(RequestError) as caught:
        request(*messages, **fields)
    assert caught.value.status == 400
    return caught.value


def parts(*blocks):
    return request({"role": "user", "content": list(blocks)}).messages[0].parts


def test_system_prompt_and_turns_are_read():
    system = [
        {"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "Be kind."},
    ]
    found = request(HELLO, {"role": "assistant", "content": "Hi"}, HELLO, HELLO, system=system)
    assert found.system == "Be brief.\n\nBe kind."
    assert found.messages == (
        Message("user", (Text("Hello"),)),
        Message("assistant", (Text("Hi"),)),
        Message("user", (Text("Hello"), Text("Hello"))),
    )
    assert request(system="A").system == "A"


def test_a_system_message_within_the_conversation_stays_there():
    found = request(HELLO, {"role": "system", "content": "B"})
    assert found.messages[1] == Message("system", (Text("B"),))


def test_a_tool_loop_becomes_calls_and_results():
    found = request(
        HELLO,
        {
            "role": "assistant",
            "content": [
                {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
                {"type": "redacted_thinking", "data": "xyz"},
                {"type": "text", "text": "Well."},
                {"type": "tool_use", "id": "a", "name": "f", "input": {"x": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "And?"},
                {"type": "tool_result", "tool_use_id": "a", "content": "1", "is_error": True},
                {"type": "tool_result", "tool_use_id": "b"},
                {
                    "type": "tool_result",
                    "tool_use_id": "c",
                    "content": [{"type": "text", "text": "2"}],
                },
            ],
        },
    )
    assert found.messages[1].parts == (
        Thinking("Hm.", "sig"),
        SealedThinking("xyz"),
        Text("Well."),
        ToolCall("a", "f", '{"x":1}'),
    )
    assert found.messages[2].parts == (
        ToolResult("a", (Text("1"),), failed=True),
        ToolResult("b"),
        ToolResult("c", (Text("2"),)),
        Text("And?"),
    )


def test_images_and_documents_are_read():
    assert parts(
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iV"}},
        {"type": "image", "source": {"type": "url", "url": "https://x/y.png"}},
        {
            "type": "document",
            "title": "A",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JV"},
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}},
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "Hi"},
        },
        {
            "type": "document",
            "source": {"type": "content", "content": [{"type": "text", "text": "Ho"}]},
        },
    ) == (
        Image(data="iV", media_type="image/png"),
        Image(url="https://x/y.png"),
        File(data="JV", media_type="application/pdf", name="A"),
        File(url="https://x/a.pdf"),
        File(text="Hi", media_type="text/plain"),
        File(text="Ho", media_type="text/plain"),
    )


def test_a_search_result_becomes_text():
    block = {
        "type": "search_result",
        "source": "https://x",
        "title": "X",
        "content": [{"type": "text", "text": "found"}],
    }
    assert parts(block) == (Text("X\nhttps://x\nfound"),)


def test_the_options_are_read():
    found = request(
        temperature=0.5,
        top_p=0.9,
        stop_sequences=["a"],
        metadata={"user_id": "u"},
        stream=True,
        top_k=5,
        service_tier="auto",
        context_management={},
        future_field=1,
    )
    assert (found.temperature, found.top_p, found.stop) == (0.5, 0.9, ("a",))
    assert (found.max_tokens, found.user, found.stream) == (100, "u", True)
    assert found.stream_usage


@pytest.mark.parametrize(
    ("fields", "effort"),
    [
        ({}, None),
        ({"output_config": {"effort": "xhigh"}}, "xhigh"),
        ({"thinking": {"type": "adaptive"}}, None),
        ({"thinking": {"type": "disabled"}}, "none"),
        ({"thinking": {"type": "enabled", "budget_tokens": 1024}}, "low"),
        ({"thinking": {"type": "enabled", "budget_tokens": 8000}}, "medium"),
        ({"thinking": {"type": "enabled", "budget_tokens": 32000}}, "high"),
        ({"thinking": {"type": "adaptive"}, "output_config": {"effort": "low"}}, "low"),
    ],
)
def test_effort_comes_from_the_level_or_the_budget(fields, effort):
    assert request(**fields).effort == effort


def test_tools_and_choices_are_read():
    schema: Json = {"type": "object", "properties": {}}
    tools = [
        {"name": "f", "description": "d", "input_schema": schema, "strict": True},
        {"name": "g", "type": "custom", "input_schema": schema, "cache_control": {}},
    ]
    found = request(tools=tools, tool_choice={"type": "any", "disable_parallel_tool_use": True})
    assert found.tools == (Tool("f", schema, "d", strict=True), Tool("g", schema))
    assert (found.tool_choice, found.parallel) == (ToolChoice("required"), False)
    for kind, choice in {
        "auto": ToolChoice("auto"),
        "none": ToolChoice("none"),
        "tool": ToolChoice("tool", "f"),
    }.items():
        name = {"name": "f"} if kind == "tool" else {}
        assert request(tools=tools, tool_choice={"type": kind, **name}).tool_choice == choice
    assert request(tools=tools).parallel is None


def test_the_output_format_is_read():
    found = request(output_config={"format": {"type": "json_schema", "schema": {"type": "object"}}})
    assert found.format == JsonFormat({"type": "object"}, strict=True)


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "tools[0].type"),
        ({"tools": [{"type": "bash_20250124", "name": "bash"}]}, "tools[0].type"),
        ({"mcp_servers": [{"type": "url"}]}, "mcp_servers"),
        ({"container": "c"}, "container"),
    ],
)
def test_what_only_anthropic_can_say_is_refused_by_name(fields, param):
    error = lost(**fields)
    assert (error.param, error.code) == (param, "unsupported_parameter")
    assert "'openai'" in str(error)


@pytest.mark.parametrize(
    ("block", "param"),
    [
        ({"type": "server_tool_use", "id": "1", "name": "web_search"}, "type"),
        ({"type": "container_upload"}, "type"),
        ({"type": "document", "source": {"type": "future"}}, "type"),
        ({"type": "image"}, "type"),
        ({"type": "image", "source": {"type": "file"}}, "source"),
        ({"type": "document", "source": {"type": "file"}}, "source"),
    ],
)
def test_a_block_that_only_anthropic_can_say_is_refused_by_place(block, param):
    error = lost({"role": "user", "content": [block]})
    assert error.param == f"messages[0].content[0].{param}"
    result = {"type": "tool_result", "tool_use_id": "a", "content": [block]}
    inner = lost({"role": "user", "content": [result]})
    assert inner.param == f"messages[0].content[0].content[0].{param}"


def test_a_wrong_type_deep_inside_is_named():
    assert lost(tools=[{"name": 5}]).param == "tools[0].name"
    assert lost(temperature="hot").param == "temperature"


def test_a_tool_without_a_name_is_refused_by_what_it_is_or_by_its_place():
    assert lost(tools=[{"type": "mcp_toolset"}]).param == "tools[0].type"
    assert lost(tools=[{"input_schema": {}}]).param == "tools[0].name"
