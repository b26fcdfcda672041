import contextlib
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.values import Usage
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.meter import Meter, OpenAICounts
from headgate.wire.neutral import (
    Answer,
    Problem,
    Refusal,
    SealedThinking,
    Text,
    Thinking,
    ToolCall,
)
from headgate.wire.openai_chat.answers import FINISHES, is_problem, read, write, write_problem
from tests.wire.recordings import USAGE, recorded

COUNTED = Usage(input=24, output=9, cache_read=16, reasoning=4)


def answer(message: object, finish: object = "stop", **more: object) -> bytes:
    choice = {"index": 0, "message": message, "finish_reason": finish}
    body = {"id": "chatcmpl-1", "model": "gpt-5-nano", "choices": [choice], "usage": USAGE, **more}
    return json.dumps(body).encode()


def said(content: object, **more: object) -> dict[str, object]:
    return {"role": "assistant", "content": content, **more}


def unusable(body: bytes, *, quiet: bool = False) -> UnusableAnswerError:
    with pytest.raises(UnusableAnswerError) as caught:
        read(body, quiet)
    assert caught.value.kind == "unusable"
    return caught.value


def test_every_recorded_answer_is_read():
    stops = set()
    for exchange in recorded():
        if exchange.status == 200 and not exchange.streamed:
            found = read(exchange.answer, False)
            told = json.loads(exchange.answer)
            assert (found.id, found.model) == (told["id"], told["model"])
            assert found.usage is not None
            stops.add(found.stop)
            message = told["choices"][0]["message"]
            texts = [part.text for part in found.parts if isinstance(part, Text)]
            assert "".join(texts) == (message["content"] or "")
            calls = [part.name for part in found.parts if isinstance(part, ToolCall)]
            assert calls == [call["function"]["name"] for call in message.get("tool_calls", [])]
    assert stops == {"stop", "length", "tool_calls"}


def test_text_reasoning_refusal_and_calls_are_parts():
    calls = [
        {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}},
        {"type": "function", "function": {"name": "g", "arguments": ""}},
    ]
    message = said("Hi", refusal="No", reasoning_content="Hm", tool_calls=calls)
    assert read(answer(message, "tool_calls"), False) == Answer(
        id="chatcmpl-1",
        model="gpt-5-nano",
        parts=(
            Thinking("Hm"),
            Text("Hi"),
            Refusal("No"),
            ToolCall("a", "f", "{}"),
            # an id is made that no other turn of the conversation has
            ToolCall("call_chatcmpl-1_1", "g", ""),
        ),
        stop="tool_calls",
        usage=COUNTED,
    )


def test_what_servers_write_otherwise_is_read_too():
    message = said(
        [{"type": "text", "text": "Hi"}, {"type": "thinking"}, "x"],
        reasoning="Hm",
        tool_calls=[{"id": "a", "index": "0", "function": {"name": "f", "arguments": {"x": 1}}}],
    )
    found = read(answer(message, created="now", id=7), False)
    assert found.parts == (Thinking("Hm"), Text("Hi"), ToolCall("a", "f", '{"x":1}'))
    assert found.id == ""


def test_half_a_surrogate_pair_does_not_spoil_an_answer():
    found = read(b'{"choices": [{"message": {"content": "ok \\ud83d"}}]}', False)
    assert found.parts == (Text("ok �"),)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "not JSON"),
        (b"<html>", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[]", "not an answer"),
        (b'"ok"', "not an answer"),
        (b"{}", "no choices"),
        (b'{"choices": []}', "no choices"),
        (b'{"choices": {}}', "no choices"),
        (b'{"choices": [7]}', "no choices"),
        (b'{"choices": [{}]}', "no message"),
        (b'{"choices": [{"message": "hi"}]}', "no message"),
        (b'{"error": {"message": "Overloaded", "code": 529}}', "Overloaded"),
        (b'{"error": "boom"}', "boom"),
    ],
)
def test_a_200_that_is_no_answer_is_unusable(body, words):
    error = unusable(body)
    assert words in str(error)
    assert error.usage is None


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (answer(said(""), "stop"), "empty"),
        (answer(said(None), "stop"), "empty"),
        (answer(said(None, reasoning_content="Hm"), None), "empty"),
        (answer(said("Hi"), "error"), "broke off"),
        (answer(said("Hi"), choices=[]), "no choices"),
        (answer(said("Hi"), error={"message": "Late failure"}), "Late failure"),
        (
            answer(None, choices=[{"message": said("Hi"), "error": {"message": "Quota"}}]),
            "Quota",
        ),
    ],
)
def test_an_unusable_answer_is_billed_all_the_same(body, words):
    error = unusable(body)
    assert words in str(error)
    assert error.usage == COUNTED


