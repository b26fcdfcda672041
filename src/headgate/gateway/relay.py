"""The way to a handler in another process of this machine: a socket in a private directory.

A request goes there whole and its answer comes back whole, as msgpack, each with its length before
it. It is made for pages that somebody looks at now and then, not for the callers' requests.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from headgate.errors import ConfigError, InternalError, RequestError
from headgate.gateway.caller import Caller, Handler, Headers
from headgate.gateway.http1_refusals import too_large
from headgate.ledger.store import StoreError

__all__ = ["Relay", "Relayed", "framed", "received", "serve_relayed"]

log = logging.getLogger("headgate.gateway")

LARGEST_BODY = 1 << 20
LONGEST_WAIT = 60.0
"""Seconds for an answer; a process that is being started is waited for as well."""
LARGEST_MESSAGE = 64 << 20
_LENGTH_BYTES = 4
_T = TypeVar("_T")


class _Asked(msgspec.Struct, frozen=True, array_like=True):
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes


class _Answered(msgspec.Struct, frozen=True, array_like=True):
    status: int
    headers: list[tuple[str, str]]
    body: bytes


def framed(message: Any) -> bytes:
    """A message as it goes over a pipe or a socket between two processes of ours."""
    content = msgspec.msgpack.encode(message)
    return len(content).to_bytes(_LENGTH_BYTES, "big") + content


async def received(reader: asyncio.StreamReader, kind: type[_T]) -> _T:
    """The next message.

    Raises:
        EOFError: there is none: the other side has ended.
        msgspec.MsgspecError: it is something else.
    """
    length = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "big")
    if length > LARGEST_MESSAGE:
        raise msgspec.DecodeError(f"a message of {length:,} bytes")
    return msgspec.msgpack.decode(await reader.readexactly(length), type=kind)


class Relay:
    """A `Handler` that has another process answer.

    Args:
        path: the socket that the other process serves with `serve_relayed`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    async def __call__(self, caller: Caller) -> None:
        """Answer one request.

        Raises:
            RequestError: its body is too long, or the other process does not answer (503).
        """
        body = b"" if caller.method in ("GET", "HEAD") else await caller.body(LARGEST_BODY)
        asked = _Asked(caller.method, caller.path, caller.query, caller.headers, body)
        try:
            answered = await asyncio.wait_for(self._exchanged(asked), LONGEST_WAIT)
        except (OSError, EOFError, TimeoutError, msgspec.MsgspecError) as error:
            raise RequestError(
                "The process behind this page does not answer.",
                status=503,
                code="pages_unavailable",
                fix="It is started again by itself: try again in some seconds. "
                "The gateway's log says why it ended.",
            ) from error
        caller.respond(answered.status, answered.headers, answered.body)

    async def _exchanged(self, asked: _Asked) -> _Answered:
        reader, writer = await asyncio.open_unix_connection(str(self._path))
        try:
            writer.write(framed(asked))
            return await received(reader, _Answered)
        finally:
            writer.close()


class Relayed:
    """The `Caller` of a relayed request, in the process that answers it."""

    def __init__(self, asked: _Asked) -> None:
        self.method, self.path, self.query = asked.method, asked.path, asked.query
        self.headers = asked.headers
        self._body = asked.body
        self._status = 0
        self._headers: list[tuple[str, str]] = []
        self._pieces: list[bytes] = []

    async def body(self, limit: int) -> bytes:
        """See `Caller.body`."""
        if len(self._body) > limit:
            raise too_large(limit)
        return self._body

    def on_leave(self, callback: Callable[[], object]) -> None:
        """It is not told when its caller leaves: the answer is made and thrown away."""

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """See `Caller.respond`."""
        self._status, self._headers = status, list(headers)
        self._pieces = [body]

    def stream(self, status: int, headers: Headers) -> Relayed:
        """See `Caller.stream`; all goes back once the handler has ended."""
        self._status, self._headers = status, list(headers)
        return self

    def write(self, data: bytes) -> bool:
        """A piece of a streamed answer."""
        self._pieces.append(data)
        return True

    async def send(self, data: bytes) -> None:
        """A piece of a streamed answer."""
        self._pieces.append(data)

    def answered(self) -> _Answered:
        """What goes back.

        Raises:
            InternalError: the handler has not answered.
        """
        if not self._status:
            raise InternalError("A page was not answered.")
        return _Answered(self._status, self._headers, b"".join(self._pieces))


async def serve_relayed(listening: socket.socket, handler: Handler) -> asyncio.Server:
    """Answer what a `Relay` sends to this socket, until the server is closed."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            caller = Relayed(await received(reader, _Asked))
            await handler(caller)
            writer.write(framed(caller.answered()))
            with suppress(ConnectionError):
                await writer.drain()
        except (EOFError, ConnectionError):
            pass  # whoever asked has gone
        except asyncio.CancelledError:
            pass  # the process ends; asyncio before 3.12 would complain of a task that is cancelled
        except (ConfigError, StoreError) as error:
            log.error("a page cannot be made: %s", error)
        except Exception:  # one page's defect ends no other page
            log.exception("a defect in headgate, please report it: a relayed page")
        finally:
            writer.close()

    return await asyncio.start_unix_server(answer, sock=listening)
