import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Answer,
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
)
from headgate.wire.openai_responses.answers import (
    item_id,
    problem_within,
    read,
    write,
    write_usage,
)
from headgate.wire.openai_responses.items import OWN_REASONING
from tests.wire.recordings import Json

REQUEST = Request(
    system="Be brief.",
    messages=(Message("user", (Text("Hi"),)),),
    tools=(Tool("f", {"type": "object"}, "Does f."),),
    tool_choice=ToolChoice("required"),
    parallel=False,
    max_tokens=99,
    format=JsonFormat({"type": "object"}, "form"),
)
USAGE = {
    "input_tokens": 10,
    "input_tokens_details": {"cached_tokens": 4},
    "output_tokens": 6,
    "output_tokens_details": {"reasoning_tokens": 5},
}


def body(*output: Json, **fields) -> bytes:
    whole = {"id": "resp_1", "model": "gpt-5", "status": "completed", "usage": USAGE}
    return json.dumps({**whole, "output": output, **fields}).encode()


def message(*content: Json) -> Json:
    return {"type": "message", "id": "msg_1", "role": "assistant", "content": content}


TEXT = {"type": "output_text", "text": "Hi", "annotations": []}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}"}
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Hm."}, {"type": "summary_text", "text": "So."}],
    "encrypted_content": "gAAA",
}


def test_an_answer_with_reasoning_text_and_a_call_is_read():
    found = read(body(REASONING, message(TEXT), CALL), False)
    assert found == Answer(
        id="resp_1",
        model="gpt-5",
        parts=(Thinking("Hm.\n\nSo."), Text("Hi"), ToolCall("c1", "f", "{}")),
        stop="tool_calls",
        usage=Usage(input=6, output=6, cache_read=4, reasoning=5),
    )


def test_a_refusal_is_an_answer():
    found = read(body(message({"type": "refusal", "refusal": "No."})), False)
    assert (found.parts, found.stop) == ((Refusal("No."),), "stop")


@pytest.mark.parametrize(
    ("reason", "stop"), [("max_output_tokens", "length"), ("content_filter", "refusal")]
)
def test_an_incomplete_answer_says_why(reason, stop):
    found = read(body(status="incomplete", incomplete_details={"reason": reason}), False)
    assert found.stop == stop


EMPTY = [
    body(),
    body(REASONING),
    body(message({"type": "output_text", "text": ""})),
    body(output=None),
    body(status="failed", error={"code": "server_error", "message": "Boom"}),
    body(status="cancelled"),
]


@pytest.mark.parametrize("answer", EMPTY)
def test_nothing_said_is_unusable_and_billed(answer):
    with pytest.raises(UnusableAnswerError) as caught:
        read(answer, False)
    assert caught.value.usage == Usage(input=6, output=6, cache_read=4, reasoning=5)


@pytest.mark.parametrize("answer", [b"", b"<html>", b"[]", b'"text"', b"\xff", b"[" * 10_000])
def test_what_is_no_answer_is_unusable(answer):
    with pytest.raises(UnusableAnswerError):
        read(answer, False)


def test_a_quiet_request_may_have_an_empty_answer():
    assert read(body(), True).parts == ()


def test_an_answer_in_the_background_and_one_of_built_in_tools_pass():
    assert read(body(status="queued", usage=None), False).usage is None
    assert read(body({"type": "image_generation_call", "result": "aGk="}), False).parts == ()


def test_types_that_are_not_as_expected_are_read_as_far_as_can_be():
    odd = body(message(TEXT), {"type": "function_call", "arguments": {"a": 1}}, id=7)
    assert read(odd, False).parts == (Text("Hi"),)


BLOCK = st.dictionaries(st.sampled_from(["type", "content"]), st.text() | st.lists(st.text()))
VALUES = st.none() | st.integers() | st.text() | st.lists(BLOCK)
FIELDS = st.sampled_from(["output", "status", "usage", "error", "id"])


@given(st.dictionaries(FIELDS, VALUES))
def test_no_body_makes_the_reading_fail(fields):
    try:
        found = read(json.dumps(fields).encode(), False)
    except UnusableAnswerError:
        return
    assert isinstance(found, Answer)


# ---- written

PARTS = (
    Thinking("Hm."),
    SealedThinking("sealed"),
    Text("One, "),
    Text("two."),
    ToolCall("toolu_1", "f", '{"a":1}'),
    ToolCall("toolu_2", "f", ""),
)


def written(*parts, **fields) -> Json:
    answer = {"id": "msg_01AB-c", "model": "claude", "stop": "stop", **fields}
    found: Json = json.loads(write(Answer(parts=parts, **answer), REQUEST, 7))
    return found


def test_an_answer_is_written_as_the_sdk_types_it():
    found = written(*PARTS, stop="tool_calls", usage=Usage(6, 6, 4, 1, 0, 5))
    Response.model_validate(found)
    reasoning, said, first, second = found["output"]
    assert reasoning["summary"] == [{"type": "summary_text", "text": "Hm."}]
    assert [part["text"] for part in said["content"]] == ["One, ", "two."]
    assert (first["call_id"], first["arguments"]) == ("toolu_1", '{"a":1}')
    assert second["arguments"] == "{}"
    assert found["status"] == "completed"
    assert found["usage"]["input_tokens"] == 11
    assert found["usage"]["input_tokens_details"] == {"cached_tokens": 4, "cache_write_tokens": 1}


def test_ids_have_the_prefixes_that_come_back_as_items():
    found = written(*PARTS)
    assert found["id"] == "resp_msg01ABc"
    ids = [item["id"] for item in found["output"]]
    assert [one.rstrip("0123456789") for one in ids] == [
        f"{OWN_REASONING}msg01ABc",
        "msg_msg01ABc",
        "fc_msg01ABc",
        "fc_msg01ABc",
    ]
    assert len(set(ids)) == 4
    assert len(item_id("reasoning", "x" * 200, 3)) <= 64


def test_what_was_asked_is_echoed():
    found = written(Text("Hi"))
    assert found["instructions"] == "Be brief."
    assert found["tool_choice"] == "required"
    assert found["parallel_tool_calls"] is False
    assert found["tools"][0]["name"] == "f"
    assert found["text"]["format"]["name"] == "form"
    assert found["max_output_tokens"] == 99
    assert (found["store"], found["usage"]) == (False, None)


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("length", "max_output_tokens"),
        ("context_window", "max_output_tokens"),
        ("refusal", "content_filter"),
    ],
)
def test_an_answer_cut_short_is_incomplete(stop, reason):
    found = written(Text("Hi"), stop=stop)
    assert (found["status"], found["incomplete_details"]) == ("incomplete", {"reason": reason})
    assert found["output"][0]["status"] == "incomplete"


def test_what_is_written_reads_as_it_was():
    answer = Answer(
        id="resp_1",
        model="m",
        parts=(Thinking("Hm."), Text("Hi"), Refusal("No."), ToolCall("c", "f", "{}")),
        stop="tool_calls",
        usage=Usage(1, 2, 3, 4, 0, 1),
    )
    assert read(write(answer, REQUEST, 7), False) == answer


def test_an_error_has_the_status_of_its_code():
    assert problem_within({"code": "rate_limit_exceeded", "message": "Slow."}).status == 429
    assert problem_within({"message": "?"}).status == 502
    assert problem_within(None).message


def test_usage_of_both_lifetimes_is_one_count():
    assert write_usage(Usage(1, 1, 1, 2, 3))["input_tokens_details"] == {
        "cached_tokens": 1,
        "cache_write_tokens": 5,
    }
