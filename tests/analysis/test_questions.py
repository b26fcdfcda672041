"""What can be asked again: whole requests of every dialect, and reasons for the others."""

import pytest

from headgate.analysis.questions import (
    UnaskableError,
    may_be_asked,
    question_of,
    said,
    transcript,
)
from headgate.analysis.readers.formats import FORMATS
from headgate.analysis.record import Record
from headgate.wire.neutral import Answer, Message, Request, Text, Thinking, ToolCall
from tests.analysis.readers.examples import BY_FORM


def test_a_prompt_alone_is_a_request():
    found = question_of(Record(prompt="Why?", system="Be brief."), 100)
    assert found == Request(
        system="Be brief.", messages=(Message("user", (Text("Why?"),)),), max_tokens=100
    )


def test_an_openai_request_keeps_its_turns_and_tools():
    request = {
        "model": "gpt-4o",
        "stream": True,
        "max_tokens": 50,
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "One"},
            {"role": "assistant", "content": "Two"},
            {"role": "user", "content": "Three"},
        ],
        "tools": [{"type": "function", "function": {"name": "f", "parameters": {}}}],
    }
    found = question_of(Record(prompt="Three", turns=2, request=request), 100)
    assert found.system == "S"
    assert [message.role for message in found.messages] == ["user", "assistant", "user"]
    assert (found.max_tokens, found.stream, found.tools[0].name) == (50, False, "f")


def test_an_anthropic_request_is_read_as_one():
    request = {"system": "S", "messages": [{"role": "user", "content": "Hi"}]}
    assert question_of(Record(prompt="Hi", request=request), 9).system == "S"


def test_a_request_of_responses_is_read():
    found = question_of(Record(prompt="Hi", request={"input": "Hi", "instructions": "S"}), 99)
    assert (found.system, found.messages[0].parts) == ("S", (Text("Hi"),))


def test_messages_with_parts_are_read():
    messages = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
    found = question_of(Record(prompt="Hi", request=messages), 9)
    assert found.messages == (Message("user", (Text("Hi"),)),)


@pytest.mark.parametrize("name", [name for name in FORMATS if name != "outcomes"])
def test_what_a_log_holds_whole_can_be_asked_again(name):
    for record in FORMATS[name].records(BY_FORM[name]):
        if may_be_asked(record) is None:
            assert question_of(record, 10).messages


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        (Record(), "not recorded"),
        (Record(prompt="x", images=1), "images"),
        (Record(prompt="x", turns=3), "only its last turn"),
        (Record(prompt="x", request=5), "no object"),
        (Record(prompt="x", request={"messages": "no"}), "no dialect"),
        (Record(prompt="x", request=[{"role": "user", "parts": [{"type": "blob"}]}]), "no dialect"),
        (Record(prompt="\ud800", request={"messages": [{"content": "\ud800"}]}), "no dialect"),
    ],
)
def test_what_cannot_be_asked_says_why(record, reason):
    with pytest.raises(UnaskableError, match=reason):
        question_of(record, 10)


def test_an_answer_is_its_words_and_calls_without_its_thoughts():
    parts = (Thinking("hm"), Text("Here:"), ToolCall("1", "f", '{"a": 1}'))
    answer = Answer(id="", model="m", parts=parts, stop="stop")
    assert said(answer) == 'Here:\n[calls the tool f with {"a": 1}]'


def test_a_transcript_tells_all_turns():
    request = Request(
        system="S", messages=(Message("user", (Text("a"),)), Message("assistant", (Text("b"),)))
    )
    assert transcript(request) == "[system]\nS\n\n[user]\na\n\n[assistant]\nb"
