"""A caller whose answer is noted on its way out, for who looks at it afterwards."""

from __future__ import annotations

from typing import NamedTuple

from headgate.gateway.caller import Body, Caller, Headers

__all__ = ["MOST_BYTES", "Sampled"]

MOST_BYTES = 4 * 1024 * 1024
"""Longest answer that is kept."""


class Sampled:
    """A caller whose answer is noted on its way out."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.method, self.path, self.query = caller.method, caller.path, caller.query
        self.headers = caller.headers
        self.body, self.on_leave = caller.body, caller.on_leave
        self.status = 0
        self.answer = b""
        self.streamed = False
        self.too_long = False

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Note the answer, and give it to the caller."""
        self.status = status
        self.note(body)
        self._caller.respond(status, headers, body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream, with an ear to it."""
        self.status, self.streamed = status, True
        return _Heard(self._caller.stream(status, headers), self)

    def note(self, data: bytes) -> None:
        """Keep what goes out, up to a length."""
        if len(self.answer) + len(data) > MOST_BYTES:
            self.too_long = True
        else:
            self.answer += data


class _Heard(NamedTuple):
    out: Body
    sampled: Sampled

    def write(self, data: bytes) -> bool:
        """Pass on, and note."""
        more = self.out.write(data)
        self.sampled.note(data)
        return more

    async def send(self, data: bytes) -> None:
        """Pass on, and note."""
        await self.out.send(data)
        self.sampled.note(data)
