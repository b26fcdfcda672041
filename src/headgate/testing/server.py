"""A small HTTP/1.1 server on asyncio whose answers can break off on purpose.

Not the gateway's own server: that one ends a broken answer as if it were whole, and a simulated
provider has to be able to reset a connection, fall silent, and notice that its caller has left.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import NamedTuple, TypeAlias

__all__ = ["Handler", "Left", "Request", "Reset", "Response", "Server"]

HEAD_LIMIT = 64 * 1024
BODY_LIMIT = 64 * 1024 * 1024
TURNS = 6
"""Of the event loop, until a connection that was accepted is one that we know."""


class Reset(Exception):  # noqa: N818 - an order, not an error
    """Raised while a body is made: the connection is to be reset here and now."""


class Left(Exception):  # noqa: N818 - something that happened, not an error
    """The caller has gone: raised into a body's generator, or by a handler that noticed."""


class _MalformedError(Exception):
    """What arrived is not HTTP/1.1 as this server speaks it."""


class Request(NamedTuple):
    """One request, its body read to the end; header names are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    gone: Callable[[], bool]
    """Whether the caller has left in the meantime."""
    query: str = ""
    """What follows the question mark."""


class Response(NamedTuple):
    """An answer: bytes are sent with their length, a generator in chunks as they come."""

    status: int
    headers: Mapping[str, str]
    body: bytes | AsyncGenerator[bytes, None]


Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


class Server:
    """Listens on one address and hands every request to one handler."""

    def __init__(self, handler: Handler) -> None:
        self._handler = handler
        self._connections: dict[asyncio.StreamWriter, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen; port 0 takes a free one. Returns the port. Raises OSError where it is taken."""
        self._server = await asyncio.start_server(
            self._connected, host, port, limit=HEAD_LIMIT, backlog=1024
        )
        return int(self._server.sockets[0].getsockname()[1])

    async def stop(self) -> None:
        """Stop listening and drop every connection, whatever it is doing."""
        for _ in range(TURNS):  # asyncio loses what it has half accepted when it stops listening
            await asyncio.sleep(0)
        if self._server is not None:
            self._server.close()
        dropped = dict(self._connections)
        for task in dropped.values():
            task.cancel()
        await asyncio.gather(*dropped.values(), return_exceptions=True)
        for writer in dropped:  # that of a task which had not begun, too
            writer.transport.abort()
        await asyncio.sleep(0)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._connections[writer] = task
        task.add_done_callback(lambda _: self._connections.pop(writer, None))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._exchange(reader, writer):
                pass
            writer.close()
        except Reset:
            _reset(writer)
        except _MalformedError as error:
            await _refuse(writer, str(error))
        except (Left, ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """One request and its answer; False when the connection is done with."""

        def gone() -> bool:
            return reader.at_eof() or writer.is_closing()

        request = await _read(reader, writer, gone)
        if request is None:
            return False
        response = await self._handler(request)
        keep = request.headers.get("connection", "").lower() != "close"
        await _write(writer, response, keep, gone)
        return keep


async def _read(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, gone: Callable[[], bool]
) -> Request | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise _MalformedError("the request's head broke off") from error
        return None
    except asyncio.LimitOverrunError as error:
        raise _MalformedError("the request's head is too long") from error
    line, *rest = head[:-4].decode("latin-1").split("\r\n")
    parts = line.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
        raise _MalformedError(f"{line[:100]!r} is no HTTP/1.1 request line")
    headers: dict[str, str] = {}
    for field in rest:
        name, colon, value = field.partition(":")
        if not colon or name != name.strip():
            raise _MalformedError(f"{field[:100]!r} is no header")
        headers[name.lower()] = value.strip()
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await _read_body(reader, headers)
    path, _, query = parts[1].partition("?")
    return Request(parts[0], path, headers, body, gone, query)


async def _read_body(reader: asyncio.StreamReader, headers: Mapping[str, str]) -> bytes:
    coding, length = headers.get("transfer-encoding"), headers.get("content-length", "0")
    if coding is None:
        if not length.isdecimal() or int(length) > BODY_LIMIT:
            raise _MalformedError(f"{length[:30]!r} is no length for a body")
        return await reader.readexactly(int(length))
    if coding.lower() != "chunked" or "content-length" in headers:
        raise _MalformedError("the body's length is ambiguous")
    body = bytearray()
    while True:
        size = (await reader.readuntil(b"\r\n")).partition(b";")[0].strip()
        try:
            count = int(size, 16)
        except ValueError as error:
            raise _MalformedError(f"{size[:30]!r} is no chunk size") from error
        if len(body) + count > BODY_LIMIT:
            raise _MalformedError("the body is too long")
        body += (await reader.readexactly(count + 2))[:-2]
        if count == 0:
            return bytes(body)


async def _write(
    writer: asyncio.StreamWriter, response: Response, keep: bool, gone: Callable[[], bool]
) -> None:
    head = [f"HTTP/1.1 {response.status} {_phrase(response.status)}"]
    head += [f"{name}: {value}" for name, value in response.headers.items()]
    if not keep:
        head.append("connection: close")
    if isinstance(response.body, bytes):
        head.append(f"content-length: {len(response.body)}")
        writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + response.body)
        await writer.drain()
        return
    head.append("transfer-encoding: chunked")
    writer.write("\r\n".join(head).encode("latin-1") + b"\r\n\r\n")
    await _pour(writer, response.body, gone)
    writer.write(b"0\r\n\r\n")
    await writer.drain()


async def _pour(
    writer: asyncio.StreamWriter, pieces: AsyncGenerator[bytes, None], gone: Callable[[], bool]
) -> None:
    """Send pieces as they come; their maker is told when the caller leaves."""
    async for piece in pieces:
        try:
            if gone():
                raise ConnectionResetError
            writer.write(b"%x\r\n%b\r\n" % (len(piece), piece))
            await writer.drain()
        except ConnectionError as error:
            await pieces.athrow(Left())
            raise Left from error


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Overloaded" if status == 529 else "Unknown"


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with a TCP reset: what is unsent is thrown away and the peer sees an error."""
    connection = writer.get_extra_info("socket")
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def _refuse(writer: asyncio.StreamWriter, reason: str) -> None:
    body = reason.encode()
    writer.write(
        b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\ncontent-type: text/plain\r\n"
        b"content-length: %d\r\n\r\n%b" % (len(body), body)
    )
    await writer.drain()
    writer.close()
