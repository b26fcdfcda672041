import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.anthropic_messages.writing import (
    FIRST_TURN,
    JSON_INSTRUCTION,
    arguments_of,
    check,
    write,
)
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
    normal,
)

HELLO = Message("user", (Text("Hello"),))
OLD, NEW = "claude-haiku-4-5", "claude-opus-5-5"
FUNCTION = Tool("f", {"type": "object", "properties": {}})


def body(*messages: Message, model: str = OLD, **fields):
    request = Request(messages=messages or (HELLO,), **fields)
    check(request, ANTHROPIC_MESSAGES.words)
    return json.loads(write(request, model))


def messages(*given: Message, **fields):
    return body(*given, **fields)["messages"]


def test_the_least_request_has_a_limit():
    assert body(system="Be brief.") == {
        "model": OLD,
        "max_tokens": 16384,
        "system": "Be brief.",
        "messages": [{"role": "user", "content": "Hello"}],
    }
    assert body(max_tokens=7)["max_tokens"] == 7
    assert body(model="claude-3-haiku-20240307")["max_tokens"] == 4096


def test_later_instructions_join_the_system_prompt():
    found = body(HELLO, Message("system", (Text("In French."),)), HELLO, system="Be brief.")
    assert found["system"] == "Be brief.\n\nIn French."
    assert [one["role"] for one in found["messages"]] == ["user"]


def test_instructions_alone_are_what_is_asked():
    request = Request(system="Say something.", messages=())
    check(request, ANTHROPIC_MESSAGES.words)
    found = json.loads(write(request, OLD))
    assert found["messages"] == [{"role": "user", "content": "Say something."}]
    assert "system" not in found


def test_a_tool_loop_is_written():
    found = messages(
        HELLO,
        Message("assistant", (Text("Well."), ToolCall("call:a.1", "f", '{"x": 1}'))),
        Message(
            "user",
            (
                ToolResult("call:a.1", (Text("1"),)),
                ToolResult("b", (Text("2"), Image(url="https://x"))),
                ToolResult("c", failed=True),
                Text("And?"),
            ),
        ),
        tools=(FUNCTION,),
    )
    assert found[1:] == [
        {
            "role": "assistant",
            "content": [
                {"type": "text", "text": "Well."},
                # an id must be of letters, digits, _ and -
                {"type": "tool_use", "id": "call_a_1", "name": "f", "input": {"x": 1}},
            ],
        },
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "call_a_1", "content": "1"},
                {
                    "type": "tool_result",
                    "tool_use_id": "b",
                    "content": [
                        {"type": "text", "text": "2"},
                        {"type": "image", "source": {"type": "url", "url": "https://x"}},
                    ],
                },
                {"type": "tool_result", "tool_use_id": "c", "is_error": True},
                {"type": "text", "text": "And?"},
            ],
        },
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", {}),
        ("  ", {}),
        ('{"a": 1}', {"a": 1}),
        ("[1]", {"arguments": "[1]"}),
        ('{"a": ', {"arguments": '{"a": '}),
        ("[" * 5000, {"arguments": "[" * 5000}),
    ],
)
def test_arguments_become_an_object_and_none_are_lost(text, found):
    assert arguments_of(text) == found


def test_what_has_nothing_to_show_is_left_out():
    found = messages(
        Message("user", (Text(" "), Text("Hello"))),
        Message("assistant", (Text(""),)),
        Message("user", (Text("you"), ToolResult("a", (Text(""),)))),
    )
    assert found == [
        {
            "role": "user",
            "content": [
                {"type": "tool_result", "tool_use_id": "a"},
                {"type": "text", "text": "Hello"},
                {"type": "text", "text": "you"},
            ],
        }
    ]


