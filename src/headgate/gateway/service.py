"""A gateway from its first breath to its last: listen, say so, serve, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from headgate.errors import ConfigError
from headgate.gateway.app import App
from headgate.gateway.caller import Handler
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.stopping import Stopping
from headgate.gateway.upstream import Upstream

__all__ = ["Port", "serve"]

log = logging.getLogger("headgate.gateway")


class Port(NamedTuple):
    """An address, who answers there, and the setting that names it."""

    handler: Handler
    host: str
    port: int
    setting: str


async def serve(
    app: App,
    upstream: Upstream,
    *,
    host: str,
    port: int,
    drain_seconds: float,
    notice_seconds: float = 0.0,
    ready: Callable[..., None],
    admin: Port | None = None,
    lifeline: int | None = None,
    room: int = sys.maxsize,
) -> None:
    """Serve until SIGTERM or SIGINT; then SIGINT, or a third SIGTERM, stops at once.

    On the first signal readiness turns to 503. After SIGTERM requests are still taken for
    `notice_seconds`, so that a load balancer sees the 503 before the port is closed. Then no new
    connection is taken, and what is under way has `drain_seconds` to finish. The admin port answers
    until the end, so that it can be watched.

    Args:
        ready: called once when all is up, with the URL that callers use, then, where there is an
            admin port, with its URL.
        admin: the admin port, if there is one.
        lifeline: for one of several workers: the pipe that ends with the parent, which stops this
            process as SIGTERM does. Its ports are shared with the others.
        room: most connections of callers at once.

    Raises:
        ConfigError: an address cannot be bound.
    """
    ports = [Port(app, host, port, "listen"), *([admin] if admin else [])]
    servers = [Http1Server(entry.handler) for entry in ports]
    servers[0].room = room
    try:
        shared = lifeline is not None
        urls = [
            await _listen(server, entry, shared)
            for server, entry in zip(servers, ports, strict=True)
        ]
        told = _Told()
        told.listen(asyncio.get_running_loop(), lifeline)
        ready(*urls)
        await told.stop.wait()
        app.draining = True
        notice = notice_seconds if told.notice else 0.0
        if servers[0].tasks:
            patience = drain_seconds + notice
            log.info(
                "stopping; %d under way may take %g s to finish, Ctrl-C or a third SIGTERM cuts "
                "them off",
                len(servers[0].tasks),
                patience,
            )
        if notice:
            with suppress(TimeoutError):
                await asyncio.wait_for(told.now.wait(), notice)
        server = servers[0]
        drained = asyncio.ensure_future(server.drain(drain_seconds))
        impatient = asyncio.ensure_future(told.now.wait())
        await asyncio.wait({drained, impatient}, return_when=asyncio.FIRST_COMPLETED)
        impatient.cancel()
        if not (drained.done() and drained.result()):
            log.warning("stopping with %d requests under way", len(server.tasks))
    finally:
        for server in servers:
            await server.close()
    await upstream.close()


class _Told:
    """What this process has been told of its end: by signals, or by the end of its parent."""

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.now = asyncio.Event()
        self.notice = False
        """It came as SIGTERM: a load balancer may have to see that we leave."""
        self._stopping = Stopping()

    def listen(self, loop: asyncio.AbstractEventLoop, lifeline: int | None) -> None:
        """Heed signals, and the pipe that ends with the parent."""
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(name, self._signalled, name)
        if lifeline is not None:
            loop.add_reader(lifeline, self._orphaned, loop, lifeline)

    def _signalled(self, name: signal.Signals) -> None:
        means = self._stopping.hear(name)
        if means == "drain":
            self.notice = name == signal.SIGTERM
            self.stop.set()
        elif means == "at once":
            self.now.set()

    def _orphaned(self, loop: asyncio.AbstractEventLoop, lifeline: int) -> None:
        loop.remove_reader(lifeline)  # once it has ended it would be read again and again
        self._stopping.begin()
        self.stop.set()


async def _listen(server: Http1Server, entry: Port, shared: bool) -> str:
    """The URL in use.

    Raises:
        ConfigError: the address cannot be bound.
    """
    try:
        host, port = await server.listen(entry.host, entry.port, shared=shared)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {entry.host}:{entry.port}: {error.strerror or error}.",
            fix=f"Stop what uses it, or set another [server] {entry.setting}.",
        ) from error
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
