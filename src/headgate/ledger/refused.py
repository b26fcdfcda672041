"""Refusals of keys as events: how many, and why, one event for a key's minute and process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress

import msgspec

from headgate.ledger.event import Event

__all__ = ["REFUSED", "refusal_event", "refused_by_key"]

REFUSED = "key.refused"

_COUNTS = msgspec.json.Decoder(dict[str, int])


def refusal_event(holder: str, key: str, reasons: Mapping[str, int], at_us: int) -> Event:
    """What a process has refused a key since it last said so; `reasons` counts by error code."""
    return Event(
        id=f"{REFUSED}/{holder}/{key}/{at_us}",
        at_us=at_us,
        kind=REFUSED,
        subject=key,
        detail=msgspec.json.encode(dict(sorted(reasons.items()))).decode(),
    )


def refused_by_key(events: Iterable[Event]) -> dict[str, int]:
    """Refused requests of each key (its id) over these events; others count nothing.

    Nor do those that a newer Headgate wrote otherwise.
    """
    sums: dict[str, int] = {}
    for event in events:
        if event.kind != REFUSED:
            continue
        with suppress(msgspec.MsgspecError):
            count = sum(_COUNTS.decode(event.detail).values())
            sums[event.subject] = sums.get(event.subject, 0) + count
    return sums
