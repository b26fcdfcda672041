import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.anthropic_messages.answers import is_problem, read, write, write_problem
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.neutral import (
    Answer,
    Problem,
    Refusal,
    SealedThinking,
    Text,
    Thinking,
    ToolCall,
)

USAGE = {"input_tokens": 24, "cache_read_input_tokens": 16, "output_tokens": 9}
COUNTED = Usage(input=24, output=9, cache_read=16)


def answer(*content: object, reason: object = "end_turn", **more: object) -> bytes:
    body = {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": list(content),
        "stop_reason": reason,
        "stop_sequence": None,
        "usage": USAGE,
        **more,
    }
    return json.dumps(body).encode()


HI = {"type": "text", "text": "Hi"}


def unusable(body: bytes) -> UnusableAnswerError:
    with pytest.raises(UnusableAnswerError) as caught:
        read(body, False)
    return caught.value


def test_every_kind_of_block_is_read():
    found = read(
        answer(
            {"type": "thinking", "thinking": "Hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "xyz"},
            HI,
            {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {}},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"x": [1]}},
            {"type": "tool_use", "id": "toolu_2", "name": "g", "input": {}},
            reason="tool_use",
        ),
        False,
    )
    assert found == Answer(
        id="msg_01",
        model="claude-haiku-4-5",
        parts=(
            Thinking("Hm", "sig"),
            SealedThinking("xyz"),
            Text("Hi"),
            ToolCall("toolu_1", "f", '{"x":[1]}'),
            ToolCall("toolu_2", "g", "{}"),
        ),
        stop="tool_calls",
        usage=COUNTED,
    )


@pytest.mark.parametrize(
    ("reason", "stop"),
    [
        ("end_turn", "stop"),
        ("max_tokens", "length"),
        ("stop_sequence", "stop_sequence"),
        ("tool_use", "tool_calls"),
        ("pause_turn", "pause"),
        ("refusal", "refusal"),
        ("model_context_window_exceeded", "context_window"),
        ("something_new", "stop"),
        (None, "stop"),
    ],
)
def test_every_stop_reason_is_read(reason, stop):
    assert read(answer(HI, reason=reason), False).stop == stop


def test_the_stop_sequence_that_was_met_is_kept():
    found = read(answer(HI, reason="stop_sequence", stop_sequence="END"), False)
    assert found.stop_sequence == "END"


def test_the_reason_of_a_refusal_is_kept():
    details = {"type": "refusal", "category": "cyber", "explanation": "It may harm."}
    found = read(answer(reason="refusal", stop_details=details), False)
    assert (found.parts, found.stop) == ((Refusal("It may harm."),), "refusal")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"[]", "not an answer"),
        (b"{}", "no content"),
        (b'{"content": "Hi"}', "no content"),
        (b'{"type": "error", "error": {"type": "api_error", "message": "Boom"}}', "Boom"),
        (b'{"error": {"message": "Boom"}}', "Boom"),
    ],
)
def test_a_200_that_is_no_answer_is_unusable(body, words):
    assert words in str(unusable(body))


@pytest.mark.parametrize(
    "content",
    [
        (),
        ({"type": "text", "text": ""},),
        ({"type": "thinking", "thinking": "Hm", "signature": "s"},),
        ({"type": "redacted_thinking", "data": "x"},),
    ],
)
def test_an_empty_answer_is_unusable_and_billed(content):
    error = unusable(answer(*content))
    assert error.usage == COUNTED
    assert read(answer(*content), True).stop == "stop"
    assert read(answer(*content, reason="max_tokens"), False).stop == "length"


def test_blocks_that_are_not_known_make_an_answer():
    assert read(answer({"type": "web_search_tool_result", "content": []}), False).parts == ()
    odd = answer({"type": "text", "text": {"deep": 1}}, HI, id=5)
    assert read(odd, False).parts == (Text("Hi"),)


def test_an_answer_is_written():
    found = Answer(
        id="chatcmpl-1",
        model="gpt-5-nano",
        parts=(Thinking("Hm"), Text("Hi"), Refusal("No"), ToolCall("call_1", "f", '{"x": 1}')),
        stop="tool_calls",
        usage=Usage(input=5, output=9, cache_read=3, cache_write_5m=1, reasoning=2),
    )
    assert json.loads(write(found, 5)) == {
        "id": "chatcmpl-1",
        "type": "message",
        "role": "assistant",
        "model": "gpt-5-nano",
        # reasoning has no signature that Anthropic would accept when the caller sends it back
        "content": [
            {"type": "text", "text": "Hi"},
            {"type": "text", "text": "No"},
            {"type": "tool_use", "id": "call_1", "name": "f", "input": {"x": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 5,
            "cache_creation_input_tokens": 1,
            "cache_read_input_tokens": 3,
            "output_tokens": 9,
            "output_tokens_details": {"thinking_tokens": 2},
        },
    }


def test_an_answer_without_id_or_usage_has_the_fields_all_the_same():
    found = json.loads(write(Answer(id="", model="m", parts=(), stop="stop"), 5))
    assert found["id"] == "msg_5"
    assert found["usage"] == {"input_tokens": 0, "output_tokens": 0}


_OBJECTS = st.dictionaries(st.text(), st.integers() | st.text(), max_size=3)
_PARTS = st.one_of(
    st.text(min_size=1).map(Text),
    st.builds(
        ToolCall,
        st.text(min_size=1),
        st.text(min_size=1),
        _OBJECTS.map(lambda found: json.dumps(found, ensure_ascii=False, separators=(",", ":"))),
    ),
)


@given(
    st.lists(_PARTS, min_size=1, max_size=4).map(tuple),
    st.sampled_from(["stop", "length", "tool_calls", "refusal", "pause", "context_window"]),
    st.builds(Usage, *[st.integers(0, 2**50)] * 4, st.just(0), st.integers(0, 2**50)),
)
def test_what_is_written_is_read_back(parts, stop, usage):
    given_answer = Answer(id="1", model="m", parts=parts, stop=stop, usage=usage)
    found = read(write(given_answer, 5), False)
    assert [
        (part.id, part.name, json.loads(part.arguments)) if isinstance(part, ToolCall) else part
        for part in found.parts
    ] == [
        (part.id, part.name, json.loads(part.arguments)) if isinstance(part, ToolCall) else part
        for part in parts
    ]
    assert (found.stop, found.usage) == (stop, usage)


def test_a_problem_is_written_in_anthropics_shape():
    found = json.loads(write_problem(Problem(429, "Slow down.", "rate_limit_exceeded", "c", "p")))
    # a kind that Anthropic does not have becomes the one of the status
    assert found == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "Slow down."},
    }


def test_only_anthropics_shape_is_its_own():
    assert is_problem(b'{"type": "error", "error": {"type": "api_error", "message": "x"}}')
    for other in (b'{"error": {"message": "x"}}', b'{"type": "error"}', b"[]", b"x"):
        assert not is_problem(other)


@given(st.binary())
def test_any_bytes_are_an_answer_or_unusable(body):
    with contextlib.suppress(UnusableAnswerError):
        read(body, False)
    is_problem(body)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["content", "type", "text", "input", "usage", "stop_reason", "error"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@given(_JSON)
def test_any_json_is_an_answer_or_unusable(body):
    try:
        found = read(json.dumps(body).encode(), False)
    except UnusableAnswerError:
        return
    write(found, 1)