@pytest.mark.parametrize(
    ("message", "finish", "stop"),
    [
        (said(""), "length", "length"),
        (said(None), "content_filter", "refusal"),
        (said(None, refusal="No"), "stop", "stop"),
        (said(None, audio={"id": "a"}), "stop", "stop"),
        (said("", images=[{}]), "stop", "stop"),
        (said(None, function_call={"name": "f"}), "function_call", "tool_calls"),
        (said("Hi"), "something new", "stop"),
    ],
)
def test_an_answer_without_text_can_be_a_good_one(message, finish, stop):
    assert read(answer(message, finish), False).stop == stop


def test_a_call_is_why_an_answer_ended_whatever_the_server_says():
    call = {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    assert read(answer(said(None, tool_calls=[call]), "stop"), False).stop == "tool_calls"
    assert read(answer(said(None, tool_calls=[call]), "length"), False).stop == "length"


def test_an_empty_answer_is_good_where_it_may_be():
    assert read(answer(said("")), True).parts == ()


WRITTEN = Answer(
    id="msg_1",
    model="claude-haiku-4-5",
    parts=(Thinking("Hm", "sig"), Text("Hi "), Text("you"), ToolCall("a", "f", '{"x":1}')),
    stop="tool_calls",
    usage=Usage(input=5, output=9, cache_read=3, cache_write_5m=1, cache_write_1h=1, reasoning=2),
)


def test_an_answer_is_written():
    assert json.loads(write(WRITTEN, 1755137921)) == {
        "id": "msg_1",
        "object": "chat.completion",
        "created": 1755137921,
        "model": "claude-haiku-4-5",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Hi you",
                    "refusal": None,
                    "reasoning_content": "Hm",
                    "tool_calls": [
                        {
                            "id": "a",
                            "type": "function",
                            "function": {"name": "f", "arguments": '{"x":1}'},
                        }
                    ],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 9,
            "total_tokens": 19,
            "prompt_tokens_details": {"cached_tokens": 3, "cache_write_tokens": 2},
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("stop", "stop"),
        ("stop_sequence", "stop"),
        ("length", "length"),
        ("context_window", "length"),
        ("refusal", "content_filter"),
        ("pause", "stop"),
    ],
)
def test_every_stop_has_a_finish_reason(stop, finish):
    found = json.loads(write(Answer(id="", model="m", parts=(), stop=stop), 5))
    assert found["choices"][0]["finish_reason"] == finish
    assert found["id"] == "chatcmpl-5"
    assert "usage" not in found


def test_a_refusal_has_its_field():
    parts = (Refusal("No."),)
    found = json.loads(write(Answer(id="1", model="m", parts=parts, stop="refusal"), 5))
    assert found["choices"][0]["message"] == {
        "role": "assistant",
        "content": None,
        "refusal": "No.",
    }


_TEXTS = st.just(()) | st.tuples(st.text(min_size=1).map(Text))
_REFUSALS = st.just(()) | st.tuples(st.text(min_size=1).map(Refusal))
_CALLS = st.lists(
    st.builds(ToolCall, st.text(min_size=1), st.text(min_size=1), st.text()), max_size=2
).map(tuple)


@given(
    st.tuples(_TEXTS, _REFUSALS, _CALLS).map(lambda groups: sum(groups, ())).filter(bool),
    st.sampled_from(["stop", "length", "tool_calls", "refusal"]),
    st.none() | st.builds(Usage, *[st.integers(0, 10**6)] * 4, st.just(0), st.just(0)),
)
def test_what_is_written_is_read_back(parts, stop, usage):
    if stop == "stop" and any(isinstance(part, ToolCall) for part in parts):
        stop = "tool_calls"  # a call is always why an answer ended
    given_answer = Answer(id="1", model="m", parts=parts, stop=stop, usage=usage)
    assert read(write(given_answer, 5), False) == given_answer


