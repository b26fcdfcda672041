"""A caller's HTTP/1.1 connection: one protocol object that parses, one task that answers.

The parser is llhttp (through httptools), strict as it comes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import Protocol, cast

import httptools
import msgspec

from headgate.errors import RequestError
from headgate.gateway.caller import Handler
from headgate.gateway.deadline import Deadlines
from headgate.gateway.field_names import FieldNames
from headgate.gateway.http1_refusals import head_too_large, malformed, too_slow
from headgate.gateway.http1_request import Request, last_answer, size_of, target_of
from headgate.gateway.outbox import Outbox

__all__ = ["WRITE_AHEAD", "Http1Peer", "Server", "ServerLimits"]

log = logging.getLogger("headgate.gateway")

PIPELINE = 8
"""Requests that may wait on one connection; beyond it the socket is not read."""
WRITE_AHEAD = 64 * 1024
"""Bytes of an answer that may wait to be sent before its handler is made to wait."""
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


class Server(Protocol):
    """The server, as its connections need it."""

    handler: Handler
    limits: ServerLimits
    deadlines: Deadlines
    draining: bool
    """No new request is taken."""
    peers: set[Http1Peer]
    tasks: set[asyncio.Task[None]]
    """Of the requests under way."""
    room: int
    """Most connections at once."""

    def crowd(self, peer: Http1Peer) -> None:
        """A connection has come for which there is no room."""

    def date(self) -> str:
        """The date header's line, with its end."""


