import contextlib
import json

import pytest

from headgate.errors import InternalError, RequestError, UnknownModelError
from headgate.values import Usage
from headgate.wire.lane import (
    DIALECTS,
    Lane,
    UnusableAnswerError,
    asked_tier,
    lane,
    read,
    read_count,
    refuse,
    small_answer,
    small_request,
)
from headgate.wire.neutral import Text
from tests.wire.recordings import OPENAI_TOOL_STREAM, RESPONSES_STREAM, TOOL_STREAM

MESSAGES = [{"role": "user", "content": "Hello"}]
OPENAI = json.dumps({"model": "auto", "messages": MESSAGES}).encode()
ANTHROPIC = json.dumps({"model": "auto", "max_tokens": 9, "messages": MESSAGES}).encode()
RESPONSES = json.dumps({"model": "auto", "input": MESSAGES}).encode()
BODIES = {"openai": OPENAI, "openai-responses": RESPONSES, "anthropic": ANTHROPIC}
ANSWERS = {
    "openai": b'{"id":"c","model":"gpt-5","choices":[{"message":{"content":"Hi"},'
    b'"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1}}',
    "openai-responses": b'{"id":"r","model":"gpt-5","status":"completed","output":'
    b'[{"type":"message","content":[{"type":"output_text","text":"Hi"}]}],'
    b'"usage":{"input_tokens":3,"output_tokens":1}}',
    "anthropic": b'{"id":"m","model":"gpt-5","content":[{"type":"text","text":"Hi"}],'
    b'"stop_reason":"end_turn","usage":{"input_tokens":3,"output_tokens":1}}',
}
STREAMS = {
    "openai": OPENAI_TOOL_STREAM,
    "openai-responses": RESPONSES_STREAM,
    "anthropic": TOOL_STREAM,
}
PAIRS = [(caller, provider) for caller in DIALECTS for provider in DIALECTS]
IN_FLEX = {
    "openai": (b'"id":"c"', b'"id":"c","service_tier":"flex"'),
    "openai-responses": (b'"id":"r"', b'"id":"r","service_tier":"flex"'),
    "anthropic": (b'"usage":{', b'"usage":{"service_tier":"flex",'),
}


def headers(way: Lane, provider: str, key: str | None) -> list[tuple[str, str]]:
    """All that a call of this lane carries."""
    return [*DIALECTS[provider].headers(key), *way.passed()]


def test_the_lane_of_a_provider_has_its_path_and_headers():
    to_openai = lane(read("openai", OPENAI, {}), "openai", at=1)
    assert to_openai.path == "/chat/completions"
    assert headers(to_openai, "openai", "sk-1") == [
        ("content-type", "application/json"),
        ("authorization", "Bearer sk-1"),
    ]
    to_anthropic = lane(read("openai", OPENAI, {}), "anthropic", at=1)
    assert to_anthropic.path == "/v1/messages"
    assert headers(to_anthropic, "anthropic", "sk-1") == [
        ("content-type", "application/json"),
        ("anthropic-version", "2023-06-01"),
        ("x-api-key", "sk-1"),
    ]


@pytest.mark.parametrize("provider", list(DIALECTS))
def test_without_a_key_none_is_sent(provider):
    way = lane(read("openai", OPENAI, {}), provider, at=1)
    assert not {"authorization", "x-api-key"} & set(dict(headers(way, provider, None)))


def test_the_callers_key_never_goes_to_a_provider():
    secrets = {"authorization": "Bearer caller", "x-api-key": "caller", "anthropic-beta": "b"}
    for caller, provider in PAIRS:
        way = lane(read(caller, BODIES[caller], secrets), provider, at=1)
        sent = headers(way, provider, "ours")
        assert "caller" not in str(sent)
        assert (("anthropic-beta", "b") in sent) is (caller == provider == "anthropic")


@pytest.mark.parametrize(("caller", "provider"), PAIRS)
def test_every_pair_carries_a_request_an_answer_a_stream_and_an_error(caller, provider):
    way = lane(read(caller, BODIES[caller], {}), provider, at=1)
    sent = json.loads(way.request("gpt-5"))
    assert sent["model"] == "gpt-5"
    assert read(provider, way.request("gpt-5"), {}).ask.last_user == "Hello"

    answered = way.answer(ANSWERS[provider])
    assert answered.usage == Usage(input=3, output=1)
    assert (answered.model, answered.finish) == ("gpt-5", "stop")
    assert DIALECTS[caller].read_answer(answered.body, False).parts == (Text("Hi"),)

    flow = way.flow()
    assert flow.feed(STREAMS[provider])
    assert flow.end() == b""
    assert flow.complete
    assert flow.finish == "tool_calls"
    assert flow.usage is not None
    assert flow.delivered_chars > 30

    for body in (b"", b"<html>", b'{"error":{"message":"Boom"}}'):
        assert DIALECTS[caller].is_problem(way.error(500, body))


