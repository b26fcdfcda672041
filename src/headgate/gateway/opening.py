"""Holds a stream back until the model is at work on its answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from headgate.errors import UpstreamError
from headgate.gateway.plant import Plant
from headgate.gateway.record import Attempt
from headgate.gateway.upstream import Reply
from headgate.values import Usage
from headgate.wire.lane import Flow, Inbound, Lane, UnusableAnswerError

if TYPE_CHECKING:
    from headgate.gateway.transcript import Transcript

__all__ = ["opened"]


async def opened(
    plant: Plant,
    inbound: Inbound,
    attempt: Attempt,
    way: Lane,
    reply: Reply,
    price: Callable[[Usage], str | None],
    transcript: Transcript | None = None,
) -> tuple[Flow, bytes]:
    """A stream that has begun well, and its first bytes, which have not gone out.

    Until then a failure can be mended by another attempt, and nothing useful is held back. A model
    that thinks is at work, told or untold: it may take minutes, in which the caller and whoever
    stands between would hear nothing, and after a time-out all of it would be paid for again.
    `price` says what the answer comes to; a `transcript` hears it.

    Raises:
        UpstreamError: it is no stream, or it ended, failed or said nothing before it answered.
    """
    if not (reply.header("content-type") or "").startswith("text/event-stream"):
        raise UpstreamError(f"{attempt.tier.model} did not send a stream.", kind="unusable")
    flow = way.flow()
    flow.price = price
    if transcript is not None:
        flow.heard = transcript.hearing().take
    opening = b""
    while True:
        chunk = await reply.chunk(plant.idle_timeout)
        if chunk is None:
            opening += flow.end()
            if flow.complete:
                break
            raise UpstreamError(
                f"{attempt.tier.model} closed its stream before it answered.", kind="reset"
            )
        opening += flow.feed(chunk)
        if flow.error is not None:  # before anything has gone out it can still be mended
            reply.close()
            raise UpstreamError(
                f"{attempt.tier.model} began its stream with an error: {flow.error}",
                kind="stream-error",
            )
        if flow.begun or flow.thinking or flow.complete:
            break
    attempt.first_token = plant.clock.monotonic()
    if not (flow.begun or flow.thinking) and flow.finish in (None, "stop") and not inbound.quiet:
        reply.release()
        raise UnusableAnswerError(f"{attempt.tier.model} answered nothing.", usage=flow.usage)
    attempt.model_answered = flow.model
    return flow, opening
