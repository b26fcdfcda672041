"""One event: something that was done or found, beside the attempts: an alarm, a key, a reload."""

from __future__ import annotations

import msgspec

__all__ = ["Event"]


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """What happened, once and for all; events are appended and never changed.

    Who writes one chooses its `id`: writing the same id twice leaves one event, so an id that is
    made from what happened (`alarm/escalation/2026-11-23T14`) is safe against being told twice.
    """

    id: str
    at_us: int
    """When it happened, microseconds since 1970."""
    kind: str
    """What happened, in a dotted word: `alarm.raised`, `key.revoked`, `reload.done`."""
    subject: str = ""
    """What it happened to: a budget, a key's id, a file."""
    detail: str = "{}"
    """The particulars as a JSON object; neither secrets nor prompts."""
