"""The HTTP/1.1 client to the providers: kept-alive connections, each good for one call at a time.

Why our own: a cancelled call must stop the provider at once (money), a stream must be passed on
chunk by chunk, and the client is the dearer half of a gateway; see docs/decisions/0003.
The parser is llhttp (through httptools), strict as it comes.
"""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from collections.abc import Coroutine
from typing import Any, cast

import httptools

from headgate.errors import UpstreamError
from headgate.gateway.connecting import Connector
from headgate.gateway.deadline import Deadlines
from headgate.gateway.field_names import FieldNames
from headgate.gateway.http1_reply import Http1Reply
from headgate.gateway.outbox import Outbox
from headgate.gateway.tunnel import through
from headgate.gateway.upstream import Endpoint, Origin, Tunnel, no_connection

__all__ = ["Http1Upstream"]

MAX_HEAD_BYTES = 64 * 1024
READ_BYTES = 16 * 1024
"""Most bytes that are read at a time, or many fast streams at once would let nobody else have a
turn."""
_NAMES = FieldNames()


class _Connection(asyncio.BufferedProtocol):
    """One socket. While a call is under way it feeds that call's reply; idle, it must be silent."""

    __slots__ = (
        "_head_bytes",
        "_headers",
        "_loop",
        "_parser",
        "_pool",
        "_reply",
        "_transport",
        "_waiting",
    )

    def __init__(self, pool: _Pool) -> None:
        self._pool = pool
        self._loop = pool.loop
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[Http1Reply] | None = None
        self._reply: Http1Reply | None = None
        self._headers: dict[str, bytes] = {}
        self._head_bytes = 0

    # ---- called by the pool and the reply

    async def call(self, head: bytes, body: bytes) -> Http1Reply:
        """Send one request and wait for the head of its answer.

        Raises:
            UpstreamError: the connection has closed, or closes before the head is there.
        """
        transport = self._transport
        if transport is None:
            raise UpstreamError("The connection was closed.", kind="reset")
        self._headers = {}
        self._head_bytes = 0
        waiting: asyncio.Future[Http1Reply] = self._loop.create_future()
        self._waiting = waiting
        request = b"%bcontent-length: %d\r\n\r\n%b" % (head, len(body), body)
        pool = self._pool
        pool.outbox.write(transport, request, alone=pool.under_way() < 2)
        try:
            return await waiting
        except BaseException:  # a cancelled call must not run on at the provider
            if self._waiting is waiting:
                self.abort()
            raise
        finally:
            # a short answer frees the connection before we run: the next call may have it already
            if self._waiting is waiting:
                self._waiting = None

    def abort(self) -> None:
        """Close at once, without a goodbye."""
        self._reply = None
        if self._transport is not None:
            self._transport.abort()

    def is_open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self.is_open() and self._transport is not None:
            self._transport.resume_reading()  # does nothing where reading was not paused

    # ---- called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def get_buffer(self, _: int) -> memoryview:
        """Where to read to: one place for all, for each reading is looked at before the next."""
        return self._pool.buffer

    def buffer_updated(self, count: int) -> None:
        if self._waiting is None and self._reply is None:
            self.abort()  # bytes that nobody asked for: whatever follows could not be trusted
            return
        if self._reply is None:
            self._head_bytes += count
        try:
            assert self._parser is not None  # noqa: S101 - it lives as long as the connection
            self._parser.feed_data(self._pool.buffer[:count])
        except httptools.HttpParserError as error:
            self._fail(UpstreamError(f"The provider's answer is not HTTP: {error}.", kind="reset"))
            return
        except httptools.HttpParserUpgrade:
            self._fail(UpstreamError("The provider changed protocols unasked.", kind="reset"))
            return
        if self._reply is not None:
            self._reply.arrived(whole=count < READ_BYTES)
        headless = self._waiting is not None and not self._waiting.done()
        if headless and self._head_bytes > MAX_HEAD_BYTES:
            self._fail(UpstreamError("The provider's answer has too long a head.", kind="reset"))

    def eof_received(self) -> bool:
        return (
            False  # half-closed is closed: an answer needs no more from us, and TLS has no halves
        )

    def connection_lost(self, exc: Exception | None) -> None:
        reply = self._reply
        if reply is not None and reply.until_close and exc is None:
            self._reply = None
            reply.finished()
        else:
            self._fail(UpstreamError("The provider closed the connection.", kind="reset"))
        self._pool.lost(self)
        self._transport = self._parser = None  # the parser holds callbacks of ours: break the cycle

    def _fail(self, error: UpstreamError) -> None:
        waiting, reply = self._waiting, self._reply
        self._reply = None
        if waiting is not None and not waiting.done():
            waiting.set_exception(error)
        elif reply is not None:
            reply.failed(error)
        if self._transport is not None:
            self._transport.abort()

    # ---- called by the parser

    def on_message_begin(self) -> None:
        if self._waiting is None or self._waiting.done():
            raise ValueError("a second answer to one request")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[_NAMES[name]] = value

    def on_headers_complete(self) -> None:
        assert self._parser is not None  # noqa: S101 - it is calling
        status = self._parser.get_status_code()
        if status < 200:  # 100 Continue and 103 Early Hints come before the answer
            return
        headers = self._headers
        until_close = "content-length" not in headers and "transfer-encoding" not in headers
        reply = Http1Reply(
            self,
            self._loop,
            self._pool.deadlines,
            status,
            headers,
            until_close and status != 204,
        )
        self._reply = reply
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(reply)

    def on_body(self, data: bytes) -> None:
        if self._reply is not None:
            self._reply.received(data)

    def on_message_complete(self) -> None:
        reply = self._reply
        if reply is None:  # an interim answer
            self._headers = {}
            return
        self._reply = None
        parser, transport = self._parser, self._transport
        assert parser is not None and transport is not None  # noqa: PT018, S101 - it is calling
        if not parser.should_keep_alive():
            transport.close()
        elif not transport.is_closing():
            if reply.paused:
                self.resume()
            self._pool.release(self)
        reply.finished()


