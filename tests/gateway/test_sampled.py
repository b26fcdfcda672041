"""A sampled caller gets what it would have got, and the answer is noted on the way."""

from __future__ import annotations

import asyncio

import pytest

from headgate.gateway import sampled as module
from headgate.gateway.sampled import Sampled


class Caller:
    method, path, query = "POST", "/v1/messages", "a=1"
    headers = {"host": "h"}  # noqa: RUF012

    def __init__(self) -> None:
        self.got = b""
        self.status = 0
        self.left: list[object] = []

    async def body(self, limit: int) -> bytes:
        return b"x" * limit

    def on_leave(self, callback) -> None:
        self.left.append(callback)

    def respond(self, status, headers, body) -> None:
        self.status = status
        self.got += body

    def stream(self, status, headers):
        self.status = status
        return self

    def write(self, data: bytes) -> bool:
        self.got += data
        return len(self.got) < 10

    async def send(self, data: bytes) -> None:
        self.got += data


def test_it_is_the_caller_in_all_else():
    caller = Caller()
    sampled = Sampled(caller)
    assert (sampled.method, sampled.path, sampled.query) == ("POST", "/v1/messages", "a=1")
    assert sampled.headers is caller.headers
    assert asyncio.run(sampled.body(3)) == b"xxx"
    sampled.on_leave(print)
    assert caller.left == [print]


def test_a_whole_answer_is_noted_and_passed_on():
    caller = Caller()
    sampled = Sampled(caller)
    sampled.respond(200, [], b"answer")
    assert (caller.status, caller.got) == (200, b"answer")
    assert (sampled.status, sampled.answer, sampled.streamed) == (200, b"answer", False)


def test_so_is_a_stream_piece_by_piece():
    caller = Caller()
    sampled = Sampled(caller)

    async def main() -> None:
        out = sampled.stream(200, [])
        for piece in (b"an", b"swer"):
            await out.send(piece)

    asyncio.run(main())
    assert caller.got == sampled.answer == b"answer"
    assert sampled.streamed


def test_whether_it_may_go_on_is_the_callers_to_say():
    caller = Caller()
    sampled = Sampled(caller)
    out = sampled.stream(200, [])
    assert out.write(b"an")
    assert not out.write(b"swerswer")
    assert caller.got == sampled.answer == b"answerswer"


def test_what_is_too_long_is_passed_on_and_not_kept(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(module, "MOST_BYTES", 4)
    caller = Caller()
    sampled = Sampled(caller)
    sampled.respond(200, [], b"answer")
    assert caller.got == b"answer"
    assert sampled.too_long
    assert sampled.answer == b""
