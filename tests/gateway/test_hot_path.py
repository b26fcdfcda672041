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
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from headgate.access.key import Key, digest, mint
from headgate.access.limits import Limits, budget
from headgate.bootstrap.gateway import SystemClock, app_of
from headgate.gateway import caller as seam
from headgate.gateway.admission import Admission
from headgate.gateway.app import App
from headgate.gateway.caller import Headers
from headgate.gateway.followed import Followed
from headgate.gateway.gate import Gate
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.introduced import Introduced
from headgate.gateway.record import Told
from headgate.gateway.till import Till
from headgate.gateway.transcript import Transcripts
from headgate.gateway.upstream import Endpoint, endpoint
from headgate.ledger.entry import Entry
from headgate.ledger.keys_memory import MemoryKeys
from headgate.monitor.span_attributes import Names
from headgate.monitor.telemetry import Telemetry
from headgate.routing.artifact import dump
from headgate.settings import read
from headgate.values import Clock
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
PRICES = """
[prices."google/gpt-5-mini"]
input = "1.00"
output = "5.00"
"""
SECRET = mint(bytes(range(38)))
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


def _event(kind: str, **fields: object) -> bytes:
    data = json.dumps({"type": kind, **fields}).encode()
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


CLAUDE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "word " * 100}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 200, "output_tokens": 100},
}
CLAUDE_STREAM = [
    _event("message_start", message={**CLAUDE, "content": [], "stop_reason": None}),
    _event("content_block_start", index=0, content_block={"type": "text", "text": ""}),
    *(
        _event("content_block_delta", index=0, delta={"type": "text_delta", "text": "word "})
        for _ in range(30)
    ),
    _event("content_block_stop", index=0),
    _event("message_delta", delta={"stop_reason": "end_turn"}, usage={"output_tokens": 100}),
    _event("message_stop"),
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

    def __init__(self, *, stream: bool, claude: bool = False) -> None:
        self._stream = stream
        self._answer = json.dumps(CLAUDE if claude else ANSWER).encode()
        self._events = CLAUDE_STREAM if claude else STREAM

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        if self._stream:
            return Reply(self._events, "text/event-stream")
        return Reply([self._answer], "application/json")

    async def close(self) -> None: ...


class Caller:
    """A caller without a network."""

    method = "POST"
    path = "/v1/chat/completions"
    query = ""

    def __init__(self, *, stream: bool, secret: str | None = None) -> None:
        self.headers = {"host": "h", "content-type": "application/json"}
        if secret is not None:
            self.headers["x-api-key"] = secret
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


def keyed() -> Admission:
    """Keys are asked for; there is one, with a budget and a rate that it does not reach."""
    store, clock = MemoryKeys(), SystemClock()
    store.put_key(
        Key(
            id=SECRET.id,
            name="load",
            digest=digest(b"pepper", SECRET.secret),
            limits=Limits(budgets=(budget("1000000/month"),), requests_per_minute=10**9),
            created_us=1,
        )
    )
    gate = Gate(clock, pepper=b"pepper", required=True)
    return Admission(gate, store=store, till=Till(store, clock, holder="test"))


def calls_for_one(
    tmp_path,
    *,
    stream: bool,
    config: str = RULES,
    claude: bool = False,
    key: bool = False,
    traced: bool = False,
    kept: bool = False,
) -> int:
    """Function calls, Python's and C's, for one request through a warm gateway."""
    file = tmp_path / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(config.format(openai=base, anthropic=base, responses=base))
    (tmp_path / "router.headgate").write_bytes(dump(small_artifact()))
    sets = () if claude else ("tiers.cheap.model=google/gpt-5-mini",)
    secret = SECRET.secret if key else None
    settings = read(file, env=ENV, sets=sets)

    async def main() -> int:
        upstream = Upstream(stream=stream, claude=claude)
        clock, admission = SystemClock(), keyed() if key else None
        telemetry = telemetry_of(clock) if traced else None
        app = app_of(
            settings,
            ENV,
            upstream=Introduced(upstream, telemetry.introduce) if telemetry else upstream,
            recorder=Told(Forget(), telemetry.take) if telemetry else Forget(),
            clock=clock,
            admission=admission,
        )
        app.follow = followed_by(telemetry) if telemetry else None
        app.transcripts = Transcripts(lambda _: None, most=256 << 10) if kept else None
        if admission is None:
            return await counted(app)
        async with admission:
            return await counted(app)

    async def counted(app: App) -> int:
        for _ in range(20):
            await app(Caller(stream=stream, secret=secret))
            await asyncio.sleep(0)  # what is to be done beside the requests is done now
        caller = Caller(stream=stream, secret=secret)
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


def telemetry_of(clock: Clock) -> Telemetry:
    """Telemetry whose collector is nobody."""
    tracers, meters = TracerProvider(shutdown_on_exit=False), MeterProvider(shutdown_on_exit=False)
    return Telemetry(tracers, meters, clock, Names())


def followed_by(telemetry: Telemetry) -> Callable[[seam.Caller, str], Followed]:
    """Follows requests as a gateway with telemetry does."""

    def follow(caller: seam.Caller, route: str) -> Followed:
        return Followed(
            caller, telemetry.begin(caller.method, route, caller.headers), telemetry.end
        )

    return follow


SOCKETS = ("http1_server.py", "http1_client.py", "deadline.py", "field_names.py")
"""The files of the sockets' half: what a request costs before and after the application."""


class Peer(asyncio.Protocol):
    """The other side of a connection, which says its piece when it is told or asked."""

    def __init__(self, piece: bytes, *, answers: bool) -> None:
        self._piece, self._answers = piece, answers
        self.heard = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.WriteTransport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.heard.set()
        if self._answers:
            self.say()

    def say(self) -> None:
        self.transport.write(self._piece)


def written(first: str, value: object) -> bytes:
    """A message of HTTP/1.1 with this first line."""
    body = json.dumps(value).encode()
    names = ("Host", "Content-Type", "Accept", "User-Agent", "X-Request-Id")
    head = "\r\n".join([first, *(f"{name}: v" for name in names)])
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def calls_of_the_sockets() -> int:
    """Function calls of server and client for one request that a bare proxy passes on."""
    loop, upstream = asyncio.get_running_loop(), Http1Upstream()
    answer = written("HTTP/1.1 200 OK", ANSWER)
    provider = await loop.create_server(lambda: Peer(answer, answers=True), "127.0.0.1", 0)
    port = provider.sockets[0].getsockname()[1]
    there = endpoint(f"http://127.0.0.1:{port}/v1", [("content-type", "application/json")])

    async def proxy(caller: seam.Caller) -> None:
        body = await caller.body(2**20)
        reply = await upstream.send(there, body)
        caller.respond(reply.status, [], await reply.read())

    server = Http1Server(proxy)
    here = await server.listen("127.0.0.1", 0)
    request = written("POST /v1/chat/completions HTTP/1.1", BODY)
    _, peer = await loop.create_connection(lambda: Peer(request, answers=False), *here)
    counts = []
    for _ in range(20):
        calls = 0

        def count(frame: FrameType, event: str, __: object) -> None:
            nonlocal calls
            calls += event in ("call", "c_call") and frame.f_code.co_filename.endswith(SOCKETS)

        peer.heard.clear()
        sys.setprofile(count)
        try:
            peer.say()
            await peer.heard.wait()
            await asyncio.sleep(0)  # the server has ended the request
        finally:
            sys.setprofile(None)
        counts.append(calls)
    await server.close()
    await upstream.close()
    provider.close()
    return min(counts)


def test_the_sockets_take_no_more_calls_than_they_did():
    calls = asyncio.run(calls_of_the_sockets())
    assert calls <= 118
    assert calls > 59, "they take far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 217), (True, 864)])
def test_a_request_takes_no_more_calls_than_it_did(tmp_path, stream, bound):
    calls = calls_for_one(tmp_path, stream=stream)
    assert calls <= bound
    assert calls > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_learned_router_adds_its_own_calls_and_no_more(tmp_path):
    added = calls_for_one(tmp_path, stream=False, config=LEARNED)
    added -= calls_for_one(tmp_path, stream=False)
    assert added <= 99
    assert added > 50, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 323), (True, 1413)])
