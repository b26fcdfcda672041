"""openai_responses: strict reading of Responses requests, and answers in the API's own words."""

import json
from typing import Any

import pytest
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from headgate.testing.brain import Prompt, ToolUse, Turn
from headgate.testing.dialect import Refused, Reply
from headgate.testing.openai_responses import OpenAIResponses
from headgate.values import Usage

DIALECT = OpenAIResponses()
ANY_EVENT: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)

USER = {"role": "user", "content": "hello"}
CALL = {"type": "function_call", "call_id": "c1", "name": "f", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "c1", "output": "42"}
TOOL = {"type": "function", "name": "f", "parameters": {"type": "object"}, "strict": False}


def read(items="hello", **fields) -> Prompt:
    return DIALECT.read(json.dumps({"model": "small", "input": items, **fields}).encode())


def refused(items="hello", **fields) -> Refused:
    with pytest.raises(Refused) as caught:
        read(items, **fields)
    assert caught.value.kind == "invalid_request_error"
    return caught.value


def reply(**fields) -> Reply:
    prompt = Prompt(model="small", system="", turns=(Turn("user", "hi"),), text="hi")
    defaults: dict[str, Any] = {
        "id": "1",
        "created": 7,
        "prompt": prompt,
        "text": "",
        "tools": (),
        "finish": "stop",
        "usage": Usage(10, 5, 30),
    }
    return Reply(**{**defaults, **fields})


def events(answer: Reply) -> list[dict[str, Any]]:
    found = []
    for piece in DIALECT.stream(answer):
        name, data = piece.data.decode().strip().split("\n")
        event = json.loads(data.removeprefix("data: "))
        assert name == f"event: {event['type']}"
        found.append(event)
    return found


def test_text_alone_is_the_users_turn():
    prompt = read("hello", instructions="Be brief.", max_output_tokens=20, stream=True)
    assert prompt.turns == (Turn("user", "hello"),)
    assert (prompt.system, prompt.max_tokens, prompt.stream) == ("Be brief.", 20, True)
    assert prompt.text == "Be brief.hello"


def test_a_tool_loop_with_images_is_read():
    image = {"type": "input_image", "image_url": "https://h/a.png"}
    prompt = read(
        [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "input_text", "text": "look"}, image]},
            {"role": "assistant", "content": [{"type": "output_text", "text": "I look"}]},
            CALL,
            RESULT,
        ],
        tools=[TOOL],
        tool_choice={"type": "function", "name": "f"},
    )
    assert prompt.turns == (Turn("user", "look"), Turn("assistant", "I look"), Turn("tool", "42"))
    assert (prompt.system, prompt.images, prompt.must_call) == ("Be kind.", 1, "f")
    assert prompt.text == 'f{"type":"object"}Be kind.lookI look42f{}'


BAD = [
    ({"unknown": 1}, "unknown"),
    ({"items": []}, "input"),
    ({"max_output_tokens": 15}, "max_output_tokens"),
    ({"temperature": 3}, "temperature"),
    ({"stop": ["x"]}, "stop"),
    ({"tools": [{"type": "function", "name": "has spaces"}]}, "tools[0].name"),
    ({"tool_choice": {"type": "function", "name": "g"}, "tools": [TOOL]}, "tool_choice"),
    ({"previous_response_id": "resp_1"}, "previous_response_id"),
    ({"text": {"format": {"type": "json_schema"}}}, "text.format.name"),
    ({"items": [{"role": "robot", "content": "x"}]}, "input[0].role"),
    ({"items": [{"role": "user", "content": [{"type": "output_text", "text": "x"}]}]}, None),
    ({"items": [{"role": "assistant", "content": [{"type": "input_text", "text": ""}]}]}, None),
    ({"items": [USER, CALL]}, "input"),
    ({"items": [USER, RESULT]}, "input"),
    ({"items": [{**CALL, "id": "call_1"}, RESULT]}, "input[0].id"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
def test_what_is_not_to_the_letter_is_refused(fields, param):
    error = refused(**fields)
    assert error.status == 400
    assert param is None or error.param == param


def test_what_is_no_json_is_refused():
    with pytest.raises(Refused):
        DIALECT.read(b"{")


def test_an_answer_is_of_the_sdks_type():
    tools = (ToolUse("f", '{"a":1}'), ToolUse("g", "{}"))
    whole = json.loads(DIALECT.whole(reply(text="Hi", tools=tools, finish="tools")))
    Response.model_validate(whole)
    assert [item["type"] for item in whole["output"]] == ["message", *["function_call"] * 2]
    assert whole["usage"]["input_tokens"] == 40
    assert whole["usage"]["input_tokens_details"]["cached_tokens"] == 30


def test_a_stream_is_of_the_sdks_types_numbered_and_ends_with_the_whole():
    answer = reply(text="long " * 20, tools=(ToolUse("f", '{"a":1}'),), finish="tools")
    found = events(answer)
    for number, event in enumerate(found):
        ANY_EVENT.validate_python(event)
        assert event["sequence_number"] == number
    assert found[-1]["type"] == "response.completed"
    assert found[-1]["response"] == json.loads(DIALECT.whole(answer))
    deltas = [event["delta"] for event in found if event["type"] == "response.output_text.delta"]
    assert len(deltas) > 1
    assert "".join(deltas) == answer.text
    assert sum(piece.characters for piece in DIALECT.stream(answer)) == 100 + len('f{"a":1}')


def test_an_answer_cut_short_and_one_withheld_say_so():
    assert events(reply(text="Hi", finish="length"))[-1]["type"] == "response.incomplete"
    assert json.loads(DIALECT.whole(reply(text="Hi", empty=True)))["output"] == []


def test_reasoning_is_taken_back_by_the_model_that_sealed_it_alone():
    thinking = Prompt(
        model="small", system="", turns=(Turn("user", "hi"),), text="hi", thinking=True
    )
    whole = json.loads(DIALECT.whole(reply(prompt=thinking, text="Hi")))
    history = [USER, *whole["output"], USER]
    assert read(history).turns[1] == Turn("assistant", "Hi")
    other = json.dumps({"model": "large", "input": history}).encode()
    with pytest.raises(Refused) as caught:
        DIALECT.read(other)
    assert caught.value.code == "invalid_encrypted_content"
    history[1] = {**history[1], "encrypted_content": None}
    assert refused(history).status == 404


def test_reasoning_is_shown_when_a_summary_is_asked_for():
    assert read(reasoning={"effort": "low", "summary": "auto"}).thinking
    assert not read(reasoning={"effort": "low"}).thinking
