"""A page of the list of requests: what its URL asks for, and where older and newer ones stand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from headgate.errors import ConfigError, ConfigFault
from headgate.ledger.entry import Entry
from headgate.ledger.store import Found, Mark, Search, Window
from headgate.web.visit import query_of

__all__ = ["FIELDS", "MOST", "OUTCOMES", "SIZE", "Listed", "link", "listed", "search_of"]

FIELDS = ("text", "tier", "model", "route", "key", "reason")
OUTCOMES = {
    "": "any outcome",
    "served": "served",
    "escalated": "escalated",
    "retried": "retried",
    "failed": "failed",
}
PLACES = ("before", "after")
SIZE = 100
"""Requests on a page."""
MOST = 10_000
"""Requests in a file: some megabytes, which fit the message of a process that makes pages."""


class Listed(NamedTuple):
    """Requests, and the places beyond which there are others."""

    requests: Sequence[Sequence[Entry]]
    """The latest first."""
    older: Mark | None = None
    newer: Mark | None = None
    reached: Mark | None = None
    """How far was read, where that ended the search before the page was full."""


def search_of(query: Mapping[str, str], window: Window) -> Search:
    """What a URL looks for.

    Raises:
        ConfigError: a place in the list cannot be read.
    """
    outcome = query.get("outcome", "")
    before, after = (_mark(query.get(name, ""), name) for name in PLACES)
    asked: dict[str, Any] = {name: query.get(name, "").strip()[:200] for name in FIELDS}
    return Search(
        window=window,
        outcome=outcome if outcome in OUTCOMES else "",
        before=before,
        after=None if before else after,
        **asked,
    )


def listed(search: Search, look: Callable[[Search], Found], size: int = SIZE) -> Listed:
    """The page that a search begins.

    Args:
        look: finds; it is asked for one request more than a page has.
        size: how many requests a page has.
    """
    rows, reached = look(replace(search, most=size + 1))
    more = len(rows) > size
    if search.after is not None:
        if reached is None and not more:  # nothing newer is left: the first page, and all of it
            return listed(replace(search, after=None), look, size)
        rows = rows[-size:]
        # between the place and what was reached nothing fits: all of its own moment may come again
        older = _place(rows[-1]) if rows else Mark(search.after.at_us + 1, "")
        return Listed(rows, older, _place(rows[0]) if more else reached, reached)
    rows = rows[:size]
    newer = None
    if search.before is not None:
        newer = _place(rows[0]) if rows else Mark(search.before.at_us, "")
    return Listed(rows, _place(rows[-1]) if more else reached, newer, reached)


def link(path: str, query: Mapping[str, str], way: str = "", mark: Mark | None = None) -> str:
    """The URL of another page of the same search.

    Args:
        way: `before` or `after` the mark; empty for the first page.

    >>> link("/requests", {"tier": "cheap", "key": "", "after": "1.r1"}, "before", Mark(2, "r2"))
    '/requests?tier=cheap&before=2.r2'
    """
    kept = {name: value for name, value in query.items() if value and name not in PLACES}
    if mark is not None:
        kept[way] = f"{mark.at_us}.{mark.request_id}"
    return path + query_of(kept)


def _place(entries: Sequence[Entry]) -> Mark:
    return Mark(entries[0].at_us, entries[0].request_id)


def _mark(text: str, field: str) -> Mark | None:
    if not text:
        return None
    at, point, request_id = text.partition(".")
    digits = at.removeprefix("-")
    if point and digits.isascii() and digits.isdigit() and len(digits) <= 18:
        return Mark(int(at), request_id)
    fault = ConfigFault(
        f"{text[:80]!r} is no place in the list of requests.",
        fix="Follow the links to older and newer requests.",
        field=field,
    )
    raise ConfigError("The search cannot be read:", faults=[fault])
