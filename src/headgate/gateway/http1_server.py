"""The HTTP/1.1 server side: listens, and gives each connection a protocol object of ours.

Why our own: a malformed body must be refused instead of looking short, a stream that breaks off
must not end as if it were whole, and the server is half of a gateway's cost; see
docs/decisions/0003.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
from email.utils import formatdate

from headgate.gateway.caller import Handler
from headgate.gateway.deadline import Deadlines
from headgate.gateway.http1_peer import WRITE_AHEAD, Http1Peer, ServerLimits
from headgate.gateway.http1_refusals import crowded
from headgate.gateway.outbox import Outbox

__all__ = ["Http1Server"]

log = logging.getLogger("headgate.gateway")

UNSENT_OPTION: int | None = getattr(socket, "TCP_NOTSENT_LOWAT", None)
"""Makes the system, too, take no more ahead of what it can send (Linux, macOS): megabytes for each
slow caller else."""

REFUSED_AT_ONCE = 25
"""Connections that may be open only to be read that they are refused."""
CLOSED_SHARE = 16
"""Of the idle connections such a part is closed at once: to look for them is dear."""
TELL_SECONDS = 60.0


class Http1Server:
    """Listens, and calls `handler` for each request.

    Args:
        handler: answers one request; see `Caller`.
        limits: what callers may take.
        room: most connections at once. Beyond it idle ones are closed for new ones, those first
            that are idle for longest; where none is, new ones are answered with 503. A listener
            that cannot accept for want of files closes connections without a word.
    """

    def __init__(
        self, handler: Handler, limits: ServerLimits | None = None, *, room: int = sys.maxsize
    ) -> None:
        self.handler = handler
        self.room = room
        self.limits = limits or ServerLimits()
        self.peers: set[Http1Peer] = set()
        self.tasks: set[asyncio.Task[None]] = set()
        self.draining = False
        self.deadlines = Deadlines()
        self._server: asyncio.Server | None = None
        self._date = ""
        self._loop: asyncio.AbstractEventLoop | None = None
        self._date_until = 0.0
        self._crowd_told_until = 0.0

    async def listen(
        self, host: str, port: int, *, backlog: int = 2048, shared: bool = False
    ) -> tuple[str, int]:
        """Bind and accept; port 0 takes a free one. Returns the address in use.

        A `shared` port may have several listeners; the system spreads connections over them.

        Raises:
            OSError: the address is taken or not this machine's.
        """
        loop = self._loop = asyncio.get_running_loop()
        outbox = Outbox(loop)
        try:
            self._server = await loop.create_server(
                lambda: Http1Peer(self, loop, outbox),
                host,
                port,
                backlog=backlog,
                reuse_address=True,
                reuse_port=shared or None,
            )
        except OSError as error:
            if error.errno is None or isinstance(error, socket.gaierror):
                raise  # a name that is not known
            # the loop's own words repeat the address, which whoever catches this names
            raise OSError(error.errno, os.strerror(error.errno)) from error
        for listening in self._server.sockets:
            if UNSENT_OPTION is not None:  # its connections inherit it
                listening.setsockopt(socket.IPPROTO_TCP, UNSENT_OPTION, WRITE_AHEAD)
        name = self._server.sockets[0].getsockname()
        return name[0], name[1]

    def crowd(self, peer: Http1Peer) -> None:
        """Make room for a connection that has come beyond `room`, or refuse it."""
        assert self._loop is not None  # noqa: S101 - whoever comes has come by listening
        resting = [(one.idle_since(), one) for one in self.peers]
        idle = sorted(
            ((since, one) for since, one in resting if since is not None), key=lambda pair: pair[0]
        )
        if self._loop.time() >= self._crowd_told_until:
            self._crowd_told_until = self._loop.time() + TELL_SECONDS
            log.warning(
                "more than %d connections, which is all that open files allow: %s",
                self.room,
                "idle ones are closed" if idle else "new ones are refused",
            )
        for _, one in idle[: len(idle) // CLOSED_SHARE + 1]:
            one.finish()
        if idle:
            return
        if len(self.peers) <= self.room + REFUSED_AT_ONCE:
            peer.refuse(crowded())
        else:
            peer.abort()

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

    def date(self) -> str:
        """The date header's line with its end; written anew once a second."""
        assert self._loop is not None  # noqa: S101 - whoever is answered has come by listening
        now = self._loop.time()
        if now >= self._date_until:
            self._date = f"date: {formatdate(usegmt=True)}\r\n"
            self._date_until = now + 1.0
        return self._date
