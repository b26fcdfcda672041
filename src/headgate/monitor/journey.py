"""One request from its arrival to its end, as its span will tell of it.

A journey is known to all that is done for its request by `CURRENT`, which follows a task and the
tasks that it begins; so neither the driver nor a ledger row has to know of spans. It holds no word
of the request: what comes from the caller is its trace context, and what its rows say.
"""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from typing import TYPE_CHECKING, Literal

from headgate.ledger.entry import Entry
from headgate.wire.trace_context import TraceContext

if TYPE_CHECKING:  # an extra
    from opentelemetry.trace import Span

__all__ = ["CURRENT", "Ending", "Journey", "is_shadow"]

CURRENT: ContextVar[Journey | None] = ContextVar("headgate_journey", default=None)
"""The request for which something is done now."""

Ending = Literal["served", "broken", "left", "failed", "refused"]
"""`broken`: the answer broke off on its way; `left`: the caller did not wait for its end; `failed`:
no provider gave one, or Headgate failed inside; `refused`: no provider was called for it."""


class Journey:
    """What is known of a request.

    Args:
        method: of HTTP.
        route: the path, one that the gateway serves.
        parent: the place in the caller's trace, where it named one.
        began_us: when it came, microseconds since 1970.
        monotonic: a clock in seconds that never goes back.
    """

    __slots__ = (
        "_began",
        "_monotonic",
        "attempts",
        "began_us",
        "code",
        "cost_nano",
        "fault",
        "last",
        "method",
        "parent",
        "request_id",
        "retries",
        "route",
        "sent",
        "span",
        "status",
        "total_us",
    )

    def __init__(
        self,
        method: str,
        route: str,
        parent: TraceContext | None,
        began_us: int,
        monotonic: Callable[[], float],
    ) -> None:
        self.method = method
        self.route = route
        self.parent = parent
        self.began_us = began_us
        self._monotonic = monotonic
        self._began = monotonic()
        self.total_us = 0
        self.request_id: str | None = None
        self.status: int | None = None
        """Of the answer; None where none was begun."""
        self.code: str | None = None
        """Why Headgate did not serve it, in the word that the caller was told."""
        self.fault = False
        """It was a defect of Headgate's, and no refusal."""
        self.attempts = 0
        """Calls made for it; shadows are not made for it."""
        self.retries = 0
        self.cost_nano: int | None = 0
        """Of all these calls; None once one is unpriced."""
        self.last: Entry | None = None
        """The call whose answer the caller got, else the last that could have become it."""
        self.span: Span | None = None
        self.sent: list[Span | None] = []
        """Spans of calls that have no row yet. Calls nest: the last one sent is written first."""

    def note(self, entry: Entry) -> None:
        """Take a row of the request into account."""
        if is_shadow(entry):
            return
        self.request_id = entry.request_id
        self.attempts += 1
        self.retries += entry.purpose == "answer" and entry.cause == "retry"
        if self.cost_nano is not None:
            self.cost_nano = None if entry.cost_nano is None else self.cost_nano + entry.cost_nano
        if entry.purpose in ("answer", "embedding", "passed"):
            self.last = entry

    def end(self) -> None:
        """It is over."""
        self.total_us = int((self._monotonic() - self._began) * 1e6)

    @property
    def ending(self) -> Ending:
        """How it ended; asked when it is over and all its rows are noted."""
        if self.code is not None:
            return "failed" if self.fault else "refused"
        last = self.last
        if last is not None and last.error == "caller-left":
            return "left"
        if last is not None and last.served:
            return "served" if last.error is None else "broken"
        if self.status is None:
            return "left"
        if self.status >= 400:
            return "refused" if last is None else "failed"
        return "served"

    @property
    def error(self) -> str | None:
        """What went wrong, in one word of few; None where nothing did."""
        ending = self.ending
        if ending == "served":
            return None
        if self.code is not None:
            return self.code
        last = self.last
        if last is not None and last.error not in (None, "status"):
            return last.error
        return "caller-left" if self.status is None else str(self.status)


def is_shadow(entry: Entry) -> bool:
    """The call compares an answer that the caller has: it is the watch's, not the request's."""
    return entry.purpose == "shadow" or entry.cause == "shadow"
