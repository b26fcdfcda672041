"""What happened, in plain words: the kinds of events, and their particulars."""

from __future__ import annotations

import json
from collections.abc import Mapping

from headgate.web.period import moment_text

__all__ = ["WORDS", "particulars", "words_of"]

WORDS: Mapping[str, str] = {
    "alarm.raised": "An alarm was raised",
    "alarm.cleared": "An alarm has ended",
    "alert.sent": "People were told",
    "alert.failed": "Nobody could be told",
    "action.hold": "The threshold is held where the budget is kept",
    "action.pin": "Every routed request goes to premium",
    "action.release": "Routing decides again as before",
    "budget.exhausted": "A budget is spent",
    "key.created": "A key was made",
    "key.changed": "A key's limits were changed",
    "key.rotated": "A key got a new secret",
    "key.revoked": "A key was revoked",
    "key.refused": "Requests with a key were refused",
    "team.changed": "A team's limits were changed",
    "reload.done": "Changed settings are in effect",
    "reload.refused": "Changed settings were refused",
    "beside.silent": "The process beside the gateway said nothing for half a minute",
    "beside.ended": "The process beside the gateway ended, and another was started",
    "beside.back": "The process beside the gateway is well again",
    "quality.compared": "A cheap answer was compared with premium's",
    "feedback": "A user rated an answer",
}
"""By the kind of an event; whoever begins to write another names it here too."""


def words_of(kind: str) -> str:
    """What a kind of event says; nothing for a kind of a newer Headgate.

    >>> words_of("key.revoked"), words_of("moon.risen")
    ('A key was revoked', '')
    """
    return WORDS.get(kind, "")


def particulars(detail: str) -> list[tuple[str, str]]:
    """The detail of an event as names and values for people; what is empty is left out.

    >>> particulars('{"since_us": 0, "why": "by hand", "threshold": null, "rows": ["a", "b"]}')
    [('since', '1970-01-01 00:00:00'), ('why', 'by hand'), ('rows', 'a, b')]
    """
    try:
        told = json.loads(detail)
    except ValueError:
        return []
    if not isinstance(told, dict):
        return []
    found = []
    for name, value in told.items():
        if name.endswith("_us") and isinstance(value, int):
            found.append((name.removesuffix("_us"), _moment(value)))
        elif value not in (None, "", [], {}):
            found.append((name, _told(value)))
    return [(name.replace("_", " "), value) for name, value in found]


def _told(value: object) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return ", ".join(map(_told, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {_told(one)}" for name, one in value.items())
    return json.dumps(value)


def _moment(at_us: int) -> str:
    try:
        return moment_text(at_us)
    except (OverflowError, ValueError, OSError):  # of no calendar
        return str(at_us)
