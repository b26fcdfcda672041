"""Passes a stream on as it comes, until its last event or until the provider closes it."""

from __future__ import annotations

from collections.abc import Callable

from headgate.gateway.caller import Body
from headgate.gateway.record import Attempt
from headgate.gateway.upstream import Reply
from headgate.wire.lane import Flow

__all__ = ["passed_on"]


async def passed_on(
    attempt: Attempt,
    flow: Flow,
    reply: Reply,
    out: Body,
    *,
    idle_timeout: float,
    complete: Callable[[Attempt, Flow], None],
) -> bool:
    """Forward until the provider's last event (True) or until it closes without one (False).

    Args:
        attempt: learns that the stream was cut off.
        idle_timeout: longest silence, seconds.
        complete: told when the stream is whole, before the event that completes it goes out.

    Raises:
        UpstreamError: it broke off, or was silent for too long.
        ConnectionError: the caller has gone.
    """
    last = b""

    def forward(chunk: bytes) -> bool:
        """Done for each chunk where it arrives, as long as nobody has to wait."""
        nonlocal last
        told = flow.feed(chunk)
        if flow.complete:  # the row comes first, and is written in the request's own task
            last = told
            return False
        return not told or out.write(told)

    while await reply.pour(forward, idle_timeout):
        if flow.complete:
            complete(attempt, flow)
            await out.send(last)
            return True
        await out.send(b"")  # until the caller has taken enough
    if flow.error is None:
        attempt.error = "reset"
    ending = flow.end()  # the rest of a last event, or an error event
    if flow.complete:
        attempt.error = None
        complete(attempt, flow)
    if ending:
        await out.send(ending)
    return flow.complete
