"""A warm gateway between sockets and one paced stream through it, for what counts its cost."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import cast

from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of
from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.http1_server import Http1Server
from headgate.settings import read
from tests.gateway.house import ENV
from tests.gateway.one_request import BODY, CLAUDE_STREAM, STREAM, Ask, Forget, Kind

__all__ = ["paced"]

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def framed(event: bytes) -> bytes:
    """An event as one chunk."""
    return b"%x\r\n%b\r\n" % (len(event), event)


def pieces(events: Sequence[bytes]) -> list[bytes]:
    """What is written at a time: each word by itself, with what opens the stream, and its end.

    Some of what ends it the caller is not told, and could not ask to go on.
    """
    words = [at for at, event in enumerate(events) if b"word " in event]
    parts = [framed(event) for event in events]
    opening, ending = b"".join(parts[: words[0] + 1]), b"".join(parts[words[-1] :])
    return [HEAD + opening, *parts[words[1] : words[-1]], ending + END]


class Provider(asyncio.Protocol):
    """The provider's side of a connection: the next piece is sent when somebody asks for it."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        self._pieces = pieces
        self._left: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._left = list(self._pieces[::-1])
        self.go_on()

    def go_on(self) -> None:
        if self._left:
            self._transport.write(self._left.pop())


class Listener(asyncio.Protocol):
    """A caller that has the provider go on once it has what was sent."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self.over = asyncio.Event()
        self.got: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def ask(self, request: bytes) -> None:
        self.over.clear()
        self.got.clear()
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.got.append(data)
        if data.endswith(END):
            self.over.set()
        else:
            self._provider.go_on()


@asynccontextmanager
async def paced(folder: Path, kind: Kind) -> AsyncIterator[Ask]:
    """A gateway between sockets; each call has one stream through it, word by word."""
    loop = asyncio.get_running_loop()
    provider = Provider(pieces(CLAUDE_STREAM if kind.claude else STREAM))
    providing = await loop.create_server(lambda: provider, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{providing.sockets[0].getsockname()[1]}"
    file = folder / "headgate.toml"
    file.write_text(kind.config.format(openai=base, anthropic=base, responses=base))
    sets = () if kind.claude else ("tiers.cheap.model=google/gpt-5-mini",)
    settings, upstream = read(file, env=ENV, sets=sets), Http1Upstream()
    app = app_of(settings, ENV, upstream=upstream, recorder=Forget(), clock=SystemClock())
    server = Http1Server(app)
    here = await server.listen("127.0.0.1", 0)
    _, listener = await loop.create_connection(lambda: Listener(provider), *here)
    body = json.dumps(BODY | {"stream": True}).encode()
    head = "POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
    request = f"{head}content-length: {len(body)}\r\n\r\n".encode() + body

    async def ask() -> None:
        listener.ask(request)
        await listener.over.wait()
        await asyncio.sleep(0)  # the server has ended the request

    await ask()
    assert listener.got[0].startswith(b"HTTP/1.1 200 "), listener.got[0]
    assert len(listener.got) >= 29, "the events came together"
    yield ask
    await server.close()
    await upstream.close()
    providing.close()
