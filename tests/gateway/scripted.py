"""A provider on a real socket that does to each connection what a script says."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from headgate.gateway.http1_client import Http1Upstream
from headgate.gateway.upstream import Endpoint, endpoint

__all__ = [
    "CHUNKED",
    "OK",
    "Scripted",
    "answering",
    "at",
    "closing",
    "fetch",
    "serving",
    "simply",
    "staying",
]

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


class Scripted:
    """A server that does to each connection what the script says; it counts and remembers."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self.connections = 0
        self.requests: list[bytes] = []
        self.asked = asyncio.Event()
        self.closed = asyncio.Event()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            await self._script(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client closed, or the test is over
        finally:
            self.closed.set()
            writer.close()

    async def request(self, reader: asyncio.StreamReader) -> bytes:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        self.requests.append(head + await reader.readexactly(length))
        self.asked.set()
        return self.requests[-1]


@asynccontextmanager
async def serving(
    script: Callable[[Scripted, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[tuple[Scripted, str]]:
    scripted = Scripted(lambda reader, writer: script(scripted, reader, writer))
    server = await asyncio.start_server(scripted, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield scripted, f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()


def at(base: str, path: str = "/v1/x") -> Endpoint:
    return endpoint(base + path, [("authorization", "Bearer sk-test")])


async def answering(scripted: Scripted, reader, writer, *answers: bytes) -> None:
    """Answer every request on the connection, with the answers in turn."""
    turn = 0
    while True:
        await scripted.request(reader)
        writer.write(answers[turn % len(answers)])
        await writer.drain()
        turn += 1


def simply(*answers: bytes):
    return lambda scripted, reader, writer: answering(scripted, reader, writer, *answers)


def closing(answer: bytes):
    async def script(scripted: Scripted, reader, writer) -> None:
        await scripted.request(reader)
        writer.write(answer)
        await writer.drain()

    return script


def staying(first: bytes, *later: bytes):
    """Answer one request piece by piece, a moment apart, and leave the connection open."""

    async def script(scripted: Scripted, reader, writer) -> None:
        await scripted.request(reader)
        writer.write(first)
        for piece in later:
            await asyncio.sleep(0.05)
            writer.write(piece)
        await reader.read()

    return script


async def fetch(client: Http1Upstream, base: str) -> bytes:
    reply = await client.send(at(base), b"{}")
    return await reply.read()
