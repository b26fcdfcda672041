"""What befell the process beside the gateway, as events tell it: it fell silent, or it ended."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headgate.ledger.event import Event

__all__ = ["MISHAPS", "Mishaps", "mishap_event", "mishaps"]

MISHAPS = ("beside.silent", "beside.ended")


class Mishaps(msgspec.Struct, frozen=True, kw_only=True):
    """Those of a stretch of time, of which there was at least one."""

    silent: int
    """Times that it said nothing for half a minute."""
    ended: int
    """Times that it ended, or was ended."""
    last_us: int
    last: str
    """`silent` or `ended`."""
    why: str
    """As the last event says it."""


class _Detail(msgspec.Struct):
    why: str = ""


def mishap_event(what: str, why: str, at_us: int) -> Event:
    """The event that tells of one: `what` is `silent` or `ended`."""
    kind = f"beside.{what}"
    detail = msgspec.json.encode(_Detail(why)).decode()
    return Event(id=f"{kind}/{at_us}", at_us=at_us, kind=kind, subject="beside", detail=detail)


def mishaps(events: Iterable[Event]) -> Mishaps | None:
    """What events of these kinds add up to; None where there are none."""
    told = [event for event in events if event.kind in MISHAPS]
    if not told:
        return None
    last = max(told, key=lambda event: event.at_us)
    try:
        why = msgspec.json.decode(last.detail, type=_Detail).why
    except msgspec.MsgspecError:
        why = ""
    return Mishaps(
        silent=sum(event.kind == "beside.silent" for event in told),
        ended=sum(event.kind == "beside.ended" for event in told),
        last_us=last.at_us,
        last=last.kind.removeprefix("beside."),
        why=why,
    )
