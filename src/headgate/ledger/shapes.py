"""Rows by their shape: what many have in common stands in the statement, the rest is bound.

Of an entry's 45 values some ten differ from row to row. To hand one over by `sqlite3` takes longer
than to store it, so a shape that comes up often has a statement of its own, with all else in it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from msgspec.structs import astuple

from headgate.ledger.entry import Entry
from headgate.ledger.statements import Row, appending

__all__ = ["MOST_SEEN", "MOST_STATEMENTS", "OFTEN", "Shape", "Shapes", "parted"]

Shape = tuple[Any, ...]
"""The values of `_COMMON`; then for each of `_EMPTY` how it is written where it is empty, else
None, and it is bound."""

_OWN = ("request_id", "at_us", "input_tokens", "output_tokens", "total_us")
"""Bound in every row."""
_COMMON = (
    "purpose", "dialect_in", "dialect_out", "route", "asked", "routed", "tier", "premium",
    "provider", "model_asked", "reason", "cause", "served", "model_answered", "status", "error",
    "streamed", "aborted", "usage_source", "card", "policy", "router", "config", "service_tier",
)  # fmt: skip
_EMPTY = (
    "attempt", "score", "cache_read_tokens", "cache_write_5m_tokens", "cache_write_1h_tokens",
    "reasoning_tokens", "cost_nano", "premium_nano", "first_token_us", "queue_us", "key", "team",
    "category", "trace", "session", "tags",
)  # fmt: skip
"""Bound where they are not empty."""
_WRITTEN = {None: "NULL", 0: "0", "": "''"}
"""All that is empty, as SQLite reads it."""

OFTEN = 16
"""Rows of a shape before it has a statement: to prepare one takes as long as some ten rows."""
MOST_STATEMENTS = 32
"""Shapes that have one at a time; SQLite's module keeps 128 statements prepared."""
MOST_SEEN = 256
"""Shapes that are counted at a time: callers choose some of the names in them."""
MOST_TEXT = 4096
"""Characters of a statement; one with longer names is not worth it."""


def parted(entry: Entry) -> tuple[Shape, Row]:
    """The shape of an entry's row, and the values that are bound in a statement of that shape."""
    (
        request_id, attempt, at_us, purpose, dialect_in, dialect_out, route, asked, routed, tier,
        premium, provider, model_asked, reason, cause, served, total_us, model_answered, score,
        status, error, streamed, aborted, usage, usage_source, card, cost_nano, premium_nano,
        first_token_us, queue_us, key, team, policy, router, category, trace, session, tags, config,
    ) = astuple(entry)  # fmt: skip
    perhaps = (
        attempt, score, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h,
        usage.reasoning, cost_nano, premium_nano, first_token_us, queue_us, key, team, category,
        trace, session, tags,
    )  # fmt: skip
    shape = (
        purpose, dialect_in, dialect_out, route, asked, routed, tier, premium, provider,
        model_asked, reason, cause, served, model_answered, status, error, streamed, aborted,
        usage_source, card, policy, router, config, usage.service_tier,
        *map(_WRITTEN.get, perhaps),
    )  # fmt: skip
    return shape, (
        *(request_id, at_us, usage.input, usage.output, total_us),
        *filter(None, perhaps),
    )


class Shapes:
    """The statements of the shapes that come up often."""

    def __init__(self) -> None:
        self._statements: dict[Shape, str] = {}
        self._seen: Counter[Shape] = Counter()

    def statement(self, shape: Shape, rows: int) -> str | None:
        """What stores rows of a shape, of which so many have come; None where it has none (yet)."""
        found = self._statements.get(shape)
        if found is not None:
            return found
        if len(self._seen) >= MOST_SEEN:
            self._seen.clear()
        self._seen[shape] += rows
        if self._seen[shape] < OFTEN:
            return None
        text = _written(shape)
        if text is None:
            return None
        if len(self._statements) >= MOST_STATEMENTS:
            self._statements.clear()
        del self._seen[shape]
        self._statements[shape] = text
        return text


def _written(shape: Shape) -> str | None:
    """The statement of a shape; None where one of its texts cannot stand in one, or is long."""
    common, empty = shape[: len(_COMMON)], shape[len(_COMMON) :]
    values = ["?"] * len(_OWN)
    values += map(_literal, common)
    values += (written or "?" for written in empty)
    text = appending((*_OWN, *_COMMON, *_EMPTY), values)
    return None if "\0" in text or len(text) > MOST_TEXT else text


def _literal(value: str | int | None) -> str:
    """As SQLite reads it. In a text only the quote means anything, and twice it is a quote."""
    if value is None:
        return "NULL"
    return "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(int(value))