def test_a_translated_request_takes_no_more_calls_than_it_did(tmp_path, stream, bound):
    calls = calls_for_one(tmp_path, stream=stream, claude=True)
    assert calls <= bound
    assert calls > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_key_with_a_budget_adds_its_own_calls_and_no_more(tmp_path):
    priced = RULES + PRICES
    added = calls_for_one(tmp_path, stream=False, config=priced, key=True)
    added -= calls_for_one(tmp_path, stream=False, config=priced)
    assert added <= 80
    assert added > 40, "it takes far fewer now: lower the bound, so that it stays so"


def test_a_request_that_is_traced_adds_its_own_calls_and_no_more(tmp_path):
    added = calls_for_one(tmp_path, stream=False, traced=True)
    added -= calls_for_one(tmp_path, stream=False)
    assert added <= 34
    assert added > 17, "it takes far fewer now: lower the bound, so that it stays so"


@pytest.mark.parametrize(("stream", "bound"), [(False, 35), (True, 248)])
def test_a_request_that_is_kept_adds_its_own_calls_and_no_more(tmp_path, stream, bound):
    added = calls_for_one(tmp_path, stream=stream, kept=True)
    added -= calls_for_one(tmp_path, stream=stream)
    assert added <= bound
    assert added > bound / 2, "it takes far fewer now: lower the bound, so that it stays so"
