"""What befell the process beside a gateway, as events tell it: it fell silent, ended, is back."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from headgate.ledger.event import Event

__all__ = ["BACK", "MISHAPS", "Mishaps", "back_event", "mishap_event", "mishaps"]

BACK = "beside.back"
MISHAPS = ("beside.silent", "beside.ended", BACK)
"""The kinds of these events."""


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
    back_us: int | None
    """When the last gateway that told of one said that it is well again; None: not all have."""
    without: tuple[str, ...]
    """The gateways that have not; a name is empty where an older version told."""


class _Detail(msgspec.Struct):
    why: str = ""
    gateway: str = ""


_DETAILS = msgspec.json.Decoder(_Detail)


def mishap_event(what: str, why: str, at_us: int, gateway: str = "") -> Event:
    """The event that tells of one: `what` is `silent` or `ended`, `gateway` where that is."""
    return _event(f"beside.{what}", at_us, _Detail(why, gateway))


def back_event(events: Iterable[Event], at_us: int, gateway: str) -> Event | None:
    """The event that tells that it is well again; None where nothing befell it."""
    last = _last(events).get(gateway)
    if last is None or last.kind == BACK:
        return None
    return _event(BACK, at_us, _Detail(gateway=gateway))


def _event(kind: str, at_us: int, detail: _Detail) -> Event:
    text = msgspec.json.encode(detail).decode()
    return Event(id=f"{kind}/{at_us}", at_us=at_us, kind=kind, subject="beside", detail=text)


def _detail(event: Event) -> _Detail:
    try:
        return _DETAILS.decode(event.detail)
    except msgspec.MsgspecError:
        return _Detail()


def _last(events: Iterable[Event]) -> dict[str, Event]:
    """The last word of each gateway."""
    told = sorted((one for one in events if one.kind in MISHAPS), key=lambda one: one.at_us)
    return {_detail(event).gateway: event for event in told}


def mishaps(events: Iterable[Event]) -> Mishaps | None:
    """What events of these kinds add up to; None where nothing befell it."""
    events = list(events)
    told = [event for event in events if event.kind in MISHAPS and event.kind != BACK]
    if not told:
        return None
    last, words = max(told, key=lambda event: event.at_us), _last(events)
    why = _detail(last).why
    without = tuple(sorted(name for name, event in words.items() if event.kind != BACK))
    return Mishaps(
        back_us=None if without else max(event.at_us for event in words.values()),
        without=without,
        silent=sum(event.kind == "beside.silent" for event in told),
        ended=sum(event.kind == "beside.ended" for event in told),
        last_us=last.at_us,
        last=last.kind.removeprefix("beside."),
        why=why,
    )
