"""One request of an HTTP/1.1 connection: what its handler reads of it, and the answer it writes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Protocol

from headgate.gateway.caller import Headers
from headgate.gateway.http1_refusals import too_large

__all__ = ["Peer", "Request", "status_line"]

READ_AHEAD = 256 * 1024
"""Bytes of a body that may wait to be taken before the socket is no longer read."""

_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}" for status in HTTPStatus}


class Peer(Protocol):
    """The connection, as a request on it needs it."""

    full: bool
    """So much waits to be sent that whoever sends should wait."""
    gone: bool

    @property
    def closing(self) -> bool:
        """No further request is taken on it."""

    def date(self) -> str:
        """The date header's line."""

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""

    async def drained(self) -> None:
        """Wait until the caller has taken enough for more to be written."""

    def pause(self) -> None:
        """Read no more for the moment."""

    def resume(self) -> None:
        """Read on."""


def status_line(status: int) -> str:
    """The first line of an answer, without its end."""
    return _STATUS_LINES.get(status) or f"HTTP/1.1 {status} "


class Request:
    """One request; the `Caller` that its handler sees.

    Args:
        peer: the connection that it came on.
    """

    __slots__ = (
        "_broken",
        "_chunked",
        "_chunks",
        "_complete",
        "_left",
        "_peer",
        "_size",
        "_waiter",
        "_wanted",
        "answered",
        "expects_continue",
        "headers",
        "keep_alive",
        "method",
        "path",
        "query",
        "version",
    )

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self.method = ""
        self.path = ""
        self.query = ""
        self.version = "1.1"
        self.headers: dict[str, str] = {}
        self.keep_alive = True
        self.expects_continue = False
        self.answered = False
        self._chunked = False  # it is being answered in chunks
        self._chunks: list[bytes] = []
        self._size = 0
        self._complete = False
        self._wanted = False
        self._broken: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._left: Callable[[], object] | None = None

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
        head = self._head(status, headers)
        content = b"" if self.method == "HEAD" else body
        self._peer.write(b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), content))

    def stream(self, status: int, headers: Headers) -> Request:
        """See `Caller.stream`."""
        if self.answered:
            raise RuntimeError("a request is answered once")
        self.answered = True
        self._chunked = self.version == "1.1"
        if self._chunked:
            self._peer.write(self._head(status, headers) + b"transfer-encoding: chunked\r\n\r\n")
        else:  # HTTP/1.0 knows no chunks: the body ends where the connection does
            self.keep_alive = False
            self._peer.write(self._head(status, headers) + b"\r\n")
        return self

    async def send(self, data: bytes) -> None:
        """See `Body.send`."""
        peer = self._peer
        if peer.gone:
            raise ConnectionError("the caller has gone")
        if data:
            peer.write(b"%x\r\n%b\r\n" % (len(data), data) if self._chunked else data)
        if peer.full:
            await peer.drained()

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

    def _head(self, status: int, headers: Headers) -> bytes:
        if not self._complete or self._broken is not None or self._peer.closing:
            self.keep_alive = False
        fields = "".join([f"{name}: {value}\r\n" for name, value in headers])
        end = "" if self.keep_alive else "connection: close\r\n"
        text = f"{status_line(status)}\r\n{self._peer.date()}\r\n{fields}{end}"
        return text.encode("latin-1", "replace")

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
