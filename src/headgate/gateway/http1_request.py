"""One request of an HTTP/1.1 connection: what its handler reads of it, and the answer it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Protocol

import httptools
import msgspec

from headgate.errors import RequestError
from headgate.gateway.caller import Headers
from headgate.gateway.http1_refusals import too_large
from headgate.gateway.retry_after import whole

__all__ = ["Peer", "Request", "last_answer", "size_of", "status_line", "target_of"]

READ_AHEAD = 256 * 1024
"""Bytes of a body that may wait to be taken before the socket is no longer read."""

CRLF, FIELD = "\r\n", ": ".join
_STATUS_LINES = {
    status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus
}


class Peer(Protocol):
    """The connection, as a request on it needs it."""

    full: bool
    """So much waits to be sent that whoever sends should wait."""
    gone: bool
    closing: bool
    """No further request is taken on it."""

    @property
    def date(self) -> Callable[[], str]:
        """Gives the date header's line, with its end."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    async def drained(self) -> None:
        """Wait until the caller has taken enough for more to be written."""

    def pause(self) -> None:
        """Read no more for the moment."""

    def resume(self) -> None:
        """Read on."""


def status_line(status: int) -> str:
    """The first line of an answer, with its end."""
    return _STATUS_LINES.get(status) or f"HTTP/1.1 {status} \r\n"


class Request:
    """One request; the `Caller` that its handler sees.

    Args:
        peer: the connection that it came on.
    """

    # what most requests never change stands here once, and not in each of them
    method = ""
    path = ""
    query = ""
    version = "1.1"
    keep_alive = True
    expects_continue = False
    answered = False
    _chunked = False
    """It is being answered in chunks."""
    _size = 0
    _complete = False
    _wanted = False
    _broken: Exception | None = None
    _waiter: asyncio.Future[None] | None = None
    _left: Callable[[], object] | None = None

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.headers: dict[str, str] = {}
        self._chunks: list[bytes] = []

    # ---- what a handler uses

    async def body(self, limit: int) -> bytes:
        """See `Caller.body`."""
        if self._complete:
            self._peer.resume()  # to hear of it when the caller leaves
        else:
            await self._rest(limit)
        chunks, self._chunks = self._chunks, []
        if self._size > limit:
            raise too_large(limit)
        if self._broken is not None:
            raise self._broken
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def _rest(self, limit: int) -> None:
        """Wait for what has not come yet of the body."""
        stated = self.headers.get("content-length", "")
        if stated.isdigit() and int(stated) > limit:
            raise too_large(limit)
        if self.expects_continue:
            self._peer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        self._wanted = True
        self._peer.resume()
        while not self._complete and self._broken is None and self._size <= limit:
            await self._wait()

    def on_leave(self, callback: Callable[[], object]) -> None:
        """See `Caller.on_leave`."""
        if self._peer.gone:
            callback()
        else:
            self._left = callback

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """See `Caller.respond`."""
        if self.answered:
            raise RuntimeError("a request is answered once")
        self.answered = True
        head = self._head(status, headers, f"content-length: {len(body)}\r\n\r\n")
        self._peer.write(head if self.method == "HEAD" else head + body)

    def stream(self, status: int, headers: Headers) -> Request:
        """See `Caller.stream`."""
        if self.answered:
            raise RuntimeError("a request is answered once")
        self.answered = True
        self._chunked = self.version == "1.1"
        if self._chunked:
            self._peer.write(self._head(status, headers, "transfer-encoding: chunked\r\n\r\n"))
        else:  # HTTP/1.0 knows no chunks: the body ends where the connection does
            self.keep_alive = False
            self._peer.write(self._head(status, headers, "\r\n"))
        return self

    def write(self, data: bytes) -> bool:
        """See `Body.write`."""
        peer = self._peer
        if peer.gone:
            raise ConnectionError("the caller has gone")
        if data:
            peer.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        return not peer.full

    async def send(self, data: bytes) -> None:
        """See `Body.send`."""
        if not self.write(data):
            await self._peer.drained()

    # ---- what the connection uses

    def received(self, data: bytes) -> None:
        """Bytes of the body have come."""
        self._chunks.append(data)
        self._size += len(data)
        if self._size > READ_AHEAD and not self._wanted:
            self._peer.pause()  # until the handler asks for it
        if self._waiter is not None:
            self._wake()

    def complete(self) -> None:
        """The body has come to its end."""
        self._complete = True
        if self._waiter is not None:
            self._wake()

    def broken(self, error: Exception) -> None:
        """The body will never be complete, or the caller has gone."""
        self._broken = error
        self._wake()
        left, self._left = self._left, None
        if left is not None and isinstance(error, ConnectionError):
            left()

    def end(self) -> bool:
        """The handler is done: finish the answer. True if the connection may go on."""
        self._left = None
        if self._chunked:
            self._peer.write(b"0\r\n\r\n")
        return self.keep_alive and self._complete and self._broken is None

    @property
    def whole(self) -> bool:
        """The body has been received to its end."""
        return self._complete

    def _head(self, status: int, headers: Headers, end: str) -> bytes:
        """The head of the answer; `end` says how long its body is, and ends it."""
        peer = self._peer
        if not self._complete or self._broken is not None or peer.closing:
            self.keep_alive = False
        if not self.keep_alive:
            end = f"connection: close\r\n{end}"
        if headers:
            end = f"{CRLF.join(map(FIELD, headers))}\r\n{end}"
        return f"{status_line(status)}{peer.date()}{end}".encode("latin-1", "replace")

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)


def size_of(fields: Mapping[str, str]) -> int:
    """Bytes of a head's names and values."""
    return sum(len(name) + len(value) for name, value in fields.items())


def target_of(url: bytes) -> tuple[str, str]:
    """Path and query of a request's target."""
    if not url.startswith(b"/"):  # absolute form, as sent to a proxy
        try:
            parts = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            return "/", ""
        return (parts.path or b"/").decode("latin-1"), (parts.query or b"").decode("latin-1")
    path, _, query = url.decode("latin-1").partition("?")
    return path, query.partition("#")[0] if query else ""


def last_answer(error: RequestError, date: str) -> bytes:
    """What is answered to bytes of which no request can be made; nothing follows on the connection.

    Nobody knows the path, so it is told in OpenAI's form.
    """
    body = msgspec.json.encode(
        {"error": {"message": str(error), "type": error.type, "code": error.code}}
    )
    head = f"{status_line(error.status)}{date}"
    if error.retry_after is not None:
        head += f"retry-after: {whole(error.retry_after)}\r\n"
    rest = f"content-type: application/json\r\ncontent-length: {len(body)}\r\n"
    return f"{head}{rest}connection: close\r\n\r\n".encode() + body
