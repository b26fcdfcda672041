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
    SealedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from headgate.wire.openai_responses import inbound, reading
from headgate.wire.openai_responses.writing import check, write
from tests.wire.recordings import Json

HI = (Message("user", (Text("Hi"),)),)
SCHEMA: dict[str, object] = {"type": "object", "properties": {}, "additionalProperties": False}


def sent(model: str = "gpt-4.1", **fields) -> Json:
    found: Json = json.loads(write(Request(**{"messages": HI, **fields}), model))
    return found


def test_the_least_request_stores_nothing():
    assert sent() == {
        "model": "gpt-4.1",
        "input": [{"type": "message", "role": "user", "content": "Hi"}],
        "store": False,
    }


def test_a_conversation_becomes_items_in_their_order():
    items = sent(
        system="Be brief.",
        messages=(
            Message("user", (Text("Look."), Image(url="https://h/a.png"))),
            Message(
                "assistant",
                (
                    Thinking("Hm.", "sig"),
                    SealedThinking("x"),
                    Text("I look."),
                    ToolCall("a", "f", '{"x":1}'),
                    ToolCall("b", "g", ""),
                ),
            ),
            Message(
                "user",
                (
                    ToolResult("a", (Text("A"),)),
                    ToolResult("b", (Text("B"), Image(data="aGk=", media_type="image/png"))),
                    Text("And?"),
                ),
            ),
            Message("system", (Text("Now in French."),)),
            Message("assistant", (Refusal("No."),)),
        ),
    )
    assert items["instructions"] == "Be brief."
    image = {"type": "input_image", "image_url": "data:image/png;base64,aGk=", "detail": "auto"}
    assert items["input"] == [
        {
            "type": "message",
            "role": "user",
            "content": [
                {"type": "input_text", "text": "Look."},
                {"type": "input_image", "image_url": "https://h/a.png", "detail": "auto"},
            ],
        },
        {"type": "message", "role": "assistant", "content": "I look."},
        {"type": "function_call", "call_id": "a", "name": "f", "arguments": '{"x":1}'},
        {"type": "function_call", "call_id": "b", "name": "g", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "a", "output": "A"},
        {
            "type": "function_call_output",
            "call_id": "b",
            "output": [{"type": "input_text", "text": "B"}, image],
        },
        {"type": "message", "role": "user", "content": "And?"},
        {"type": "message", "role": "system", "content": "Now in French."},
        {"type": "message", "role": "assistant", "content": "No."},
    ]


def test_files_are_written_by_what_they_are():
    (message,) = sent(
        messages=(
            Message(
                "user",
                (
                    File(data="aGk=", media_type="application/pdf"),
                    File(text="words", name="a.txt"),
                    File(url="https://h/b.pdf"),
                ),
            ),
        )
    )["input"]
    assert message["content"] == [
        {
            "type": "input_file",
            "filename": "document.pdf",
            "file_data": "data:application/pdf;base64,aGk=",
        },
        {"type": "input_text", "text": "a.txt:\nwords"},
        {"type": "input_file", "file_url": "https://h/b.pdf"},
    ]


def test_a_failed_result_says_so():
    (item,) = sent(messages=(Message("user", (ToolResult("a", (Text("gone"),), True),)),))["input"]
    assert item["output"] == "Error:\ngone"


def test_strictness_is_always_said():
    tools = (
        Tool("f", SCHEMA, "Does f.", strict=True),
        Tool("g", {}),
        Tool("h", {"type": "object"}, strict=True),
    )
    found = sent(tools=tools, tool_choice=ToolChoice("tool", "f"), parallel=True)
    assert [tool["strict"] for tool in found["tools"]] == [True, False, False]
    assert found["tool_choice"] == {"type": "function", "name": "f"}
    assert found["parallel_tool_calls"] is True


def test_settings_go_to_models_that_take_them():
    settings = {"temperature": 0.5, "top_p": 0.9, "effort": "high", "max_tokens": 5, "user": "u"}
    plain, thinking = sent("gpt-4.1", **settings), sent("gpt-5-mini", **settings)
    assert (plain["temperature"], plain["top_p"]) == (0.5, 0.9)
    assert "reasoning" not in plain
    assert thinking["reasoning"] == {"effort": "high"}
    assert "temperature" not in thinking
    assert plain["max_output_tokens"] == 16
    assert plain["safety_identifier"] == "u"
    assert sent(stream=True)["stream"] is True
    assert "safety_identifier" not in sent(user="u" * 65)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (JsonFormat(), {"type": "json_object"}),
        (
            JsonFormat(SCHEMA, "n", "A form.", strict=True),
            {
                "type": "json_schema",
                "name": "n",
                "schema": SCHEMA,
                "strict": True,
                "description": "A form.",
            },
        ),
    ],
)
def test_the_form_of_the_text_is_written(wanted, found):
    assert sent(format=wanted)["text"] == {"format": found}


def test_stop_sequences_are_refused_in_the_callers_words():
    request = Request(messages=HI, stop=("END",))
    with pytest.raises(RequestError) as caught:
        check(request, {"stop": "stop_sequences"})
    assert caught.value.param == "stop_sequences"
    check(Request(messages=HI), {})


def test_what_is_written_reads_as_it_was():
    request = Request(
        system="Be brief.",
        messages=(
            Message("user", (Text("Look."),)),
            Message("assistant", (Text("I look."), ToolCall("a", "f", "{}"))),
            Message("user", (ToolResult("a", (Text("A"),)), Text("And?"))),
        ),
        tools=(Tool("f", SCHEMA, "Does f.", strict=True),),
        tool_choice=ToolChoice("auto"),
        max_tokens=99,
        stream=True,
    )
    assert reading.read(inbound.read(write(request, "gpt-4.1"), {}), "x") == request
