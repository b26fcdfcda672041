"""An answer on an HTTP/1.1 connection to a provider: read whole, by the chunk, or given up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Protocol

import msgspec

from headgate.errors import UpstreamError
from headgate.gateway.deadline import Deadlines

__all__ = ["Connection", "Http1Reply"]

MAX_BODY_BYTES = 64 * 1024 * 1024
"""Longest answer that is read whole; a provider's largest is below 10 MB."""
HIGH_WATER = 32 * 1024
"""Unread bytes of a stream at which the socket is no longer read, so that a slow caller slows the
provider down instead of filling memory."""

RELEASE_SECONDS = 1.0
"""How long the end of a body may take once nobody needs what is left of it."""


class Connection(Protocol):
    """The connection, as an answer on it needs it."""

    def abort(self) -> None:
        """Close at once, without a goodbye."""

    def pause(self) -> None:
        """Read no more for the moment."""

    def resume(self) -> None:
        """Read on, where reading was paused."""


class Http1Reply(msgspec.Struct, eq=False):
    """An answer on one connection; see `Reply` for what its methods promise."""

    _connection: Connection
    _loop: asyncio.AbstractEventLoop
    _deadlines: Deadlines
    status: int
    _headers: dict[str, bytes]
    until_close: bool
    """The body has no stated length and ends where the connection does."""
    _chunks: list[bytes] = []
    _size: int = 0
    _done: bool = False
    paused: bool = False
    """The socket is not read: more has come than was taken."""
    _released: bool = False
    _idle: float | None = None
    """The longest silence that a deadline looks out for."""
    _since: float = 0.0
    """When the wait under way began, or something was last poured in it."""
    _error: UpstreamError | None = None
    _waiter: asyncio.Future[bool] | None = None
    """Waits for `_wait`'s answer."""
    _into: Callable[[bytes], bool] | None = None
    """Takes what comes while the task of `pour` waits."""

    def header(self, name: str) -> str | None:
        """The value of a header; the last one where it is repeated."""
        found = self._headers.get(name)
        return None if found is None else found.decode("latin-1")

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            UpstreamError: it breaks off, or is longer than MAX_BODY_BYTES.
        """
        chunks = self._chunks
        if self._done and len(chunks) == 1 and self._size <= MAX_BODY_BYTES and not self._error:
            return chunks.pop()  # mostly it has come with its head
        parts: list[bytes] = []
        size = 0
        while (data := await self.chunk()) is not None:
            parts.append(data)
            size += len(data)
            if size > MAX_BODY_BYTES:
                self.close()
                raise UpstreamError("The provider's answer is too large.", kind="unusable")
        return b"".join(parts)

    async def chunk(self, idle: float | None = None) -> bytes | None:
        """What has arrived since the last call, joined; waits where nothing has."""
        while not self._chunks:
            if self._error is not None:
                raise self._error
            if self._done:
                return None
            await self._wait(idle)
        return self._taken()

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        """See `Reply.pour`."""
        while True:
            if self._chunks:
                if not into(self._taken()):
                    return True
            elif self._error is not None:
                raise self._error
            elif self._done:
                return False
            else:
                self._into = into
                if await self._wait(idle):
                    return True

    async def _wait(self, idle: float | None) -> bool:
        """Wait for something to come, or for the end. True where it was poured and is enough."""
        self._waiter = self._loop.create_future()
        if idle is not None:
            self._since = self._loop.time()
            if idle != self._idle:
                self._look_out(idle)
        try:
            return await self._waiter
        except BaseException:
            self.close()
            raise
        finally:
            self._waiter = self._into = None

    def _taken(self) -> bytes:
        """What has come and was not taken, joined."""
        chunks = self._chunks
        if len(chunks) == 1:
            data = chunks.pop()
        else:
            data = b"".join(chunks)
            chunks.clear()
        self._size = 0
        if self.paused:  # all that has come is taken: more may
            self.paused = False
            self._connection.resume()
        return data

    def release(self) -> None:
        """Drop what still comes; close the connection if the end does not come soon."""
        self._released = True
        self._chunks.clear()
        if not self._done:
            self.paused = False
            self._connection.resume()
            self._deadlines.arm(self, RELEASE_SECONDS, self.close)

    def close(self) -> None:
        """Close the connection unless the answer has come to its end."""
        if not self._done and self._error is None:
            self._error = UpstreamError("The answer was given up.", kind="reset")
            self._untimed()
            self._connection.abort()

    def _look_out(self, idle: float) -> None:
        self._idle = idle
        self._deadlines.arm(self, idle, partial(self._look, idle))

    def _look(self, idle: float) -> None:
        """Has nothing come for too long while somebody waited for it?

        One deadline sees the whole stream through, so that a chunk costs no more than its time.
        """
        waiting = self._waiter is not None
        left = idle - (self._loop.time() - self._since) if waiting else idle
        if self._done or self._released or self._error is not None:
            return
        if left > 0:
            self._deadlines.arm(self, left, partial(self._look, idle))
            return
        self._connection.abort()
        self.failed(UpstreamError(f"The provider sent nothing for {idle:g} s.", kind="timeout"))

    def _untimed(self) -> None:
        if self._idle is not None or self._released:
            self._idle = None
            self._deadlines.disarm(self)

    # ---- called by the connection

    def received(self, data: bytes) -> None:
        """Bytes of the body have come."""
        if self._released:
            return
        self._chunks.append(data)
        self._size += len(data)
        if self._size > HIGH_WATER and not self.paused:
            self.paused = True
            self._connection.pause()

    def arrived(self, *, whole: bool) -> None:
        """A segment has been read, and with `whole` all that there was.

        It is poured from here if nothing is left for the next turn: a stream that comes faster than
        it is read would take everybody's.
        """
        waiter, into = self._waiter, self._into
        if waiter is None or waiter.done() or not self._chunks:
            return
        enough = False
        if into is not None and whole:
            self._since = self._loop.time()
            try:
                enough = not into(self._taken())
            except Exception as error:  # noqa: BLE001 - whatever it is, it is the task's
                waiter.set_exception(error)
                return
            if not enough:
                return
        waiter.set_result(enough)

    def finished(self) -> None:
        """The body is complete; what is unread of it no longer concerns the connection."""
        self._done = True
        self.paused = False
        if self._idle is not None or self._released:
            self._untimed()
        if self._waiter is not None:
            self._wake()

    def failed(self, error: UpstreamError) -> None:
        """The body will never be complete."""
        if self._error is None:
            self._error = error
        self._untimed()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(False)
