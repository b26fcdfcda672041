"""A client that clothes calls for the platforms that serve Claude, and unclothes their answers."""

from __future__ import annotations

from collections.abc import Callable

from headgate.errors import UpstreamError
from headgate.gateway.upstream import Endpoint, Reply, Upstream
from headgate.wire.event_stream import Unframed
from headgate.wire.platforms import bedrock_body

__all__ = ["Platformed"]

FRAMES, EVENTS = "application/vnd.amazon.eventstream", "text/event-stream"


class Platformed:
    """An `Upstream` before another one; calls to ordinary providers go through as they are.

    Args:
        upstream: sends the calls.
    """

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        """See `Upstream.send`."""
        place = endpoint.place
        if place is None:
            return await self._upstream.send(endpoint, body)
        call = place.call(body)
        _, _, rest = endpoint.head.partition(b"\r\n")
        head = b"POST %b HTTP/1.1\r\n%b" % (call.path.encode(), rest)
        reply = await self._upstream.send(endpoint._replace(head=head, place=None), call.body)
        if not place.platform.framed:
            return reply
        if place.counts:
            return await _Counted(reply).settled()
        if (reply.header("content-type") or "").startswith(FRAMES):
            return _Unframed(reply)
        return _Unclothed(reply)

    async def close(self) -> None:
        """See `Upstream.close`."""
        await self._upstream.close()


class _Unclothed:
    """An answer of Bedrock, as Anthropic's own API would have given it."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self.status = reply.status

    def header(self, name: str) -> str | None:
        """See `Reply.header`."""
        if name == "x-request-id":
            return self._reply.header("x-amzn-requestid")
        return self._reply.header(name)

    async def read(self) -> bytes:
        """See `Reply.read`."""
        return bedrock_body(self.status, await self._reply.read(), counting=False)[1]

    async def chunk(self, idle: float) -> bytes | None:
        """See `Reply.chunk`."""
        return await self._reply.chunk(idle)

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        """See `Reply.pour`."""
        return await self._reply.pour(into, idle)

    def release(self) -> None:
        """See `Reply.release`."""
        self._reply.release()

    def close(self) -> None:
        """See `Reply.close`."""
        self._reply.close()


class _Counted(_Unclothed):
    """A count of tokens: its body may say that there is none, which is then its status."""

    _body = b""

    async def settled(self) -> Reply:
        """Itself, once the body is there."""
        body = await self._reply.read()
        self.status, self._body = bedrock_body(self._reply.status, body, counting=True)
        return self

    async def read(self) -> bytes:
        """See `Reply.read`."""
        return self._body


class _Unframed(_Unclothed):
    """A stream of frames, read as the server-sent events that are in them."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(reply)
        self._unframed = Unframed()

    def header(self, name: str) -> str | None:
        """See `Reply.header`."""
        return EVENTS if name == "content-type" else super().header(name)

    async def read(self) -> bytes:
        """See `Reply.read`."""
        events = self._unframed.feed(await self._reply.read())
        self._check()
        return events

    async def chunk(self, idle: float) -> bytes | None:
        """See `Reply.chunk`."""
        self._check()
        while (chunk := await self._reply.chunk(idle)) is not None:
            if events := self._unframed.feed(chunk):
                return events
            self._check()
        return None

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        """See `Reply.pour`."""

        def through(chunk: bytes) -> bool:
            events = self._unframed.feed(chunk)
            if events and not into(events):
                return False
            self._check()
            return True

        self._check()
        return await self._reply.pour(through, idle)

    def _check(self) -> None:
        """What came whole before a damage is handed on; then the stream is given up."""
        if self._unframed.broken is not None:
            self.close()
            raise UpstreamError(f"The stream is damaged: {self._unframed.broken}", kind="reset")