def test_a_lane_can_be_used_for_several_attempts():
    way = lane(read("openai", OPENAI, {}), "anthropic", at=1)
    assert way.request("a") != way.request("b")
    first, second = way.flow(), way.flow()
    first.feed(TOOL_STREAM)
    assert (first.complete, second.complete) == (True, False)


def test_a_dialect_that_is_not_known_is_a_defect():
    with pytest.raises(InternalError):
        read("esperanto", OPENAI, {})
    with pytest.raises(InternalError):
        lane(read("openai", OPENAI, {}), "esperanto", at=1)


def test_our_own_errors_are_told_in_the_callers_dialect():
    error = UnknownModelError("There is no model 'x'.", fix="Ask for auto.")
    assert json.loads(refuse("openai", error)) == {
        "error": {
            "message": "There is no model 'x'. Ask for auto.",
            "type": "invalid_request_error",
            "param": "model",
            "code": "model_not_found",
        }
    }
    assert json.loads(refuse("anthropic", error)) == {
        "type": "error",
        "error": {"type": "not_found_error", "message": "There is no model 'x'. Ask for auto."},
    }


def test_a_malformed_request_is_refused_in_both_dialects():
    for name in DIALECTS:
        with pytest.raises(RequestError) as caught:
            read(name, b"{", {})
        assert DIALECTS[name].is_problem(refuse(name, caught.value))


def test_a_small_request_is_short_and_does_not_think():
    assert json.loads(small_request("openai", "gemini-2.5-flash", "Sort.", "Hi", 16)) == {
        "model": "gemini-2.5-flash",
        "messages": [
            {"role": "system", "content": "Sort."},
            {"role": "user", "content": "Hi"},
        ],
        "max_tokens": 16,
        "temperature": 0.0,
        "reasoning_effort": "none",
    }
    assert json.loads(small_request("anthropic", "claude-haiku-4-5", "Sort.", "Hi", 16)) == {
        "model": "claude-haiku-4-5",
        "max_tokens": 16,
        "system": "Sort.",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 0.0,
    }


@pytest.mark.parametrize("provider", list(DIALECTS))
def test_a_small_answer_is_its_text_and_usage(provider):
    assert small_answer(provider, ANSWERS[provider]) == ("Hi", Usage(input=3, output=1))


@pytest.mark.parametrize("provider", list(DIALECTS))
def test_a_small_answer_without_text_is_unusable_and_billed(provider):
    blank = ANSWERS[provider].replace(b'"Hi"', b'" "')
    with pytest.raises(UnusableAnswerError) as caught:
        small_answer(provider, blank)
    assert (caught.value.kind, caught.value.usage) == ("unusable", Usage(input=3, output=1))
    with pytest.raises(UnusableAnswerError):
        small_answer(provider, b"<html>")


def test_tokens_are_counted_only_where_the_dialect_has_a_call_for_it():
    body = json.dumps({"model": "auto", "messages": MESSAGES}).encode()
    assert read_count("anthropic", body, {}).ask.last_user == "Hello"
    with pytest.raises(InternalError):
        read_count("openai", body, {})


def test_a_callers_header_that_http_does_not_allow_is_refused():
    way = lane(read("anthropic", ANTHROPIC, {"anthropic-beta": "a\tb"}), "anthropic", at=1)
    with pytest.raises(RequestError) as caught:
        way.passed()
    assert caught.value.param == "anthropic-beta"


def test_a_refusal_is_mended_once_and_only_within_a_dialect():
    thought = {"type": "thinking", "thinking": "Hm.", "signature": "s"}
    text = {"type": "text", "text": "So."}
    history = [*MESSAGES, {"role": "assistant", "content": [thought, text]}, *MESSAGES]
    body = json.dumps({"model": "auto", "max_tokens": 9, "messages": history}).encode()
    refused = b'{"error":{"message":"Invalid `signature` in `thinking` block"}}'
    way = lane(read("anthropic", body, {}), "anthropic", at=1)
    assert b"signature" in way.request("m")
    assert way.mended(400, refused)
    assert b"signature" not in way.request("m")
    assert not way.mended(400, refused)
    other = lane(read("anthropic", body, {}), "openai", at=1)
    assert not other.mended(400, refused)


DEEP = [10, 500, 950, 990, 1000, 5000, 100_000]


@pytest.mark.parametrize("depth", DEEP)
def test_an_answer_of_any_depth_is_read_or_unusable(depth: int):
    deep = b"[" * depth + b"]" * depth
    answers = {
        "openai": b'{"choices": [{"message": {"content": "x", "y": ' + deep + b"}}]}",
        "openai-responses": b'{"output": ' + deep + b"}",
        "anthropic": b'{"content": [{"type": "tool_use", "input": {"a": ' + deep + b"}}]}",
    }
    for provider, body in answers.items():
        for caller in DIALECTS:
            turn = b'[{"role": "user", "content": "hi"}]'
            asked = b'{"model": "auto", "max_tokens": 9, "messages": %b, "input": %b}'
            inbound = read(caller, asked % (turn, turn), {})
            with contextlib.suppress(UnusableAnswerError):
                lane(inbound, provider, at=0).answer(body)
        with contextlib.suppress(UnusableAnswerError):
            small_answer(provider, body)


