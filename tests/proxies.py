"""A forward proxy on a real socket: it takes CONNECT, or answers as a test wants it to."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress

from headgate.values import Proxy

__all__ = ["ESTABLISHED", "ForwardProxy", "forwarding", "forwarding_beside"]

ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class ForwardProxy:
    """Remembers what it was asked and what went through; `answers` are sent a moment apart.

    After a 200 as its last answer it is a tunnel; after anything else it waits for the client to
    close, or closes where `closes` says so.
    """

    def __init__(self, answers: tuple[bytes, ...], *, closes: bool) -> None:
        self._answers = answers
        self._closes = closes
        self.port = 0
        self.asked: list[bytes] = []
        self.sent = b""
        """What clients sent through it."""
        self.connected = asyncio.Event()
        self.closed = asyncio.Event()

    def proxy(self, authorization: str | None = None) -> Proxy:
        """It, as a client knows it."""
        return Proxy("127.0.0.1", self.port, authorization)

    @property
    def ends(self) -> list[str]:
        """What it was asked to connect to."""
        return [head.split()[1].decode() for head in self.asked]

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            self.asked.append(await reader.readuntil(b"\r\n\r\n"))
            self.connected.set()
            for answer in self._answers:
                writer.write(answer)
                await asyncio.sleep(0.01)
            if self._answers and self._answers[-1].startswith(b"HTTP/1.1 200"):
                await self._join(reader, writer)
            elif not self._closes:
                await reader.read()
        self.closed.set()
        writer.close()

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = self.ends[-1].rpartition(":")
        there, back = await asyncio.open_connection(host, int(port))
        await asyncio.gather(self._copy(reader, back), self._copy(there, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        outward = writer.get_extra_info("peername")[1] == int(self.ends[-1].rpartition(":")[2])
        try:
            with suppress(ConnectionError):
                while piece := await reader.read(65536):
                    if outward:
                        self.sent += piece
                    writer.write(piece)
                    await writer.drain()
        finally:
            writer.close()


@asynccontextmanager
async def forwarding(*answers: bytes, closes: bool = False) -> AsyncIterator[ForwardProxy]:
    """A proxy that gives these answers; without any it accepts and is silent."""
    made = ForwardProxy(answers, closes=closes)
    server = await asyncio.start_server(made, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()


@contextmanager
def forwarding_beside(*answers: bytes) -> Iterator[ForwardProxy]:
    """`forwarding` in a thread of its own, for what waits without an event loop."""
    loop = asyncio.new_event_loop()
    opened = forwarding(*answers)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(opened.__aenter__(), loop).result(60)
    finally:
        asyncio.run_coroutine_threadsafe(opened.__aexit__(None, None, None), loop).result(60)
        asyncio.run_coroutine_threadsafe(_ended(), loop).result(60)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _ended() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
