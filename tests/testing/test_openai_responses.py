"""openai_responses: answers and streams in the API's own words."""

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
