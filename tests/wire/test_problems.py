import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.errors import InternalError, RequestError, UnknownModelError, UpstreamError
from headgate.wire.neutral import Problem
from headgate.wire.problems import (
    MAX_MESSAGE_CHARS,
    is_overflow,
    kind_of,
    problem_of,
    read_problem,
)
from tests.wire.recordings import recorded


def test_openais_error_is_read_whole():
    body = {"error": {"message": "No.", "type": "invalid_request_error", "code": "c", "param": "p"}}
    assert read_problem(400, json.dumps(body).encode()) == Problem(
        400, "No.", "invalid_request_error", "c", "p"
    )


def test_anthropics_error_is_read_whole():
    body = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert read_problem(529, json.dumps(body).encode()) == Problem(
        529, "Overloaded", "overloaded_error"
    )


def test_every_recorded_error_keeps_its_message():
    seen = 0
    for exchange in recorded():
        if exchange.status != 200:
            told = json.loads(exchange.answer)["error"]
            found = read_problem(exchange.status, exchange.answer)
            assert (found.message, found.code, found.param) == (
                told["message"],
                told["code"],
                told["param"],
            )
            seen += 1
    assert seen == 3


@pytest.mark.parametrize(
    "body",
    [
        b'[{"error": {"message": "Quota", "code": 429, "status": "RESOURCE_EXHAUSTED"}}]',
        b'{"error": "Quota"}',
        b'{"message": "Quota"}',
        b'{"detail": "Quota"}',
    ],
)
def test_other_shapes_keep_their_message(body):
    found = read_problem(429, body)
    assert (found.message, found.kind) == ("Quota", "rate_limit_error")


def test_a_shape_that_is_not_known_is_wrapped():
    assert read_problem(502, b"<html>Bad gateway</html>").message == (
        "The provider answered with status 502: <html>Bad gateway</html>"
    )
    assert read_problem(500, b"").message == "The provider answered with status 500."
    assert '{"oops": 1}' in read_problem(500, b'{"oops": 1}').message
    assert '{"error": {"code": 7}}' in read_problem(500, b'{"error": {"code": 7}}').message


def test_a_long_page_is_cut():
    assert len(read_problem(502, b"x" * 10**6).message) < MAX_MESSAGE_CHARS + 100


@given(st.integers(400, 599), st.binary())
def test_any_bytes_make_a_problem_that_can_be_written(status, body):
    found = read_problem(status, body)
    assert found.status == status
    assert found.message.encode()
    assert found.kind


def test_our_own_errors_tell_their_fix_code_and_param():
    error = RequestError("No model.", fix="Name one.", code="missing", param="model")
    assert problem_of(error) == Problem(
        400, "No model. Name one.", "invalid_request_error", "missing", "model"
    )
    assert problem_of(UnknownModelError("No such model.")).kind == "not_found_error"
    timeout = problem_of(UpstreamError("Too slow.", kind="timeout", status=504))
    assert (timeout.kind, timeout.code) == ("timeout_error", "timeout")
    assert problem_of(InternalError("Oops.")) == Problem(500, "Oops.", "api_error")


def test_kinds_follow_the_documented_statuses():
    assert [kind_of(status) for status in (400, 401, 413, 418, 429, 500, 529, 599)] == [
        "invalid_request_error",
        "authentication_error",
        "request_too_large",
        "invalid_request_error",
        "rate_limit_error",
        "api_error",
        "overloaded_error",
        "api_error",
    ]


@pytest.mark.parametrize("depth", [10, 500, 950, 990, 1000, 5000, 100_000])
def test_an_error_of_any_depth_is_told(depth: int):
    deep = b"[" * depth + b"]" * depth
    for body in (b'{"error": {"message": ' + deep + b"}}", b'{"a": ' + deep + b"}", deep):
        found = read_problem(500, body)
        assert found.message.startswith("The provider answered with status 500")
        assert len(found.message) <= MAX_MESSAGE_CHARS + 50


@pytest.mark.parametrize(
    "error",
    [
        {"message": "Too long.", "code": "context_length_exceeded"},
        {"message": "This model's maximum context length is 128000 tokens. However, your"},
        {"message": "Your input exceeds the context window of this model."},
        {"message": "prompt is too long: 204810 tokens > 200000 maximum"},
        {"message": "input length and `max_tokens` exceed context limit: 197000 + 21333 > 200000"},
        {"message": "The input token count (1100000) exceeds the maximum number of tokens allowed"},
    ],
)
def test_a_request_that_is_too_long_for_the_model_is_known_whoever_says_so(error):
    body = json.dumps({"error": error}).encode()
    assert is_overflow(read_problem(400, body))
    assert not is_overflow(read_problem(429, body))


@pytest.mark.parametrize(
    "message",
    ["Invalid 'user': string too long.", "max_tokens is too large: 9", "The tool name is too long"],
)
def test_other_things_that_are_too_long_are_not_taken_for_that(message):
    assert not is_overflow(read_problem(400, json.dumps({"error": {"message": message}}).encode()))
