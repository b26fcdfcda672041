"""A caller whose request is followed to its end: what it was answered is noted for its span."""

from __future__ import annotations

from collections.abc import Callable

from headgate.errors import HeadgateError, InternalError, RequestError, UpstreamError
from headgate.gateway.caller import Body, Caller, Headers
from headgate.monitor.journey import Journey

__all__ = ["Followed"]

REQUEST_ID = "x-headgate-request-id"


class Followed:
    """A caller whose request is followed to its end.

    Args:
        caller: who is answered.
        journey: learns how.
        done: told when it is over; at once, and it never raises.
    """

    def __init__(self, caller: Caller, journey: Journey, done: Callable[[Journey], None]) -> None:
        self._caller = caller
        self._journey = journey
        self._done = done
        self.method, self.path, self.query = caller.method, caller.path, caller.query
        self.headers = caller.headers
        self.body, self.on_leave = caller.body, caller.on_leave

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Note the answer's head, and give it to the caller."""
        self._note(status, headers)
        self._caller.respond(status, headers, body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Note the answer's head, and begin the caller's stream."""
        self._note(status, headers)
        return self._caller.stream(status, headers)

    def refused(self, error: HeadgateError) -> None:
        """It is answered with an error of Headgate's."""
        self._journey.code = _word(error)
        self._journey.fault = isinstance(error, InternalError)

    def over(self) -> None:
        """Nothing more is done for it."""
        self._done(self._journey)

    def _note(self, status: int, headers: Headers) -> None:
        self._journey.status = status
        for name, value in headers:
            if name == REQUEST_ID:
                self._journey.request_id = value


def _word(error: HeadgateError) -> str:
    """The machine-readable kind of an error; one of few."""
    match error:
        case RequestError():
            return error.code or "invalid_request"
        case UpstreamError():
            return error.kind
        case InternalError():
            return "internal"
        case _:
            return error.type
