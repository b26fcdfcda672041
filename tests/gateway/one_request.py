"""A warm gateway and one request through it, for what counts its calls and its instructions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple, cast

from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.trace import TracerProvider

from headgate.access.key import Key, digest, mint
from headgate.access.limits import Limits, budget
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of
from headgate.gateway import caller as seam
from headgate.gateway.admission import Admission
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
from tests.gateway import agent_streams
from tests.gateway.house import ENV, RULES
from tests.routing.routers import small_artifact

WARM = 20
"""Requests before the one that counts."""

SYSTEM = "You are a careful assistant. " * 12
TURN = {"role": "user", "content": "Tell me whether a request can be lost here. " * 12}
BODY = {
    "model": "auto",
    "messages": [{"role": "system", "content": SYSTEM}, TURN],
    "temperature": 0.2,
}
PRICES = """
[prices."google/gpt-5-mini"]
input = "1.00"
output = "5.00"
"""
SECRET = mint(bytes(range(38)))
USAGE = {
    "prompt_tokens": 200,
    "completion_tokens": 100,
    "total_tokens": 300,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
}
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


def _counted(number: int, kind: str, **fields: object) -> bytes:
    return _event(kind, sequence_number=number, **fields)


RESPONSE = {"id": "resp_1", "model": "gpt-5-mini", "status": "completed", "usage": {}}
RESPONSES_STREAM = [
    _counted(0, "response.created", response=RESPONSE),
    _counted(1, "response.output_item.added", output_index=0, item={"type": "message"}),
    *(
        _counted(2 + at, "response.output_text.delta", output_index=0, delta="word ")
        for at in range(30)
    ),
    _counted(32, "response.completed", response=RESPONSE),
]


def streamed(says: str, *, claude: bool, responses: bool) -> list[bytes]:
    """The events of a provider's stream: of text, or what `agent_streams` has."""
    if says == "text":
        return CLAUDE_STREAM if claude else RESPONSES_STREAM if responses else STREAM
    if claude:
        return agent_streams.claude(says)
    return agent_streams.responses(says) if responses else agent_streams.chat(says)


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

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        while self._parts:
            if not into(self._parts.pop(0)):
                return True
        return False

    def release(self) -> None: ...

    def close(self) -> None: ...


class Upstream:
    """A provider without a network."""

    def __init__(
        self, *, stream: bool, claude: bool = False, responses: bool = False, says: str = "text"
    ) -> None:
        self._stream = stream
        self._answer = json.dumps(CLAUDE if claude else ANSWER).encode()
        self._events = streamed(says, claude=claude, responses=responses)

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

    def __init__(
        self,
        *,
        stream: bool,
        secret: str | None = None,
        responses: bool = False,
        messages: bool = False,
    ) -> None:
        self.headers = {"host": "h", "content-type": "application/json"}
        if secret is not None:
            self.headers["x-api-key"] = secret
        self._body = json.dumps(BODY | {"stream": stream}).encode()
        if responses:
            self.path = "/v1/responses"
            self._body = self._body.replace(b'"messages"', b'"input"')
        elif messages:
            self.path = "/v1/messages"
            body = {**BODY, "system": SYSTEM, "messages": [TURN], "max_tokens": 1000}
            self._body = json.dumps(body | {"stream": stream}).encode()
        self.got = b""

    async def body(self, limit: int) -> bytes:
        return self._body

    def on_leave(self, callback: Callable[[], object]) -> None: ...

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        assert status == 200, body
        self.got += body

    def stream(self, status: int, headers: Headers) -> Caller:
        return self

    def write(self, data: bytes) -> bool:
        self.got += data
        return True

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


class Peer(asyncio.Protocol):
    """The other side of a connection, which says its piece when it is told or asked."""

    def __init__(self, piece: bytes, *, answers: bool) -> None:
        self._piece, self._answers = piece, answers
        self.heard = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)  # uvloop's has another class

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


class Kind(NamedTuple):
    """A kind of request, and how the gateway is set up for it."""

    config: str = RULES
    stream: bool = False
    claude: bool = False
    """The provider speaks Anthropic's dialect, the caller OpenAI's."""
    responses: bool = False
    """Caller and provider speak the Responses API; it is a stream."""
    messages: bool = False
    """The caller speaks Anthropic's dialect."""
    says: str = "text"
    """What a stream is of: text, tools or thinking."""
    key: bool = False
    """It comes with a virtual key that has a budget and a rate."""
    traced: bool = False
    kept: bool = False
    """Question and answer are kept."""


Ask = Callable[[], Awaitable[None]]
"""Sends one request through, whatever it is made of having been made."""


@asynccontextmanager
async def gateway(folder: Path, kind: Kind) -> AsyncIterator[Callable[[], Ask]]:
    """A warm gateway without a network; each call of what it yields makes ready one request."""
    file = folder / "headgate.toml"
    base = "http://127.0.0.1:1"
    file.write_text(kind.config.format(openai=base, anthropic=base, responses=base))
    (folder / "router.headgate").write_bytes(dump(small_artifact()))
    sets = () if kind.claude else ("tiers.cheap.model=google/gpt-5-mini",)
    if kind.responses:
        sets = ("tiers.cheap.model=responses/gpt-5-mini",)
    upstream = Upstream(
        stream=kind.stream, claude=kind.claude, responses=kind.responses, says=kind.says
    )
    clock, admission = SystemClock(), keyed() if kind.key else None
    telemetry = telemetry_of(clock) if kind.traced else None
    app = app_of(
        read(file, env=ENV, sets=sets),
        ENV,
        upstream=Introduced(upstream, telemetry.introduce) if telemetry else upstream,
        recorder=Told(Forget(), telemetry.take) if telemetry else Forget(),
        clock=clock,
        admission=admission,
    )
    app.follow = followed_by(telemetry) if telemetry else None
    app.transcripts = Transcripts(lambda _: None, most=256 << 10) if kind.kept else None
    secret = SECRET.secret if kind.key else None

    def ready() -> Ask:
        caller = Caller(
            stream=kind.stream,
            secret=secret,
            responses=kind.responses,
            messages=kind.messages,
        )

        async def ask() -> None:
            await app(caller)
            assert caller.got

        return ask

    async with AsyncExitStack() as stack:
        if admission is not None:
            await stack.enter_async_context(admission)
        for _ in range(WARM):
            await ready()()
            await asyncio.sleep(0)  # what is to be done beside the requests is done now
        yield ready


@asynccontextmanager
async def proxy() -> AsyncIterator[Ask]:
    """A bare proxy between sockets, of the gateway's server and client; each call asks it once."""
    loop, upstream = asyncio.get_running_loop(), Http1Upstream()
    answer = written("HTTP/1.1 200 OK", ANSWER)
    provider = await loop.create_server(lambda: Peer(answer, answers=True), "127.0.0.1", 0)
    port = provider.sockets[0].getsockname()[1]
    there = endpoint(f"http://127.0.0.1:{port}/v1", [("content-type", "application/json")])

    async def passed_on(caller: seam.Caller) -> None:
        body = await caller.body(2**20)
        reply = await upstream.send(there, body)
        caller.respond(reply.status, [], await reply.read())

    server = Http1Server(passed_on)
    here = await server.listen("127.0.0.1", 0)
    request = written("POST /v1/chat/completions HTTP/1.1", BODY)
    _, peer = await loop.create_connection(lambda: Peer(request, answers=False), *here)

    async def ask() -> None:
        peer.heard.clear()
        peer.say()
        await peer.heard.wait()
        await asyncio.sleep(0)  # the server has ended the request

    yield ask
    await server.close()
    await upstream.close()
    provider.close()