class Http1Peer(asyncio.Protocol):
    """One connection: parses requests and answers them in their order."""

    def __init__(self, server: Server, loop: asyncio.AbstractEventLoop, outbox: Outbox) -> None:
        self._server = server
        self._deadlines = server.deadlines
        self._most_head = server.limits.head_bytes
        self._loop = loop
        self._under_way = server.tasks
        self._outbox = outbox
        self._transport: asyncio.Transport | None = None
        self._parser: httptools.HttpRequestParser | None = httptools.HttpRequestParser(self)
        self._reading: Request | None = None  # its head or body is still coming in
        self._queue: deque[Request] = deque()  # until they are answered
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.Future[None] | None = None  # the task waits for a request
        self._url = b""
        self._came = 0  # bytes of the segment that is being read
        self._head_bytes = 0  # at most so many are the head's
        self._fields: dict[str, str] = {}
        self._trailer_bytes = 0
        self._target = b"", "", ""  # the one asked for last, its path and query
        self._in_head = False
        self._head_timed = False  # the head's deadline has been set
        self._timed = False  # what is coming in has a deadline
        self._watched = False  # the connection has one, which looks whether it is idle
        self._since = 0.0  # when it became idle
        self._paused = False
        self._lingering = False
        self._writable: asyncio.Future[None] | None = None
        self.date = server.date
        self.full = False
        self.gone = False
        self.closing = False

    # ---- called by requests

    def write(self, data: bytes) -> None:
        """Send, or keep until it can be sent."""
        if self._transport is not None and not self._transport.is_closing():
            self._outbox.write(self._transport, data, alone=len(self._under_way) < 2)

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
        """Read no more for the moment."""
        if not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """Read on, where reading was paused."""
        if self._paused and self._transport is not None and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    # ---- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A caller has come."""
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=WRITE_AHEAD)
        self.closing = self._server.draining
        self._server.peers.add(self)
        self._time(self._server.limits.head_seconds)
        if len(self._server.peers) > self._server.room:
            self._server.crowd(self)

    def data_received(self, data: bytes) -> None:
        """A segment of requests, cut anywhere."""
        if self._lingering or self._parser is None:
            return
        self._came = len(data)
        if self._in_head:
            self._head_bytes += self._came
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
            self._time(self._server.limits.body_seconds)
        elif not self._head_timed:
            self._head_timed = True
            self._time(self._server.limits.head_seconds)

    def _time(self, seconds: float) -> None:
        """What is coming in has so long."""
        self._timed, self._watched = True, False  # a connection has one deadline
        self._deadlines.arm(self, seconds, self._too_slow)

    def eof_received(self) -> bool:
        """A caller that has stopped sending is taken to have left, as nginx does."""
        self._outbox.flush()  # the loop closes next, and what is done must not be lost
        return False

    def connection_lost(self, _: Exception | None) -> None:
        """The caller has gone: whoever waits for it, or works for it, hears of that."""
        self.gone = True
        self._server.peers.discard(self)
        self._deadlines.disarm(self)
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)
        self._wake()
        for request in (*self._queue, self._reading):
            if request is not None:
                request.broken(ConnectionError("the caller has gone"))
        self._transport = self._parser = self._reading = None  # the parser holds our methods

    def pause_writing(self) -> None:
        """So much waits to be sent that whoever sends should wait."""
        self.full = True

    def resume_writing(self) -> None:
        """More may be sent."""
        self.full = False
        if self._writable is not None and not self._writable.done():
            self._writable.set_result(None)

    # ---- called by the parser

    def on_message_begin(self) -> None:
        """The first byte of a request."""
        self._in_head = True
        self._head_bytes = self._came  # it begins in this segment
        self._url = b""
        self._fields = {}
        self._trailer_bytes = 0
        self._head_timed = False
        self._reading = Request(self)

    def on_url(self, url: bytes) -> None:
        """A piece of its target."""
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of its head, or a trailer."""
        key, fields = _NAMES[name], self._fields
        if key in fields or not self._in_head:
            self._unusual(key, value)
        else:  # in as few steps as can be: a request has a dozen
            fields[key] = value.decode("latin-1")

    def _unusual(self, key: str, value: bytes) -> None:
        """A field that repeats another one, or comes after the body."""
        if not self._in_head:  # a trailer, which nobody looks at
            self._trailer_bytes += len(key) + len(value)
            if self._trailer_bytes > self._most_head:
                raise head_too_large(self._most_head)
            return
        if key == "host":
            raise ValueError("a request names exactly one host")
        joined = self._fields[key] = f"{self._fields[key]}, {value.decode('latin-1')}"
        if len(joined) > self._most_head:
            raise head_too_large(self._most_head)

    def on_headers_complete(self) -> None:
        """Its head is whole: its handler is called, or waits for those before it."""
        request, parser, headers = self._reading, self._parser, self._fields
        if request is None or parser is None:
            return
        if self._head_bytes > self._most_head:  # less of it may have been the head
            self._weigh_head()
        self._in_head = False
        request.headers = headers
        method = parser.get_method()
        request.method = "POST" if method == b"POST" else method.decode("latin-1")
        request.keep_alive = parser.should_keep_alive() and not parser.should_upgrade()
        # without a word about the connection only HTTP/1.1 keeps it; asking is dear
        if not request.keep_alive or "connection" in headers or "proxy-connection" in headers:
            request.version = parser.get_http_version()
        url, request.path, request.query = self._target
        if url != self._url:  # else it is the one before
            request.path, request.query = target_of(self._url)
            self._target = self._url, request.path, request.query
        if "expect" in headers:
            request.expects_continue = headers["expect"].lower() == "100-continue"
        if "host" not in headers and request.version == "1.1":
            raise ValueError("a request names exactly one host")
        self._queue.append(request)
        if self._task is None:
            self._task = self._loop.create_task(self._serve())
        elif len(self._queue) > PIPELINE:
            self.pause()
        else:
            self._wake()

    def _weigh_head(self) -> None:
        """Refuse a head that is too long, counted exactly."""
        if len(self._url) + size_of(self._fields) > self._most_head:
            raise head_too_large(self._most_head)

    def on_body(self, data: bytes) -> None:
        """A piece of its body."""
        self._came -= len(data)  # no part of a head that begins later in this segment
        if self._reading is not None:
            self._reading.received(data)

    def on_message_complete(self) -> None:
        """It is whole."""
        request, self._reading = self._reading, None
        if self._timed:
            self._timed = False
            self._deadlines.disarm(self)
        if request is not None:
            request.complete()

    # ---- the life of a request

    async def _serve(self) -> None:
        """Answer what comes, in its order. One task does: to make one costs twice what waking does.

        It is cancelled with the request that it is about, whose caller has gone, and ends with the
        connection.
        """
        handler, under_way, task = self._server.handler, self._server.tasks, self._task
        assert task is not None  # noqa: S101 - it is this one
        go_on = True
        while self._queue and go_on:
            request, whole = self._queue[0], False
            under_way.add(task)
            try:
                await handler(request)
                whole = request.answered
            except ConnectionError:
                pass  # the caller has gone; nobody is left to tell
            except Exception:
                log.exception("a defect in headgate, please report it")
            finally:
                under_way.discard(task)
                self._queue.popleft()
                go_on = self._over(request, whole)
            if go_on and not self._queue:
                del request  # and its body, where nobody has taken it
                self._rest()
                self._idle = self._loop.create_future()
                await self._idle
                self._idle = None
        self._task = None

    def _over(self, request: Request, whole: bool) -> bool:
        """The handler is done with a request. True if the connection may go on."""
        if not whole:
            self.abort()  # cut short: it must not look whole
        elif request.end() and not self.gone and not self._lingering:
            return True
        elif request.whole and not self._lingering:
            self._close()
        else:
            self._linger()
        return False

    def _rest(self) -> None:
        """Nothing is under way."""
        self.resume()
        if self._reading is not None:
            return
        if self.closing:
            self._close()
            return
        self._since = self._loop.time()
        if not self._watched:
            self._watch(self._server.limits.idle_seconds)

    def _wake(self) -> None:
        """Have the task go on, where it waits for a request."""
        if self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _watch(self, seconds: float) -> None:
        """Look in so many seconds whether the connection is idle."""
        self._watched = True
        self._deadlines.arm(self, seconds, self._look)

    def _look(self) -> None:
        """Close what nobody uses; one deadline sees a connection through many requests."""
        if not self._watched:
            return  # the connection has got another deadline meanwhile
        idle_seconds, idle = self._server.limits.idle_seconds, 0.0
        if not self._queue and self._reading is None:
            idle = self._loop.time() - self._since
        if idle >= idle_seconds:
            self._close()
        else:
            self._watch(idle_seconds - idle)

    def _reject(self, error: RequestError) -> None:
        """The bytes make no sense: whoever is waiting for them hears of it, then it is over."""
        reading, self._reading = self._reading, None
        if reading is not None and reading in self._queue:
            reading.broken(error)  # its handler answers, in the dialect of the path
            self.resume()
            return
        if not self._queue:
            self.write(last_answer(error, self.date()))
            self._linger()
        # where a request is under way, its end is the connection's
        self._lingering = self.closing = True

    def _too_slow(self) -> None:
        if not self._timed:
            return  # it has come to its end meanwhile
        if self._reading is None and not self._queue:
            self._close()  # connected and said nothing: nobody is waiting for an answer
            return
        self._reject(too_slow())

    # ---- the end of a connection

    def _linger(self) -> None:
        """Half-close, then drop what still comes: closing now would destroy the answer unread."""
        self._lingering = self.closing = True
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        self._outbox.flush()
        self.resume()
        if transport.can_write_eof():
            transport.write_eof()
        self._timed = self._watched = False
        self._deadlines.arm(self, LINGER_SECONDS, self._close)

    def _close(self) -> None:
        if self._transport is not None:
            self._outbox.flush()
            self._transport.close()

    def abort(self) -> None:
        """Reset the connection, after what has been written."""
        if self._transport is not None:
            self._outbox.flush()
            self._transport.abort()

    def idle_since(self) -> float | None:
        """When its last request was over, by the loop's time; None: not idle, or closing."""
        at_rest = self._watched and not self._queue and self._reading is None
        return self._since if at_rest and not self.closing else None

    def refuse(self, error: RequestError) -> None:
        """Answer a new connection before it has asked anything, and close it."""
        self._reject(error)

    def finish(self) -> None:
        """Close now if nothing is under way, else after the answer under way."""
        self.closing = True
        if not self._queue and self._reading is None:
            self._close()
