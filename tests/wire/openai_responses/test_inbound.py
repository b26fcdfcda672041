import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import RequestError
from headgate.wire.openai_responses.inbound import read

PNG = "data:image/png;base64,aGk="


def inbound(items, **fields):
    return read(json.dumps({"model": "auto", "input": items, **fields}).encode(), {"h": "1"})


def test_text_alone_is_the_users_turn():
    found = inbound("Hello", instructions="Be brief.", stream=True, max_output_tokens=50)
    ask = found.ask
    assert (ask.last_user, ask.system) == ("Hello", "Be brief.")
    assert (ask.turns, ask.stream, ask.max_output) == (1, True, 50)
    assert (found.dialect, found.quiet) == ("openai-responses", False)
    assert ask.headers == {"h": "1"}


def test_a_conversation_is_told_turn_by_turn():
    ask = inbound(
        [
            {"role": "developer", "content": "Be kind."},
            {"role": "user", "content": [{"type": "input_text", "text": "One"}]},
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_text", "text": "Two"}],
            },
            {"type": "reasoning", "id": "rs_1", "summary": []},
            {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": "Three"},
            {"role": "user", "content": "Four"},
        ],
        instructions="Be brief.",
        tools=[{"type": "function", "name": "f"}, {"type": "web_search"}],
        text={"format": {"type": "json_schema", "name": "n", "schema": {}}},
    ).ask
    assert ask.system == "Be brief.\n\nBe kind."
    assert ask.tokens == 81
    assert (ask.last_user, ask.turns, ask.tools, ask.json_schema) == ("Four", 2, 2, True)


def test_images_and_files_are_counted_in_messages_and_results():
    image = {"type": "input_image", "image_url": PNG}
    file = {"type": "input_file", "file_data": "aGk="}
    found = inbound(
        [
            {"role": "user", "content": [image, file]},
            {"type": "function_call_output", "call_id": "c", "output": [image]},
        ]
    )
    assert found.ask.images == 2
    assert found.ask.tokens > 3000
    assert found.quiet


def test_items_of_any_kind_are_taken_and_count_by_their_json():
    assert inbound([{"type": "future_item", "data": "x" * 4000}]).ask.tokens > 900


@pytest.mark.parametrize(
    "fields", [{"previous_response_id": "resp_1"}, {"conversation": "c"}, {"prompt": {"id": "p"}}]
)
def test_what_the_provider_keeps_may_stand_for_input(fields):
    body = {"model": "auto", **fields}
    assert read(json.dumps(body).encode(), {}).ask.tokens == 3


BAD = [
    ({"input": None}, "input"),
    ({"input": []}, "input"),
    ({"input": {}}, "input"),
    ({"input": "hi", "instructions": 7}, "instructions"),
    ({"input": "hi", "stream": 1}, "stream"),
    ({"input": "hi", "tools": {}}, "tools"),
    ({"input": "hi", "text": []}, "text"),
    ({"input": "hi", "max_output_tokens": "9"}, "max_output_tokens"),
    ({"input": [{"role": "robot", "content": "x"}]}, "input[0].role"),
    ({"input": [{"role": "user", "content": 7}]}, "input[0].content"),
    ({"input": "hi", "model": ""}, "model"),
]


@pytest.mark.parametrize(("fields", "param"), BAD)
def test_a_request_that_is_none_is_refused_with_its_place(fields, param):
    with pytest.raises(RequestError) as caught:
        read(json.dumps({"model": "auto", **fields}).encode(), {})
    assert caught.value.param == param
    assert caught.value.status == 400


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)
ITEM = st.dictionaries(st.sampled_from(["type", "role", "content", "output", "id"]), JSON)


BODY = st.dictionaries(st.sampled_from(["input", "instructions", "text", "tools"]), JSON)


@given(BODY, st.lists(ITEM))
def test_no_body_fails_but_by_a_refusal(fields, items):
    for body in (fields, {**fields, "input": items}):
        try:
            found = read(json.dumps({"model": "m", **body}).encode(), {})
        except RequestError:
            continue
        assert found.ask.model == "m"
