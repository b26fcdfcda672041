"""What the events of a ledger add up to: alarms that are on, the action in force, what was told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

import msgspec

from headgate.ledger.event import Event

__all__ = [
    "ACTION_KINDS",
    "KINDS",
    "Action",
    "ActionKind",
    "Standing",
    "Told",
    "detail_of",
    "standing",
]

ActionKind = Literal["hold", "pin"]

ACTION_KINDS = ("action.hold", "action.pin", "action.release")
KINDS = ("alarm.raised", "alarm.cleared", "alert.sent", "alert.failed", *ACTION_KINDS)
"""Kinds of the watch's events, as `docs/watch.md` describes them."""


class Action(msgspec.Struct, frozen=True, kw_only=True):
    """What the watch, or somebody at the command line, does to routing."""

    kind: ActionKind
    since_us: int
    threshold: float | None = None
    """Of a hold: the score from which requests go to premium."""
    by: Literal["watch", "command"] = "watch"
    alarm_us: int | None = None
    """The alarm that led to it; None for a command."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """The last alert about a subject."""

    at_us: int
    news: str
    """`raised`, `repeated` or `cleared`."""
    alarm_us: int
    """The alarm that it was about."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where the watch stands; the same events give the same standing in every process."""

    alarms: Mapping[str, int]
    """Subject -> when its alarm was raised, for those that are on."""
    titles: Mapping[str, str]
    """Subject -> what its last alarm said in a line."""
    levels: Mapping[str, Literal["warning", "critical"]]
    """Subject -> how severe its last alarm was."""
    cleared: Mapping[str, int]
    """Subject -> when its last alarm was cleared, where it is off."""
    action: Action | None
    """In force now."""
    restarts: tuple[int, ...]
    """Moments at which an action ended: what was before says nothing of what is now."""
    acted_on: frozenset[int]
    """Alarms (by when they were raised) that were answered by an action already."""
    told: Mapping[str, Told]
    """Subject -> the last alert about it."""


def standing(events: Iterable[Event]) -> Standing:
    """Fold events, in the order of their time."""
    alarms: dict[str, int] = {}
    titles: dict[str, str] = {}
    levels: dict[str, Literal["warning", "critical"]] = {}
    cleared: dict[str, int] = {}
    told: dict[str, Told] = {}
    restarts: list[int] = []
    acted_on: set[int] = set()
    action: Action | None = None
    for event in events:
        facts = detail_of(event)
        if event.kind == "alarm.raised":
            alarms[event.subject] = _moment(facts, "since_us") or event.at_us
            titles[event.subject] = str(facts.get("title", event.subject))
            critical = facts.get("level") == "critical"
            levels[event.subject] = "critical" if critical else "warning"
            cleared.pop(event.subject, None)
        elif event.kind == "alarm.cleared":
            if alarms.pop(event.subject, None) is not None:
                cleared[event.subject] = event.at_us
        elif event.kind == "action.release":
            if action is not None:
                restarts.append(event.at_us)
            action = None
        elif event.kind in ACTION_KINDS:
            action = _action(event, facts)
            if action.alarm_us is not None:
                acted_on.add(action.alarm_us)
        elif event.kind == "alert.sent":
            told[event.subject] = Told(
                at_us=event.at_us,
                news=str(facts.get("news", "raised")),
                alarm_us=_moment(facts, "alarm_us") or 0,
            )
    return Standing(
        alarms=alarms,
        titles=titles,
        levels=levels,
        cleared=cleared,
        action=action,
        restarts=tuple(restarts),
        acted_on=frozenset(acted_on),
        told=told,
    )


def detail_of(event: Event) -> dict[str, Any]:
    """The particulars of an event; empty where they are no JSON object."""
    try:
        found = json.loads(event.detail)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _action(event: Event, facts: Mapping[str, Any]) -> Action:
    threshold = facts.get("threshold")
    return Action(
        kind="pin" if event.kind == "action.pin" else "hold",
        since_us=event.at_us,
        threshold=float(threshold) if isinstance(threshold, int | float) else None,
        by="command" if facts.get("by") == "command" else "watch",
        alarm_us=_moment(facts, "alarm_us"),
    )


def _moment(facts: Mapping[str, Any], key: str) -> int | None:
    found = facts.get(key)
    return found if isinstance(found, int) else None
