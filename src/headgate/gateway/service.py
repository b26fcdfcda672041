"""A gateway from its first breath to its last: listen, say so, serve, drain, stop."""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable

from headgate.errors import ConfigError
from headgate.gateway.app import App
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.upstream import Upstream

__all__ = ["serve"]

log = logging.getLogger("headgate.gateway")


async def serve(
    app: App,
    upstream: Upstream,
    *,
    host: str,
    port: int,
    drain_seconds: float,
    ready: Callable[[str], None],
) -> None:
    """Serve until SIGTERM or SIGINT; a second signal stops at once.

    On the first signal readiness turns to 503, no new connection is taken, and what is under way
    has `drain_seconds` to finish.

    Args:
        ready: called once with the URL that callers use, when it can be used.

    Raises:
        ConfigError: the address cannot be bound.
    """
    server = Http1Server(app)
    try:
        bound_host, bound_port = await server.listen(host, port)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {host}:{port}: {error.strerror or error}.",
            fix="Stop what uses it, or set another [server] listen.",
        ) from error
    stop, now = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def signalled() -> None:
        (now if stop.is_set() else stop).set()

    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, signalled)
    shown = f"[{bound_host}]" if ":" in bound_host else bound_host
    ready(f"http://{shown}:{bound_port}")
    await stop.wait()
    app.draining = True
    drained = asyncio.ensure_future(server.drain(drain_seconds))
    impatient = asyncio.ensure_future(now.wait())
    await asyncio.wait({drained, impatient}, return_when=asyncio.FIRST_COMPLETED)
    impatient.cancel()
    if not (drained.done() and drained.result()):
        log.warning("stopping with %d requests under way", len(server.tasks))
    await server.close()
    await upstream.close()
