"""What an agent says, line by line: one that is no message is answered, as JSON-RPC 2.0 asks."""

from __future__ import annotations

from contextvars import Context
from types import TracebackType
from typing import Any, Protocol

import mcp_types as types
from anyio import EndOfStream
from mcp.shared.message import SessionMessage
from pydantic import ValidationError

__all__ = ["Heard"]


class _Reads(Protocol):
    async def receive(self) -> SessionMessage | Exception: ...
    async def aclose(self) -> None: ...


class _Writes(Protocol):
    async def send(self, item: SessionMessage, /) -> None: ...


class Heard:
    """The messages that are read; the SDK passes over what is none, and its sender would wait."""

    def __init__(self, reads: _Reads, writes: _Writes) -> None:
        self._reads = reads
        self._writes = writes

    @property
    def last_context(self) -> Context | None:
        """The context that the last message was read in, for the SDK."""
        found: Context | None = getattr(self._reads, "last_context", None)
        return found

    async def receive(self) -> SessionMessage | Exception:
        """The next message.

        Raises:
            EndOfStream: there is none any more.
        """
        while isinstance(item := await self._reads.receive(), Exception):
            await self._writes.send(SessionMessage(_refusal(item)))
        return item

    def __aiter__(self) -> Heard:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except EndOfStream:
            raise StopAsyncIteration from None

    async def aclose(self) -> None:
        """Read no more."""
        await self._reads.aclose()

    async def __aenter__(self) -> Heard:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_val: BaseException | None,
        exc_tb: TracebackType | None,
    ) -> None:
        await self.aclose()


def _refusal(error: Exception) -> types.JSONRPCError:
    """What is wrong with a line; never the line, which may hold a prompt."""
    unread = isinstance(error, ValidationError) and any(
        one["type"] == "json_invalid" for one in _kinds(error)
    )
    code, message = (
        (types.PARSE_ERROR, "This line is not JSON: send one message a line, as UTF-8.")
        if unread
        else (types.INVALID_REQUEST, "This is no JSON-RPC 2.0 message; batches are not taken.")
    )
    return types.JSONRPCError(
        jsonrpc="2.0", id=None, error=types.ErrorData(code=code, message=message)
    )


def _kinds(error: ValidationError) -> list[Any]:
    return error.errors(include_url=False, include_context=False, include_input=False)
