"""A followed caller gets what it would have got, and how it was answered is noted on the way."""

from __future__ import annotations

import asyncio

import pytest

from headgate.errors import HeadgateError, InternalError, RequestError, UpstreamError
from headgate.gateway.followed import Followed
from headgate.monitor.journey import Journey
from tests.gateway.callers import Asked


def followed(caller: Asked) -> tuple[Followed, Journey, list[Journey]]:
    journey = Journey(caller.method, caller.path, None, 0, lambda: 0.0)
    done: list[Journey] = []
    return Followed(caller, journey, done.append), journey, done


def asked() -> Asked:
    return Asked("POST", "/v1/messages", b"body", query="a=1", headers={"host": "h"})


def test_it_is_the_caller_in_all_else():
    caller = asked()
    left: list[object] = []
    caller.on_leave = left.append  # type: ignore[method-assign,assignment]
    made, *_ = followed(caller)
    assert (made.method, made.path, made.query) == ("POST", "/v1/messages", "a=1")
    assert made.headers is caller.headers
    assert asyncio.run(made.body(9)) == b"body"
    made.on_leave(print)
    assert left == [print]


@pytest.mark.parametrize("streamed", [False, True])
def test_the_answers_head_is_noted_and_passed_on(streamed: bool):
    caller = asked()
    made, journey, _ = followed(caller)
    headers = [("content-type", "a/b"), ("x-headgate-request-id", "req_1")]
    if streamed:
        assert made.stream(200, headers) is caller
    else:
        made.respond(200, headers, b"answer")
        assert caller.answer == b"answer"
    assert (caller.status, caller.answer_headers) == (200, dict(headers))
    assert (journey.status, journey.request_id) == (200, "req_1")


@pytest.mark.parametrize(
    ("error", "code", "fault"),
    [
        (RequestError("No.", code="overloaded"), "overloaded", False),
        (RequestError("No."), "invalid_request", False),
        (UpstreamError("No.", kind="connect"), "connect", False),
        (InternalError("No."), "internal", True),
        (HeadgateError("No."), "api_error", False),
    ],
)
def test_a_refusal_is_known_by_its_code_and_not_by_its_words(error, code, fault):
    made, journey, _ = followed(asked())
    made.refused(error)
    assert (journey.code, journey.fault) == (code, fault)


def test_its_end_is_told_once():
    made, journey, done = followed(asked())
    assert not done
    made.over()
    assert done == [journey]
