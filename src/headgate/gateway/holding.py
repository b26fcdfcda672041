"""Holds an answer back until it is whole, streamed or not, and reads it as a draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from headgate.errors import UpstreamError
from headgate.gateway.plant import Plant
from headgate.gateway.record import Attempt, estimated
from headgate.gateway.upstream import Reply
from headgate.values import Draft
from headgate.wire.lane import DIALECTS, Flow, Inbound, Lane, draft_of, streamed_draft

if TYPE_CHECKING:
    from headgate.gateway.transcript import Transcript

__all__ = ["Held", "hold"]


class Held(msgspec.Struct, frozen=True):
    """A whole answer: its bytes for the caller, and what the checks see of it."""

    body: bytes
    draft: Draft


async def hold(
    plant: Plant,
    inbound: Inbound,
    attempt: Attempt,
    way: Lane,
    reply: Reply,
    transcript: Transcript | None = None,
) -> Held:
    """Read a 200 to its end; the attempt learns its tokens, its model and when it began.

    A `transcript` hears a stream, which may become the caller's answer.

    Raises:
        UpstreamError: it broke off, or is no answer. What came of it is billed all the same.
    """
    dialect = DIALECTS[plant.providers[attempt.tier.model.provider].dialect]
    if not inbound.stream:
        raw = await reply.read()
        answered = way.answer(raw)
        attempt.model_answered = answered.model
        attempt.measured(answered.usage, estimated(inbound.ask, len(answered.body)))
        return Held(answered.body, draft_of(dialect, raw))
    if not (reply.header("content-type") or "").startswith("text/event-stream"):
        raise UpstreamError(f"{attempt.tier.model} did not send a stream.", kind="unusable")
    came: list[bytes] = []
    flow = way.flow()
    if transcript is not None:
        flow.heard = transcript.hearing().take
    body = await _whole(plant, inbound, attempt, flow, reply, came)
    return Held(body, streamed_draft(dialect, b"".join(came)))


async def _whole(
    plant: Plant,
    inbound: Inbound,
    attempt: Attempt,
    flow: Flow,
    reply: Reply,
    came: list[bytes],
) -> bytes:
    """The stream for the caller; `came` gets the provider's own bytes."""
    out: list[bytes] = []
    closed = False
    try:
        while not flow.complete:
            chunk = await reply.chunk(plant.idle_timeout)
            if chunk is None:
                closed = True
                out.append(flow.end())
                break
            came.append(chunk)
            out.append(flow.feed(chunk))
            if attempt.first_token is None and (flow.begun or flow.thinking):
                attempt.first_token = plant.clock.monotonic()
            if flow.error is not None:
                break
    finally:  # however it ended, a time-out too: what came of it is billed
        whole = flow.usage if flow.complete else None
        guess = estimated(inbound.ask, flow.delivered_chars, flow.usage, flow.service_tier)
        attempt.measured(whole, guess)
        attempt.model_answered = flow.model
    if flow.complete:
        reply.release()
        return b"".join(out)
    reply.close()
    kind = "reset" if closed or flow.error is None else "stream-error"
    raise UpstreamError(f"{attempt.tier.model} broke off its stream.", kind=kind)
