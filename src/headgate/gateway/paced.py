"""A caller whose key has limits by the minute: every answer tells what is left of them."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime

from headgate.gateway.caller import Body, Caller, Headers
from headgate.gateway.gate import Visitor
from headgate.values import Clock

__all__ = ["Paced"]

MESSAGES = "/v1/messages"


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
        self._caller.respond(status, [*headers, *self._left()], body)

    def stream(self, status: int, headers: Headers) -> Body:
        """Begin the caller's stream, with what is left."""
        return self._caller.stream(status, [*headers, *self._left()])

    def _left(self) -> Iterator[tuple[str, str]]:
        at = self._clock.monotonic()
        for unit, buckets in self._visitor.buckets.items():
            left, full, most = min((*bucket.left(at), bucket.per_minute) for bucket in buckets)
            if math.isinf(full):
                continue  # nothing is ever left, and so there is nothing to tell
            if self.path.startswith(MESSAGES):
                again = datetime.fromtimestamp(math.ceil(self._clock.time() + full), UTC)
                yield f"anthropic-ratelimit-{unit}-limit", str(most)
                yield f"anthropic-ratelimit-{unit}-remaining", str(left)
                yield f"anthropic-ratelimit-{unit}-reset", f"{again:%Y-%m-%dT%H:%M:%SZ}"
            else:
                yield f"x-ratelimit-limit-{unit}", str(most)
                yield f"x-ratelimit-remaining-{unit}", str(left)
                yield f"x-ratelimit-reset-{unit}", f"{math.ceil(full)}s"
