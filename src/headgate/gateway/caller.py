"""The seam to the callers: what the gateway needs of an HTTP server, and nothing more."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Protocol

__all__ = ["Body", "Caller", "Handler", "Headers"]

Headers = Sequence[tuple[str, str]]


class Body(Protocol):
    """The way a streamed answer goes out."""

    def write(self, data: bytes) -> bool:
        """Send bytes, or keep them until they can be sent.

        False where whoever sends should wait, with `send`, before there is more.

        Raises:
            ConnectionError: the caller has gone.
        """

    async def send(self, data: bytes) -> None:
        """Send bytes, or none; waits while the caller reads more slowly than we write.

        Raises:
            ConnectionError: the caller has gone.
        """


class Caller(Protocol):
    """One request and the way back to whoever sent it.

    Exactly one of `respond` and `stream` is called. A handler that ends by an exception after
    `stream` cuts the connection, so that a broken answer never looks whole.
    """

    method: str
    path: str
    query: str
    """What follows the question mark of the target, as it was sent; empty where there is none."""
    headers: dict[str, str]
    """Names in lower case; a repeated header's values are joined by a comma and a space."""

    async def body(self, limit: int) -> bytes:
        """The whole body.

        Raises:
            RequestError: longer than `limit` bytes (413), malformed (400), or too slow (408).
            ConnectionError: the caller left before its end.
        """

    def on_leave(self, callback: Callable[[], object]) -> None:
        """Call back once if the caller leaves before the answer is complete."""

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer at once. Does nothing where the caller has gone."""

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin an answer whose body follows in pieces."""


Handler = Callable[[Caller], Awaitable[None]]
"""What a server calls for each request."""
