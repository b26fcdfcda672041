"""openai_responses_request: strict reading of Responses requests."""

import json

import pytest

from headgate.testing.brain import Prompt, Turn
from headgate.testing.dialect import Refused
from tests.testing.test_openai_responses import (
    CALL,
    DIALECT,
    RESULT,
    TOOL,
    USER,
    read,
    refused,
    reply,
)


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
