"""A caller whose key is near its limits by the minute: the answer tells what is left of them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime

from headgate.access.bucket import Bucket
from headgate.gateway.caller import Body, Caller, Headers
from headgate.gateway.gate import Visitor
from headgate.values import Clock

__all__ = ["Paced", "runs_low"]

MESSAGES = "/v1/messages"


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
        self._caller.respond(status, self._told(headers), body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream, with what is left."""
        return self._caller.stream(status, self._told(headers))

    def _told(self, headers: Headers) -> Headers:
        at, told = self._clock.monotonic(), list(headers)
        for unit, buckets in self._visitor.buckets.items():
            left, full, most = _least(buckets, at)
            if full == math.inf:
                continue  # nothing is ever left, and so there is nothing to tell
            if self.path.startswith(MESSAGES):
                limit, remaining, reset = _ANTHROPICS[unit]
                again = datetime.fromtimestamp(math.ceil(self._clock.time() + full), UTC)
                when = f"{again:%Y-%m-%dT%H:%M:%SZ}"
            else:
                limit, remaining, reset = _OPENAIS[unit]
                when = f"{math.ceil(full)}s"
            told += ((limit, str(most)), (remaining, str(left)), (reset, when))
        return told


def _least(buckets: Sequence[Bucket], at: float) -> tuple[int, float, int]:
    """What is left of the narrowest limit, seconds until it is full, and what it is."""
    bucket = buckets[0]
    left, full = bucket.left(at)
    if len(buckets) == 1:  # the key's own, mostly
        return left, full, bucket.per_minute
    found = [(*bucket.left(at), bucket.per_minute) for bucket in buckets]
    return min(found, key=lambda one: (one[0], -one[1]))  # of two that are empty, the deeper


_UNITS = ("requests", "tokens")
_WORDS = ("limit", "remaining", "reset")
_OPENAIS = {unit: [f"x-ratelimit-{word}-{unit}" for word in _WORDS] for unit in _UNITS}
_ANTHROPICS = {unit: [f"anthropic-ratelimit-{unit}-{word}" for word in _WORDS] for unit in _UNITS}