def by_the_rules(answer: Answer, at: int) -> bytes:
    """An answer as a dictionary of its parts, which says more plainly what is to be written."""
    of = [[part.text for part in answer.parts if isinstance(part, kind)] for kind in SPOKEN]
    text, refusal, thought = ("".join(texts) for texts in of)
    calls = [
        {
            "id": one.id,
            "type": "function",
            "function": {"name": one.name, "arguments": one.arguments},
        }
        for one in answer.parts
        if isinstance(one, ToolCall)
    ]
    message = {
        "role": "assistant",
        "content": text if text or not (calls or refusal) else None,
        "refusal": refusal or None,
        **({"reasoning_content": thought} if thought else {}),
        **({"tool_calls": calls} if calls else {}),
    }
    finish = FINISHES[answer.stop]
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    body = {
        "id": answer.id or f"chatcmpl-{at}",
        "object": "chat.completion",
        "created": at,
        "model": answer.model,
        "choices": [choice],
    }
    if (usage := answer.usage) is not None:
        written = usage.cache_write_5m + usage.cache_write_1h
        prompt = {"cached_tokens": usage.cache_read}
        body["usage"] = {
            "prompt_tokens": usage.total_input,
            "completion_tokens": usage.output,
            "total_tokens": usage.total_input + usage.output,
            "prompt_tokens_details": prompt | ({"cache_write_tokens": written} if written else {}),
            "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
        }
    return msgspec.json.encode(body)


SPOKEN = (Text, Refusal, Thinking)
_PARTS = st.one_of(
    *(st.builds(kind, st.text()) for kind in SPOKEN),
    st.builds(ToolCall, st.text(), st.text(), st.text()),
    st.builds(SealedThinking, st.text()),
)


@given(
    st.lists(_PARTS, max_size=5).map(tuple),
    st.sampled_from([*FINISHES]),
    st.none() | st.builds(Usage, *[st.integers(0, 10**6)] * 6),
    st.sampled_from(["", "msg_1"]),
)
def test_an_answer_is_written_to_the_byte_as_its_rules_say(parts, stop, usage, name):
    given_answer = Answer(id=name, model="m", parts=parts, stop=stop, usage=usage)
    assert write(given_answer, 5) == by_the_rules(given_answer, 5)


def test_a_problem_is_written_in_openais_shape():
    problem = Problem(404, "No such model.", "not_found_error", "model_not_found", "model")
    assert json.loads(write_problem(problem)) == {
        "error": {
            "message": "No such model.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }
    assert json.loads(write_problem(Problem(529, "x", "overloaded_error")))["error"]["type"] == (
        "server_error"
    )


def test_only_openais_shape_is_its_own():
    assert is_problem(b'{"error": {"message": "x"}}')
    for other in (b'{"error": "x"}', b"[]", b"x", b"{}"):
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
            st.sampled_from(
                [
                    "choices",
                    "message",
                    "content",
                    "tool_calls",
                    "function",
                    "arguments",
                    "usage",
                    "id",
                ]
            ),
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


_NUMBER = st.one_of(st.none(), st.integers(-5, 2**54), st.sampled_from([12.0, 0.5, "3", [], {}]))
_USAGES = st.one_of(
    st.none(),
    st.just("none"),
    st.fixed_dictionaries(
        {},
        optional={
            "prompt_tokens": _NUMBER,
            "completion_tokens": _NUMBER,
            "total_tokens": _NUMBER,
            "service_tier": st.sampled_from([None, "flex", "no word", 3]),
            "prompt_tokens_details": st.one_of(
                st.none(), st.just(7), st.fixed_dictionaries({"cached_tokens": _NUMBER})
            ),
            "extra": _NUMBER,
        },
    ),
)


@given(_USAGES)
def test_a_usage_is_the_same_whether_or_not_it_is_of_the_usual_form(usage: object):
    meter = Meter(OpenAICounts)
    meter.see(usage)
    assert read(answer(said("hi"), usage=usage), False).usage == meter.usage
