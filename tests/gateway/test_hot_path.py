"""The price of a request in function calls: the same on every machine, unlike its time.

A time would depend on what else the machine is doing; the number of calls does not. Each bound is
the count of the day it was set (on the interpreter that counts most) plus a tenth. A change that
breaks one either earns it, and says so in docs/decisions, or does work that need not be done for
every request.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from types import FrameType

import pytest

from headgate.bootstrap.gateway import SystemClock, app_of
from headgate.gateway.caller import Headers
from headgate.gateway.upstream import Endpoint
from headgate.ledger.entry import Entry
from headgate.routing.artifact import dump
from headgate.settings import read
from tests.gateway.house import ENV, LEARNED, RULES
from tests.routing.routers import small_artifact

BODY = {
    "model": "auto",
    "messages": [
        {"role": "system", "content": "You are a careful assistant. " * 12},
        {"role": "user", "content": "Tell me whether a request can be lost here. " * 12},
    ],
    "temperature": 0.2,
}
USAGE = {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300}
ANSWER = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "created": 1,
    "model": "gpt-5-mini",
    "choices": [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "word " * 100},
            "finish_reason": "stop",
        }
    ],
    "usage": USAGE,
}


def _chunk(**fields: object) -> bytes:
    return b"data: " + json.dumps({"id": "c", "model": "gpt-5-mini", **fields}).encode() + b"\n\n"


STREAM = [
    *(_chunk(choices=[{"index": 0, "delta": {"content": "word "}}]) for _ in range(30)),
    _chunk(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
    _chunk(choices=[], usage=USAGE),
    b"data: [DONE]\n\n",
]


class Reply:
    """An answer that is there at once."""

    status = 200

    def __init__(self, parts: list[bytes], kind: str) -> None:
        self._parts = list(parts)
        self._kind = kind

    def header(self, name: str) -> str | None:
        return self._kind if name == "content-type" else None

    async def read(self) -> bytes:
        return b"".join(self._parts)

    async def chunk(self, idle: float) -> bytes | None:
        return self._parts.pop(0) if self._parts else None

    def release(self) -> None: ...

    def close(self) -> None: ...


class Upstream:
    """A provider without a network."""

    def __init__(self, *, stream: bool) -> None:
        self._stream = stream

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        if self._stream:
            return Reply(STREAM, "text/event-stream")
        return Reply([json.dumps(ANSWER).encode()], "application/json")

    async def close(self) -> None: ...


class Caller:
    """A caller without a network."""

    method = "POST"
    path = "/v1/chat/completions"
    query = ""
    headers: dict[str, str] = {"host": "h", "content-type": "application/json"}  # noqa: RUF012

    def __init__(self, *, stream: bool) -> None:
        self._body = json.dumps(BODY | {"stream": stream}).encode()
        self.got = b""

    async def body(self, limit: int) -> bytes:
        return self._body

    def on_leave(self, callback: Callable[[], object]) -> None: ...

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        assert status == 200, body
        self.got += body

    def stream(self, status: int, headers: Headers) -> Caller:
        return self

    async def send(self, data: bytes) -> None:
        self.got += data


class Forget:
    """A ledger's place taken by nothing."""

    def record(self, entry: Entry) -> None: ...


def calls_for_one(tmp_path, *, stream: bool, config: str = RULES) -> int:
    """Function calls, Python's and C's, for one request through a warm gateway."""
    file = tmp_path / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(config.format(openai=base, anthropic=base, responses=base))
    (tmp_path / "router.headgate").write_bytes(dump(small_artifact()))
    sets = ("tiers.cheap.model=google/gpt-5-mini",)
    settings = read(file, env=ENV, sets=sets)

    async def main() -> int:
        upstream = Upstream(stream=stream)
        app = app_of(settings, ENV, upstream=upstream, recorder=Forget(), clock=SystemClock())
        for _ in range(5):
            await app(Caller(stream=stream))
        caller = Caller(stream=stream)
        calls = 0

        def count(_: FrameType, event: str, __: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call")

        sys.setprofile(count)
        try:
            await app(caller)
        finally:
            sys.setprofile(None)
        assert caller.got
        return calls

    return min(asyncio.run(main()) for _ in range(3))


@pytest.mark.parametrize(("stream", "bound"), [(False, 270), (True, 1427)])
def test_a_request_takes_no_more_calls_than_it_did(tmp_path, stream, bound):
    calls = calls_for_one(tmp_path, stream=stream)
    assert calls <= bound
    assert calls > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_learned_router_adds_its_own_calls_and_no_more(tmp_path):
    added = calls_for_one(tmp_path, stream=False, config=LEARNED)
    added -= calls_for_one(tmp_path, stream=False)
    assert added <= 120
    assert added > 60, "it takes far fewer now: lower the bound, so that it stays so"