_PARTS = st.one_of(
    st.sampled_from(["", " ", "Hello", "you"]).map(Text),
    st.sampled_from(["", "No."]).map(Refusal),
    st.builds(Thinking, st.just("Hm."), st.sampled_from([None, "", "sig"])),
    st.builds(ToolCall, st.just("a"), st.just("f"), st.just("{}")),
    st.just(ToolResult("a", (Text(""), Text("12")))),
    st.just(SealedThinking("xyz")),
)
_TURNS = st.lists(
    st.builds(Message, st.sampled_from(["user", "assistant"]), st.lists(_PARTS).map(tuple)),
    min_size=1,
).map(normal)


@given(_TURNS)
def test_turns_that_all_say_something_are_as_if_what_says_nothing_had_been_left_out(turns):
    left = [Message(one.role, tuple(filter(says, one.parts))) for one in turns]
    kept = normal([one for one in left if one.parts])
    if kept:
        assert messages(*turns) == messages(*kept)


def says(part: object) -> bool:
    if isinstance(part, Thinking):
        return bool(part.signature)
    return not isinstance(part, Text | Refusal) or bool(part.text.strip())


def test_a_history_that_begins_with_the_assistant_gets_a_first_turn():
    found = messages(Message("assistant", (Text("How can I help?"),)), HELLO)
    assert [one["role"] for one in found] == ["user", "assistant", "user"]
    assert found[0]["content"] == FIRST_TURN


def test_a_last_turn_to_be_continued_ends_without_white_space():
    found = messages(HELLO, Message("assistant", (Text("The answer is \n"),)))
    assert found[1]["content"] == "The answer is"
    call = Message("assistant", (ToolCall("a", "f", ""),))
    assert messages(HELLO, call)[1]["content"][0]["type"] == "tool_use"


def test_signed_reasoning_is_kept_and_unsigned_is_left_out():
    thoughts = (Thinking("Hm.", "sig"), Thinking("Oh."), SealedThinking("xyz"), Text("Hi"))
    found = messages(HELLO, Message("assistant", thoughts))
    assert found[1]["content"] == [
        {"type": "thinking", "thinking": "Hm.", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        {"type": "text", "text": "Hi"},
    ]


def test_a_refusal_in_the_history_is_text():
    found = messages(HELLO, Message("assistant", (Refusal("No."),)))
    assert found[1]["content"] == [{"type": "text", "text": "No."}]


def test_images_and_files_are_sources():
    (found,) = messages(
        Message(
            "user",
            (
                Image(data="iV", media_type="image/png"),
                File(data="JV", media_type="application/pdf", name="a.pdf"),
                File(text="Hi", media_type="text/plain"),
                File(url="https://x/a.pdf"),
            ),
        )
    )
    assert found["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iV"}},
        {
            "type": "document",
            "source": {"type": "base64", "media_type": "application/pdf", "data": "JV"},
            "title": "a.pdf",
        },
        {
            "type": "document",
            "source": {"type": "text", "media_type": "text/plain", "data": "Hi"},
        },
        {"type": "document", "source": {"type": "url", "url": "https://x/a.pdf"}},
    ]


def test_tools_are_written():
    found = body(tools=(Tool("f", {}, "d"), Tool("g", {"type": "object"}, strict=True)))
    assert found["tools"] == [
        {"name": "f", "input_schema": {"type": "object", "properties": {}}, "description": "d"},
        {
            "name": "g",
            "input_schema": {"type": "object", "properties": {}, "additionalProperties": False},
            "strict": True,
        },
    ]
    assert "tool_choice" not in found
    older = body(tools=(Tool("g", {}, strict=True),), model="claude-3-7-sonnet-latest")
    assert "strict" not in older["tools"][0]


@pytest.mark.parametrize(
    ("choice", "parallel", "written"),
    [
        (None, None, None),
        (None, True, None),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (ToolChoice("auto"), None, {"type": "auto"}),
        (ToolChoice("required"), False, {"type": "any", "disable_parallel_tool_use": True}),
        (ToolChoice("tool", "f"), None, {"type": "tool", "name": "f"}),
        (ToolChoice("none"), False, {"type": "none"}),
    ],
)
def test_choices_are_written(choice, parallel, written):
    found = body(tools=(FUNCTION,), tool_choice=choice, parallel=parallel)
    assert found.get("tool_choice") == written


