"""Facts about one request that are kept as events: how one becomes an event, and is read again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from headgate.ledger.event import Event

__all__ = ["fact_event", "facts_of"]

_Fact = TypeVar("_Fact", bound=msgspec.Struct)


def fact_event(fact: msgspec.Struct, kind: str, *, name: str) -> Event:
    """The event that keeps a fact; of one `name` within a kind there is but one.

    The fact has `request_id`, which is the event's subject, and `at_us`; the rest is its detail.
    """
    detail = msgspec.to_builtins(fact)
    request_id, at_us = detail.pop("request_id"), detail.pop("at_us")
    return Event(
        id=f"{kind}/{name}",
        at_us=at_us,
        kind=kind,
        subject=request_id,
        detail=msgspec.json.encode(detail).decode(),
    )


def facts_of(events: Iterable[Event], kind: str, fact: type[_Fact]) -> list[_Fact]:
    """The facts of a kind among events; those that cannot be read as this fact are left out."""
    found = []
    for event in events:
        if event.kind != kind:
            continue
        try:
            detail = msgspec.json.decode(event.detail, type=dict[str, object])
            named = {**detail, "request_id": event.subject, "at_us": event.at_us}
            found.append(msgspec.convert(named, fact))
        except msgspec.MsgspecError:
            continue
    return found
