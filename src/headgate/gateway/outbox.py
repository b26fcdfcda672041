"""What several requests write in one turn of the event loop goes out together, after it.

A small write to a socket of the same machine wakes whoever reads it, and that costs more than the
write where the reader sleeps again before the next one comes. Written one after the other, the
first wakes it and it finds the others while it is at work; and the kernel's code and ours do not
drive each other out of the processor's cache at each write. See docs/decisions/0078.
"""

from __future__ import annotations

import asyncio
import logging

__all__ = ["Outbox"]

log = logging.getLogger("headgate.gateway")

MOST_HELD = 1 << 20
"""Bytes; beyond it they go out at once, or whoever writes without end would not hear that nobody
takes it."""


class Outbox:
    """Of one event loop; it keeps what is written, in its order, until the loop's next turn,
    or until there is more than `MOST_HELD` of it.

    Whoever closes a transport, or half of it, flushes first: what is held for one that is closing
    is dropped.
    """

    __slots__ = ("_bytes", "_held", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._held: list[tuple[asyncio.WriteTransport, bytes]] = []
        self._bytes = 0

    def write(self, transport: asyncio.WriteTransport, data: bytes, *, alone: bool) -> None:
        """Send, at once where nobody else is under way to go with: a turn costs something too."""
        held = self._held
        if not held:
            if alone:
                transport.write(data)
                return
            self._loop.call_soon(self.flush)
        held.append((transport, data))
        self._bytes += len(data)
        if self._bytes > MOST_HELD:
            self.flush()

    def flush(self) -> None:
        """Send all that is held."""
        held, self._held, self._bytes = self._held, [], 0
        for transport, data in held:
            if transport.is_closing():
                continue
            try:
                transport.write(data)
            except Exception:  # one connection's defect must not keep back the others' answers
                log.exception("a defect in headgate, please report it")
                transport.abort()
