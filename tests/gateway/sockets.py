"""A server on a real socket, and what a caller sends to it, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from headgate.errors import RequestError
from headgate.gateway.caller import Caller, Handler
from headgate.gateway.http1_peer import ServerLimits
from headgate.gateway.http1_server import Http1Server
from tests.gateway.leaping import run_leaping

__all__ = ["JSON", "ask", "echo", "get", "post", "serving", "status", "talk"]

LIMITS = ServerLimits(head_bytes=4096, head_seconds=0.2, body_seconds=0.2, idle_seconds=0.3)
JSON = [("content-type", "application/json")]


async def echo(caller: Caller) -> None:
    """Answers with what was understood; a refused body is answered as an application would."""
    try:
        body = await caller.body(1000)
    except RequestError as error:
        caller.respond(error.status, JSON, str(error).encode())
        return
    caller.respond(200, [("x-method", caller.method)], caller.path.encode() + b"|" + body)


@asynccontextmanager
async def serving(
    handler: Handler = echo, limits: ServerLimits = LIMITS, room: int = 1000
) -> AsyncIterator[tuple[Http1Server, int]]:
    server = Http1Server(handler, limits, room=room)
    _, port = await server.listen("127.0.0.1", 0)
    try:
        yield server, port
    finally:
        await server.close()


async def talk(port: int, *sent: bytes, pause: float = 0.0, within: float = 30.0) -> bytes:
    """Send the pieces and read until the server closes."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for number, piece in enumerate(sent):
        if number and pause:
            await asyncio.sleep(pause)
        writer.write(piece)
    try:
        return await asyncio.wait_for(reader.read(), within)
    except ConnectionResetError:
        return b"<reset>"
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def ask(*sent: bytes, handler: Handler = echo, pause: float = 0.0) -> bytes:
    async def case() -> bytes:
        async with serving(handler) as (_, port):
            return await talk(port, *sent, pause=pause)

    return run_leaping(case())


def get(path: str = "/a", *headers: str, version: str = "1.1") -> bytes:
    lines = [f"GET {path} HTTP/{version}", "host: h", *headers, "connection: close", "", ""]
    return "\r\n".join(lines).encode()


def post(body: bytes, *headers: str, close: bool = True) -> bytes:
    lines = ["POST /b HTTP/1.1", "host: h", f"content-length: {len(body)}", *headers]
    lines += ["connection: close"] if close else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])
