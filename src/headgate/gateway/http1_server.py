"""The HTTP/1.1 server side: one protocol object a connection, one task a request.

Why our own: a malformed body must be refused instead of looking short, a stream that breaks off
must not end as if it were whole, and the server is half of a gateway's cost; see
docs/decisions/0003. The parser is llhttp (through httptools), strict as it comes.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import deque
from email.utils import formatdate
from typing import cast

import httptools
import msgspec

from headgate.errors import RequestError
from headgate.gateway.caller import Handler
from headgate.gateway.deadline import Deadlines
from headgate.gateway.field_names import FieldNames
from headgate.gateway.http1_refusals import head_too_large, malformed, too_slow
from headgate.gateway.http1_request import Request, status_line

__all__ = ["Http1Server", "ServerLimits"]

log = logging.getLogger("headgate.gateway")

PIPELINE = 8
"""Requests that may wait on one connection; beyond it the socket is not read."""
WRITE_AHEAD = 64 * 1024
"""Bytes of an answer that may wait to be sent before its handler is made to wait."""
UNSENT_OPTION: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
"""Makes the system, too, take no more ahead of what it can send (Linux, macOS): megabytes for each
slow caller else."""
LINGER_SECONDS = 2.0
"""How long a refused caller may go on sending, so that it can read why before the end."""

_NAMES = FieldNames()


class ServerLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller may take; seconds and bytes."""

    head_bytes: int = 64 * 1024
    head_seconds: float = 10.0
    body_seconds: float = 60.0
    """Longest silence within a request's body."""
    idle_seconds: float = 75.0
    """How long an unused connection is kept."""


