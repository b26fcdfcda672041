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
from headgate.wire.openai_chat import OPENAI_CHAT
from headgate.wire.openai_chat.writing import check, write

HELLO = Message("user", (Text("Hello"),))


def body(*messages: Message, model: str = "some-model", **fields):
    request = Request(messages=messages or (HELLO,), **fields)
    check(request, OPENAI_CHAT.words)
    return json.loads(write(request, model))


def messages(*given: Message, **fields):
    return body(*given, **fields)["messages"]


def test_the_system_prompt_is_the_first_message():
    assert body(system="Be brief.") == {
        "model": "some-model",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "Hello"},
        ],
    }


def test_a_system_message_stays_in_its_place():
    found = messages(HELLO, Message("system", (Text("In French."),)))
    assert found[1] == {"role": "system", "content": "In French."}


def test_tool_results_are_messages_of_their_own():
    found = messages(
        HELLO,
        Message("assistant", (Text("Well."), ToolCall("a", "f", '{"x":1}'))),
        Message("user", (ToolResult("a", (Text("1"), Text("2"))), Text("And?"))),
    )
    assert found[1:] == [
        {
            "role": "assistant",
            "content": "Well.",
            "tool_calls": [
                {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x":1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "a", "content": "1\n2"},
        {"role": "user", "content": "And?"},
    ]


def test_a_failed_tool_says_so():
    (found,) = messages(Message("user", (ToolResult("a", (Text("no"),), failed=True),)))
    assert found["content"] == "Error: no"


def test_an_image_in_a_tool_result_follows_in_the_users_message():
    picture = Image(data="iVBO", media_type="image/png")
    found = messages(Message("user", (ToolResult("a", (Text("seen"), picture)), Text("And?"))))
    assert found == [
        {"role": "tool", "tool_call_id": "a", "content": "seen"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Content returned by the tool call a:"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBO"}},
                {"type": "text", "text": "And?"},
            ],
        },
    ]


def test_images_and_files_are_parts():
    parts = (
        Image(url="https://x/y.png"),
        File(data="JVBE", media_type="application/pdf", name="a.pdf"),
        File(data="JVBE", media_type="application/pdf"),
        File(text="Hi", media_type="text/plain", name="a.txt"),
        File(text="Hi", media_type="text/plain"),
        Refusal("No."),
    )
    (found,) = messages(Message("user", parts))
    data = "data:application/pdf;base64,JVBE"
    assert found["content"] == [
        {"type": "image_url", "image_url": {"url": "https://x/y.png"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": data}},
        {"type": "file", "file": {"filename": "document.pdf", "file_data": data}},
        {"type": "text", "text": "a.txt:\nHi"},
        {"type": "text", "text": "Hi"},
        {"type": "text", "text": "No."},
    ]


def test_reasoning_and_its_signature_stay_behind():
    thoughts = (Thinking("Hm.", "signature"), SealedThinking("secret"))
    found = messages(HELLO, Message("assistant", thoughts), HELLO)
    assert [message["role"] for message in found] == ["user", "user"]
    assert b"signature" not in write(
        Request(messages=(Message("assistant", (*thoughts, Text("Hi"))),)), "m"
    )


def test_a_refusal_in_the_history_has_its_field():
    assert messages(Message("assistant", (Refusal("No."),))) == [
        {"role": "assistant", "refusal": "No."}
    ]


def test_tools_and_choices_are_written():
    schema = {"type": "object", "properties": {}, "additionalProperties": False}
    found = body(
        tools=(Tool("f", schema, "d", strict=True), Tool("g", {"type": "object"}, strict=True)),
        tool_choice=ToolChoice("tool", "f"),
        parallel=False,
    )
    assert [tool["function"] for tool in found["tools"]] == [
        {"name": "f", "parameters": schema, "description": "d", "strict": True},
        # strict would be refused: the object is open
        {"name": "g", "parameters": {"type": "object"}},
    ]
    assert found["tool_choice"] == {"type": "function", "function": {"name": "f"}}
    assert found["parallel_tool_calls"] is False
    assert body(tools=(Tool("f", {}),), tool_choice=ToolChoice("required"))["tool_choice"] == (
        "required"
    )


def test_without_tools_nothing_is_said_of_them():
    found = body(tool_choice=ToolChoice("auto"), parallel=True)
    assert set(found) == {"model", "messages"}


def test_options_are_written():
    found = body(temperature=0.5, top_p=0.9, stop=("a",), max_tokens=7, user="u", stream=True)
    assert found["temperature"] == 0.5
    assert found["top_p"] == 0.9
    assert found["stop"] == ["a"]
    assert found["max_tokens"] == 7
    assert found["user"] == "u"
    assert found["stream"] is True
    assert found["stream_options"] == {"include_usage": True}


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("gpt-5-nano", "max_completion_tokens"),
        ("openai/gpt-4.1", "max_completion_tokens"),
        ("o4-mini", "max_completion_tokens"),
        ("gpt-oss-120b", "max_tokens"),
        ("mistral-large", "max_tokens"),
        ("gemini-2.5-flash", "max_tokens"),
    ],
)
def test_the_limit_is_named_as_the_server_knows_it(model, name):
    assert body(model=model, max_tokens=7)[name] == 7


@pytest.mark.parametrize(
    ("model", "effort", "sent"),
    [
        ("gpt-5-nano", "medium", "medium"),
        ("gpt-5-nano", "max", "high"),
        ("openai/gpt-oss-120b", "minimal", "low"),
        ("gemini-2.5-flash", "xhigh", "high"),
        ("gpt-5-nano", "none", "minimal"),
        ("gpt-5.2", "none", "none"),
        ("gpt-6-astra", "none", "none"),
        ("google/gemini-2.5-flash", "none", "none"),
        ("gemini-2.5-pro", "none", "low"),
        ("o4-mini", "none", "low"),
        ("gpt-4.1-nano", "none", None),
        ("gpt-4.1", "high", None),
        ("llama-4", "high", None),
    ],
)
def test_effort_goes_to_models_that_take_it(model, effort, sent):
    assert body(model=model, effort=effort).get("reasoning_effort") == sent


def test_sampling_is_left_out_where_it_is_refused():
    assert "temperature" not in body(model="gpt-5-nano", temperature=0.0)
    assert body(model="gpt-4.1", temperature=0.0)["temperature"] == 0.0


def test_a_long_user_id_is_left_out():
    assert "user" not in body(user="x" * 65)


def test_formats_are_written():
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    assert body(format=JsonFormat())["response_format"] == {"type": "json_object"}
    named = JsonFormat(closed, "n", "d", strict=True)
    assert body(format=named)["response_format"]["json_schema"] == {
        "name": "n",
        "schema": closed,
        "description": "d",
        "strict": True,
    }
    loose = body(format=JsonFormat({"type": "object"}, strict=True))
    assert loose["response_format"]["json_schema"] == {
        "name": "answer",
        "schema": {"type": "object"},
    }


def test_a_fifth_stop_sequence_is_refused_in_the_callers_words():
    request = Request(messages=(HELLO,), stop=("1", "2", "3", "4", "5"))
    with pytest.raises(RequestError) as caught:
        check(request, {**OPENAI_CHAT.words, "stop": "stop_sequences"})
    assert caught.value.param == "stop_sequences"


@pytest.mark.parametrize(
    "part", [File(url="https://x/a.pdf"), ToolResult("a", (File(url="https://x/a.pdf"),))]
)
def test_a_document_by_url_is_refused(part):
    with pytest.raises(RequestError) as caught:
        body(Message("user", (part,)))
    assert caught.value.param == "messages"
