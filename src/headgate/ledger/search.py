"""A search for requests: asked of a database, and what it has to find, plainly computed."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any

from headgate.ledger.columns import entry_of
from headgate.ledger.entry import Entry
from headgate.ledger.statements import Ask
from headgate.ledger.store import Found, Mark, Search

__all__ = ["fits", "searched"]

TEXTS = ("text", "tier", "route", "key", "reason", "outcome")


def searched(ask: Ask, search: Search, *, since: int, until: int, read: int) -> Found:
    """What a database finds; see `Store.search`.

    Args:
        since: beginning of the window, microseconds since 1970.
        until: its end, not included.
    """
    if search.after:
        way, place, since = "newer", search.after, max(since, search.after.at_us)
    else:
        way, place = "older", search.before or Mark(until, "")
        until = min(until, place.at_us + 1)
    within: dict[str, Any] = {"since": since, "until": until, "read": read}
    within |= {"at": place.at_us, "id": place.request_id}
    asked: dict[str, Any] = {name: getattr(search, name) for name in TEXTS}
    found = ask(way, most=search.most, model=search.model.lower(), **asked, **within)
    ids = [name for _, name in found]
    rows = ask("whole", ids=ids) if ids else ()
    whole = {
        name: [entry_of(row) for row in own] for name, own in groupby(rows, key=lambda row: row[0])
    }
    ended = [] if len(ids) == search.most else ask(f"reached_{way}", **within)
    return Found(
        [whole[name] for name in (reversed(ids) if search.after else ids)],
        Mark(*ended[0]) if ended else None,
    )


def fits(entries: Sequence[Entry], search: Search) -> bool:
    """Whether a request is one of those looked for; `window` and places aside.

    Args:
        entries: all its attempts in order.
    """
    first = entries[0]
    served = next((entry for entry in entries if entry.served), None)
    last = served or entries[-1]
    asked = search.model.lower()
    return (
        first.request_id.startswith(search.text)
        and search.route in ("", first.route)
        and search.key in ("", first.key)
        and search.tier in ("", last.tier)
        and last.reason.startswith(search.reason)
        and any(asked in f"{one.provider}/{one.model_asked}".lower() for one in entries)
        and _came_out(entries, served, search.outcome)
    )


def _came_out(entries: Sequence[Entry], served: Entry | None, outcome: str) -> bool:
    match outcome:
        case "served":
            return served is not None
        case "escalated":
            return served is not None and served.premium and served.routed
        case "failed":
            return served is None
        case "retried":
            return any(entry.cause in ("retry", "fallback") for entry in entries)
    return True