class _Pool:
    """The connections to one origin: the last used first, so that the rest may grow old and go."""

    def __init__(
        self,
        origin: Origin | Tunnel,
        tls: ssl.SSLContext | None,
        idle_seconds: float,
        deadlines: Deadlines,
        connector: Connector,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.deadlines = deadlines
        self.loop = loop
        self.outbox = Outbox(loop)
        self._connector = connector
        self.buffer = memoryview(bytearray(READ_BYTES))
        self._origin = origin
        self._tls = tls
        self._idle_seconds = idle_seconds
        self._idle: deque[tuple[float, _Connection]] = deque()
        self._open: set[_Connection] = set()

    def take(self) -> _Connection | None:
        """An idle connection, if there is one that can be trusted."""
        oldest = self.loop.time() - self._idle_seconds
        while self._idle:
            since, connection = self._idle.pop()
            if since >= oldest and connection.is_open():
                return connection
            connection.abort()
        return None

    async def call(self, connect_timeout: float, head: bytes, body: bytes) -> Http1Reply:
        """A call on a new connection.

        Raises:
            UpstreamError: none could be made, or it closed before an answer's head was there.
        """
        made = await self._connect(connect_timeout)
        if not made.is_open():
            raise UpstreamError("The connection was closed.", kind="reset")
        return await made.call(head, body)

    async def _connect(self, connect_timeout: float) -> _Connection:
        if isinstance(self._origin, Tunnel):
            made = _Connection(self)
            way, connector = self._origin, self._connector
            await through(way, made, self._tls, connector, self.deadlines, connect_timeout)
        else:
            made = await self._direct(self._origin, connect_timeout)
        self._open.add(made)
        return made

    async def _direct(self, origin: Origin, connect_timeout: float) -> _Connection:
        host, port, _ = origin
        try:
            with self.deadlines.within(connect_timeout):
                _, made = await self._connector.connect(
                    lambda: _Connection(self), host, port, self._tls
                )
        except TimeoutError as error:
            raise UpstreamError(
                f"{host}:{port} did not accept a connection within {connect_timeout:g} s.",
                kind="connect",
            ) from error
        except OSError as error:  # ssl.SSLError is one
            raise no_connection(f"No connection to {host}:{port}", error) from error
        return made

    def under_way(self) -> int:
        """How many calls there are."""
        return len(self._open) - len(self._idle)

    def release(self, connection: _Connection) -> None:
        """The connection is free for the next call."""
        self._idle.append((self.loop.time(), connection))

    def lost(self, connection: _Connection) -> None:
        """The connection is gone."""
        self._open.discard(connection)
        if self._idle:
            self._idle = deque(pair for pair in self._idle if pair[1] is not connection)

    def close(self) -> None:
        for connection in tuple(self._open):
            connection.abort()


class Http1Upstream:
    """An `Upstream` over HTTP/1.1, with or without TLS.

    Args:
        connect_timeout: seconds for name look-up, TCP, a proxy's answer and TLS together.
        idle_seconds: age at which an unused connection is no longer trusted; below what providers
            and their load balancers keep (60 s and more), so that they rarely close first.
        tls: how certificates are checked; default: the system's authorities (SSL_CERT_FILE holds).
        connector: what makes connections; default: one of its own.
    """

    def __init__(
        self,
        *,
        connect_timeout: float = 5.0,
        idle_seconds: float = 30.0,
        tls: ssl.SSLContext | None = None,
        connector: Connector | None = None,
    ) -> None:
        self._connect_timeout = connect_timeout
        self._connector = connector or Connector(within=connect_timeout)
        self._idle_seconds = idle_seconds
        self._tls = tls
        self._pools: dict[Origin | Tunnel, _Pool] = {}
        self._deadlines = Deadlines()

    def send(self, endpoint: Endpoint, body: bytes) -> Coroutine[Any, Any, Http1Reply]:
        """POST to the endpoint; see `Upstream.send`. Await it at once: a connection is taken."""
        pool = self._pools.get(endpoint.origin) or self._open_pool(endpoint.origin)
        connection = pool.take()
        if connection is None:
            return pool.call(self._connect_timeout, endpoint.head, body)
        return connection.call(endpoint.head, body)

    async def close(self) -> None:
        """Close all connections at once."""
        for pool in self._pools.values():
            pool.close()
        await asyncio.sleep(0)  # lets the transports call connection_lost

    def _open_pool(self, origin: Origin | Tunnel) -> _Pool:
        tls = None
        if origin.tls:
            tls = self._tls = self._tls or ssl.create_default_context()
            tls.set_alpn_protocols(["http/1.1"])  # or one that prefers HTTP/2 might speak that
        loop = asyncio.get_running_loop()
        pool = _Pool(origin, tls, self._idle_seconds, self._deadlines, self._connector, loop)
        self._pools[origin] = pool
        return pool