def test_a_history_with_calls_defines_their_tools_when_the_caller_no_longer_does():
    call = Message("assistant", (ToolCall("a", "f", ""), ToolCall("b", "f", "")))
    found = body(HELLO, call, Message("user", (ToolResult("a"), ToolResult("b"))))
    assert [tool["name"] for tool in found["tools"]] == ["f"]
    assert found["tool_choice"] == {"type": "none"}


def test_sampling_goes_to_models_that_take_it():
    assert body(temperature=0.5)["temperature"] == 0.5
    assert body(temperature=1.7)["temperature"] == 1.0
    assert body(top_p=0.9)["top_p"] == 0.9
    both = body(temperature=0.5, top_p=0.9)
    assert (both["temperature"], "top_p" in both) == (0.5, False)
    assert "temperature" not in body(temperature=0.5, model=NEW)


def test_effort_goes_to_models_that_take_it():
    assert "output_config" not in body(effort="high")
    found = body(effort="xhigh", temperature=0.5, model="claude-sonnet-4-6")
    assert found["output_config"] == {"effort": "high"}
    assert found["thinking"] == {"type": "adaptive"}
    assert "temperature" not in found
    assert body(effort="max", model=NEW)["output_config"] == {"effort": "max"}


def test_no_effort_turns_thinking_off_where_it_can_be():
    found = body(effort="none", model="claude-haiku-5-5")
    assert found["thinking"] == {"type": "disabled"}
    assert found["output_config"] == {"effort": "low"}
    assert "thinking" not in body(effort="none", model=NEW)
    assert "thinking" not in body(effort="none", model="claude-sonnet-4-6")


def test_a_forced_tool_excludes_thinking():
    found = body(effort="high", model=NEW, tools=(FUNCTION,), tool_choice=ToolChoice("required"))
    assert "thinking" not in found
    assert found["output_config"] == {"effort": "high"}


def test_a_schema_is_enforced_by_the_output_format():
    found = body(format=JsonFormat({"type": "object", "properties": {"a": {"minimum": 1}}}))
    assert found["output_config"] == {
        "format": {
            "type": "json_schema",
            "schema": {
                "type": "object",
                "properties": {"a": {"description": "(minimum: 1)"}},
                "additionalProperties": False,
            },
        }
    }


def test_json_mode_becomes_an_instruction():
    assert body(format=JsonFormat())["system"] == JSON_INSTRUCTION
    assert body(system="A", format=JsonFormat())["system"] == f"A\n\n{JSON_INSTRUCTION}"


def test_further_options_are_written():
    found = body(stop=("a", "b"), user="user-1", stream=True)
    assert found["stop_sequences"] == ["a", "b"]
    assert found["metadata"] == {"user_id": "user-1"}
    assert found["stream"] is True
    assert "metadata" not in body(user="jane@example.com")


OPEN = {"type": "object", "additionalProperties": True}


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"messages": (HELLO,), "stop": ("a", "\n")}, "stop"),
        ({"messages": (Message("user", (Text(" "),)),)}, "messages"),
        ({"messages": (HELLO,), "format": JsonFormat(OPEN)}, "format"),
        ({"messages": (HELLO,), "tools": (Tool("f", OPEN, strict=True),)}, "tools"),
    ],
)
def test_what_anthropic_cannot_say_is_refused_in_the_callers_words(fields, param):
    words = {name: f"the caller's {name}" for name in ("stop", "messages", "format", "tools")}
    with pytest.raises(RequestError) as caught:
        check(Request(**fields), words)
    assert caught.value.param == f"the caller's {param}"