class _Peer(asyncio.Protocol):
    """One connection: parses requests and answers them in their order."""

    def __init__(self, server: Http1Server, loop: asyncio.AbstractEventLoop) -> None:
        self._server = server
        self._deadlines = server.deadlines
        self._most_head = server.limits.head_bytes
        self._loop = loop
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._reading: Request | None = None  # its head or body is still coming in
        self._queue: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._url = b""
        self._head_bytes = 0
        self._fields: dict[str, str] = {}
        self._fields_bytes = 0
        self._in_head = False
        self._head_timed = False  # the head's deadline has been set
        self._paused = False
        self._lingering = False
        self._writable: asyncio.Future[None] | None = None
        self.full = False
        self.gone = False

    # ---- called by requests

    @property
    def closing(self) -> bool:
        """No further request is taken on this connection."""
        return self._server.draining or self._lingering

    def date(self) -> str:
        return self._server.date(self._loop.time())

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def drained(self) -> None:
        """Wait until the caller has taken enough for more to be written."""
        self._writable = self._loop.create_future()
        try:
            await self._writable
        finally:
            self._writable = None
        if self.gone:
            raise ConnectionError("the caller has gone")

    def pause(self) -> None:
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    # ---- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_AHEAD)
        self._server.peers.add(self)
        self._deadlines.arm(self, self._server.limits.head_seconds, self._too_slow)

    def data_received(self, data: bytes) -> None:
        if self._lingering or self._parser is None:
            return
        if self._in_head or self._reading is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # no other protocol is spoken here, and a server may ignore the offer (RFC 9110)
        except httptools.HttpParserError as error:
            # whatever follows cannot be told apart any more: answer what is broken and close
            cause = error.__context__
            self._reject(cause if isinstance(cause, RequestError) else malformed(error))
            return
        if self._in_head and self._head_bytes > self._most_head:
            self._reject(head_too_large(self._most_head))
        elif self._reading is not None:
            self._await_more()

    def _await_more(self) -> None:
        """A request is not whole yet. Its head has so long in all, its body between two pieces."""
        if not self._in_head:
            self._deadlines.arm(self, self._server.limits.body_seconds, self._too_slow)
        elif not self._head_timed:
            self._head_timed = True
            self._deadlines.arm(self, self._server.limits.head_seconds, self._too_slow)

    def eof_received(self) -> bool:
        return False  # a caller that has stopped sending is taken to have left, as nginx does

    def connection_lost(self, _: Exception | None) -> None:
        self.gone = True
        self._server.peers.discard(self)
        self._deadlines.disarm(self)
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        for request in (*self._queue, self._reading):
            if request is not None:
                request.broken(ConnectionError("the caller has gone"))
        self._transport = self._parser = self._reading = None  # the parser holds our methods

    def pause_writing(self) -> None:
        self.full = True

    def resume_writing(self) -> None:
        self.full = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # ---- called by the parser

    def on_message_begin(self) -> None:
        self._in_head = True
        self._url = b""
        self._fields = {}
        self._fields_bytes = 0
        self._head_timed = False
        self._reading = Request(self)

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields_bytes += len(name) + len(value)
        if self._fields_bytes > self._most_head:
            raise head_too_large(self._most_head)
        if not self._in_head:
            return  # a trailer, which nobody looks at
        fields, key, text = self._fields, _NAMES[name], value.decode("latin-1")
        if key in fields:
            if key == "host":
                raise ValueError("a request names exactly one host")
            text = f"{fields[key]}, {text}"
        fields[key] = text

    def on_headers_complete(self) -> None:
        request, parser = self._reading, self._parser
        if request is None or parser is None:
            return
        self._in_head = False
        self._head_bytes = 0
        headers = request.headers = self._fields
        request.method = parser.get_method().decode("latin-1")
        request.version = parser.get_http_version()
        request.keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
        request.path, request.query = _target(self._url)
        request.expects_continue = headers.get("expect", "").lower() == "100-continue"
        if "host" not in headers and request.version == "1.1":
            raise ValueError("a request names exactly one host")
        self._queue.append(request)
        if self._task is None:
            self._next()
        elif len(self._queue) > PIPELINE:
            self.pause()

    def on_body(self, data: bytes) -> None:
        if self._reading is not None:
            self._reading.received(data)

    def on_message_complete(self) -> None:
        request, self._reading = self._reading, None
        self._deadlines.disarm(self)
        if request is not None:
            request.complete()

    # ---- the life of a request

    def _next(self) -> None:
        if self._queue:
            self._task = self._loop.create_task(self._handle(self._queue[0]))
            self._server.tasks.add(self._task)
            return
        self._task = None
        self.resume()
        if self._reading is None:
            if self._server.draining:
                self._close()
            else:
                self._deadlines.arm(self, self._server.limits.idle_seconds, self._close)

    async def _handle(self, request: Request) -> None:
        whole = False
        task = self._task
        try:
            await self._server.handler(request)
            whole = request.answered
        except ConnectionError:
            pass  # the caller has gone; nobody is left to tell
        except Exception:
            log.exception("a defect in headgate, please report it")
        finally:
            if task is not None:
                self._server.tasks.discard(task)
            self._queue.popleft()
            if not whole:
                self.abort()  # cut short: it must not look whole
            elif request.end() and not self.gone and not self._lingering:
                self._next()
            elif request.whole and not self._lingering:
                self._close()
            else:
                self._linger()

    def _reject(self, error: RequestError) -> None:
        """The bytes make no sense: whoever is waiting for them hears of it, then it is over."""
        reading, self._reading = self._reading, None
        if reading is not None and reading in self._queue:
            reading.broken(error)  # its handler answers, in the dialect of the path
            self.resume()
            return
        if self._task is None:
            body = msgspec.json.encode(
                {"error": {"message": str(error), "type": error.type, "code": error.code}}
            )
            head = f"{status_line(error.status)}\r\n{self.date()}\r\n"
            self.write(
                f"{head}content-type: application/json\r\ncontent-length: {len(body)}\r\n"
                "connection: close\r\n\r\n".encode()
                + body
            )
            self._linger()
        self._lingering = True  # where a request is under way, its end is the connection's

    def _too_slow(self) -> None:
        if self._reading is None and self._task is None:
            self._close()  # connected and said nothing: nobody is waiting for an answer
            return
        self._reject(too_slow())

    # ---- the end of a connection

    def _linger(self) -> None:
        """Half-close, then drop what still comes: closing now would destroy the answer unread."""
        self._lingering = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self.resume()
        if transport.can_write_eof():
            transport.write_eof()
        self._deadlines.arm(self, LINGER_SECONDS, self._close)

    def _close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Reset the connection."""
        if self._transport is not None:
            self._transport.abort()

    def finish(self) -> None:
        """Close now if nothing is under way, else after the answer under way."""
        if self._task is None and self._reading is None:
            self._close()


class Http1Server:
    """Listens, and calls `handler` for each request.

    Args:
        handler: answers one request; see `Caller`.
        limits: what callers may take.
    """

    def __init__(self, handler: Handler, limits: ServerLimits | None = None) -> None:
        self.handler = handler
        self.limits = limits or ServerLimits()
        self.peers: set[_Peer] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.draining = False
        self.deadlines = Deadlines()
        self._server: asyncio.Server | None = None
        self._date = ""
        self._date_until = 0.0

    async def listen(
        self, host: str, port: int, *, backlog: int = 2048, shared: bool = False
    ) -> tuple[str, int]:
        """Bind and accept; port 0 takes a free one. Returns the address in use.

        A `shared` port may have several listeners; the system spreads connections over them.

        Raises:
            OSError: the address is taken or not this machine's.
        """
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Peer(self, loop),
                host,
                port,
                backlog=backlog,
                reuse_address=True,
                reuse_port=shared or None,
            )
        except OSError as error:
            if error.errno is None or error.errno <= 0:  # a name that is not known
                raise
            # the loop's own words repeat the address, which whoever catches this names
            raise OSError(error.errno, os.strerror(error.errno)) from error
        for listening in self._server.sockets:
            if UNSENT_OPTION is not None:  # its connections inherit it
                listening.setsockopt(socket.IPPROTO_TCP, UNSENT_OPTION, WRITE_AHEAD)
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    async def drain(self, seconds: float) -> bool:
        """Take no new connection and let what is under way finish; True if all of it did."""
        self.draining = True
        if self._server is not None:
            self._server.close()
        for peer in tuple(self.peers):
            peer.finish()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=seconds)
        return not self.tasks

    async def close(self) -> None:
        """Stop at once: cut what is still under way."""
        await self.drain(0)
        for task in tuple(self.tasks):
            task.cancel()
        if self.tasks:
            await asyncio.wait(self.tasks, timeout=5)
        for peer in tuple(self.peers):
            peer.abort()
        while self.peers:  # noqa: ASYNC110 - each goes at the next turn of the loop
            await asyncio.sleep(0)

    def date(self, now: float) -> str:
        """The date header; written anew once a second."""
        if now >= self._date_until:
            self._date = f"date: {formatdate(usegmt=True)}"
            self._date_until = now + 1.0
        return self._date


def _target(url: bytes) -> tuple[str, str]:
    """Path and query of a request's target."""
    if not url.startswith(b"/"):  # absolute form, as sent to a proxy
        try:
            parts = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            return "/", ""
        return (parts.path or b"/").decode("latin-1"), (parts.query or b"").decode("latin-1")
    path, _, query = url.decode("latin-1").partition("?")
    return path, query.partition("#")[0] if query else ""
