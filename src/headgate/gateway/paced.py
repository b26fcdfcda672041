"""A caller whose key is near its limits by the minute: the answer tells what is left of them."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil, inf

from headgate.gateway.caller import Body, Caller, Headers
from headgate.gateway.gate import Visitor
from headgate.values import Clock

__all__ = ["Paced", "runs_low"]

MESSAGES = "/v1/messages"

_UNITS = ("requests", "tokens")
_WHAT = ("limit", "remaining", "reset")
_OPENAI = {unit: tuple(f"x-ratelimit-{what}-{unit}" for what in _WHAT) for unit in _UNITS}
_ANTHROPIC = {
    unit: tuple(f"anthropic-ratelimit-{unit}-{what}" for what in _WHAT) for unit in _UNITS
}
"""Each API's headers by unit: the limit, what is left of it, and when it is whole again."""


def runs_low(visitor: Visitor) -> bool:
    """Whether less than half is left of one of its limits; else there is no need to slow down.

    Six more headers on every answer would cost a request a fourteenth of its instructions.
    """
    for buckets in visitor.buckets.values():
        for bucket in buckets:
            if bucket.low:
                return True
    return False


class Paced:
    """A caller who is told what is left, in the words of the API that it speaks.

    Args:
        caller: who is answered.
        visitor: whose limits they are; of its key's and its team's the narrower one is told.
    """

    def __init__(self, caller: Caller, visitor: Visitor, clock: Clock) -> None:
        self._caller = caller
        self._visitor = visitor
        self._clock = clock
        self.method, self.path, self.query = caller.method, caller.path, caller.query
        self.headers = caller.headers
        self.body, self.on_leave = caller.body, caller.on_leave

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer, with what is left."""
        told = list(headers)
        self._tell(told)
        self._caller.respond(status, told, body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream, with what is left."""
        told = list(headers)
        self._tell(told)
        return self._caller.stream(status, told)

    def _tell(self, headers: list[tuple[str, str]]) -> None:
        at = self._clock.monotonic()
        names = _ANTHROPIC if self.path.startswith(MESSAGES) else _OPENAI
        for unit, buckets in self._visitor.buckets.items():
            narrow, (left, full) = buckets[0], buckets[0].left(at)
            for bucket in buckets[1:]:
                if (other := bucket.left(at)) < (left, full):
                    narrow, (left, full) = bucket, other
            if full == inf:
                continue  # nothing is ever left, and so there is nothing to tell
            limit, remaining, reset = names[unit]
            headers.append((limit, str(narrow.per_minute)))
            headers.append((remaining, str(left)))
            again = f"{ceil(full)}s" if names is _OPENAI else _moment(self._clock.time() + full)
            headers.append((reset, again))


def _moment(at: float) -> str:
    return f"{datetime.fromtimestamp(ceil(at), UTC):%Y-%m-%dT%H:%M:%SZ}"