@pytest.mark.parametrize(("caller", "provider"), PAIRS)
def test_the_service_tier_that_has_answered_is_known_in_every_dialect(caller, provider):
    way = lane(read(caller, BODIES[caller], {}), provider, at=1)
    found = way.answer(ANSWERS[provider].replace(*IN_FLEX[provider], 1))
    assert found.usage == Usage(3, 1, service_tier="flex")


@pytest.mark.parametrize("caller", list(DIALECTS))
@pytest.mark.parametrize(
    ("value", "tier"),
    [
        ('"priority"', "priority"),
        ('"Flex"', "flex"),
        ('"auto"', None),
        ('"standard_only"', None),
        ("null", None),
        ("7", None),
        ('"no word"', "unknown"),
    ],
)
def test_the_service_tier_that_a_caller_asks_for_is_read(caller, value, tier):
    body = BODIES[caller][:-1] + f', "service_tier": {value}}}'.encode()
    assert asked_tier(read(caller, body, {})) == tier
    assert asked_tier(read(caller, BODIES[caller], {})) is None


def test_anthropics_fast_mode_is_asked_for_by_speed():
    body = ANTHROPIC[:-1] + b', "speed": "fast", "service_tier": "auto"}'
    assert asked_tier(read("anthropic", body, {})) == "fast"
    assert asked_tier(read("anthropic", body.replace(b'"fast"', b'"standard"'), {})) is None


@pytest.mark.parametrize("provider", list(DIALECTS))
def test_an_answer_without_a_use_has_a_service_tier_all_the_same(provider):
    way = lane(read(provider, BODIES[provider], {}), provider, at=1)
    empty = ANSWERS[provider].replace(*IN_FLEX[provider], 1).replace(b'"Hi"', b'""')
    with pytest.raises(UnusableAnswerError) as caught:
        way.answer(empty)
    assert caught.value.usage == Usage(3, 1, service_tier="flex")


def test_a_service_tier_is_read_where_other_types_are_not_as_expected():
    """A server that numbers its ids is read leniently."""
    for provider in ("openai", "openai-responses"):
        way = lane(read(provider, BODIES[provider], {}), provider, at=1)
        body = json.loads(ANSWERS[provider]) | {"id": 7, "service_tier": "priority"}
        found = way.answer(json.dumps(body).encode())
        assert found.usage == Usage(3, 1, service_tier="priority")


CHAT_STREAM = (
    b'data: {"id":"c","model":"gpt-5","service_tier":"flex","choices":[{"delta":{"content":"Hi"}}]}'
    b'\n\ndata: {"id":"c","choices":[{"delta":{},"finish_reason":"stop"}]}'
    b'\n\ndata: {"id":"c","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":1}}'
    b"\n\ndata: [DONE]\n\n"
)
RESPONSE_STREAM = (
    b'data: {"type":"response.created","response":{"id":"r","service_tier":"auto"}}\n\n'
    b'data: {"type":"response.output_text.delta","output_index":0,"delta":"Hi"}\n\n'
    b'data: {"type":"response.completed","response":{"id":"r","status":"completed",'
    b'"service_tier":"flex","usage":{"input_tokens":3,"output_tokens":1}}}\n\n'
)
MESSAGE_STREAM = (
    b'data: {"type":"message_start","message":{"id":"m","model":"c","usage":'
    b'{"input_tokens":3,"output_tokens":1,"service_tier":"flex"}}}\n\n'
    b'data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"Hi"}}'
    b"\n\n"
    b'data: {"type":"message_delta","delta":{"stop_reason":"end_turn"},"usage":{"output_tokens":1}}'
    b'\n\ndata: {"type":"message_stop"}\n\n'
)
FLEX_STREAMS = {
    "openai": CHAT_STREAM,
    "openai-responses": RESPONSE_STREAM,
    "anthropic": MESSAGE_STREAM,
}


@pytest.mark.parametrize(("caller", "provider"), PAIRS)
def test_the_service_tier_of_a_stream_is_known_in_every_dialect(caller, provider):
    body = BODIES[caller][:-1] + b',"stream":true}'
    flow = lane(read(caller, body, {}), provider, at=1).flow()
    flow.feed(FLEX_STREAMS[provider])
    assert flow.complete
    assert flow.usage == Usage(3, 1, service_tier="flex")


def test_a_stream_that_breaks_off_before_its_counts_has_said_its_service_tier():
    flow = lane(read("openai", OPENAI[:-1] + b',"stream":true}', {}), "openai", at=1).flow()
    flow.feed(CHAT_STREAM[: CHAT_STREAM.index(b"\n\n") + 2])
    assert (flow.usage, flow.service_tier) == (None, "flex")
