"""An entry as a row of the table `attempts`, and back: which column comes from which field."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from headgate.ledger.entry import Entry
from headgate.values import Usage

__all__ = ["COLUMNS", "bound_row_of", "entry_of", "row_of"]

_FIELDS = (
    "request_id", "attempt", "at_us", "purpose", "dialect_in", "dialect_out", "route", "asked",
    "routed", "tier", "premium", "provider", "model_asked", "model_answered", "reason", "cause",
    "score", "served", "status", "error", "streamed", "aborted", "usage.input", "usage.output",
    "usage.cache_read", "usage.cache_write_5m", "usage.cache_write_1h", "usage.reasoning",
    "usage_source", "card", "cost_nano", "premium_nano", "first_token_us", "total_us", "session",
    "tags", "config", "queue_us", "key", "team", "policy", "router", "category", "trace",
    "usage.service_tier", "answer_id",
)  # fmt: skip
"""Where each column comes from in an entry, in the table's order."""

COLUMNS = tuple(
    f"{name.removeprefix('usage.')}_tokens"
    if name.startswith("usage.") and name != "usage.service_tier"
    else name.removeprefix("usage.")
    for name in _FIELDS
)
"""The columns of `attempts` that hold an entry."""

_FLAGS = frozenset({"routed", "premium", "served", "streamed", "aborted"})

row_of = attrgetter(*_FIELDS)
"""The values of an entry, in the order of `COLUMNS`."""

_NULL = float("nan")


def bound_row_of(entry: Entry) -> tuple[Any, ...]:
    """As `row_of`, in values that `sqlite3` binds at once: it looks for an adapter of any other.

    For flags and None that takes longer than all else about a row. SQLite stores NULL for a NaN.
    """
    usage = entry.usage
    return (
        entry.request_id,
        entry.attempt,
        entry.at_us,
        entry.purpose,
        entry.dialect_in,
        entry.dialect_out,
        entry.route,
        entry.asked,
        1 if entry.routed else 0,
        entry.tier,
        1 if entry.premium else 0,
        entry.provider,
        entry.model_asked,
        _NULL if entry.model_answered is None else entry.model_answered,
        entry.reason,
        entry.cause,
        _NULL if entry.score is None else entry.score,
        1 if entry.served else 0,
        _NULL if entry.status is None else entry.status,
        _NULL if entry.error is None else entry.error,
        1 if entry.streamed else 0,
        1 if entry.aborted else 0,
        usage.input,
        usage.output,
        usage.cache_read,
        usage.cache_write_5m,
        usage.cache_write_1h,
        usage.reasoning,
        entry.usage_source,
        _NULL if entry.card is None else entry.card,
        _NULL if entry.cost_nano is None else entry.cost_nano,
        _NULL if entry.premium_nano is None else entry.premium_nano,
        _NULL if entry.first_token_us is None else entry.first_token_us,
        entry.total_us,
        _NULL if entry.session is None else entry.session,
        _NULL if entry.tags is None else entry.tags,
        entry.config,
        _NULL if entry.queue_us is None else entry.queue_us,
        _NULL if entry.key is None else entry.key,
        _NULL if entry.team is None else entry.team,
        entry.policy,
        _NULL if entry.router is None else entry.router,
        _NULL if entry.category is None else entry.category,
        _NULL if entry.trace is None else entry.trace,
        _NULL if usage.service_tier is None else usage.service_tier,
        _NULL if entry.answer_id is None else entry.answer_id,
    )


def entry_of(row: Sequence[Any]) -> Entry:
    """The entry that a row with `COLUMNS` holds."""
    fields = dict(zip(_FIELDS, row, strict=True))
    usage = {name[6:]: fields.pop(name) for name in _FIELDS if name.startswith("usage.")}
    flags = {name: bool(fields[name]) for name in _FLAGS}
    return Entry(**{**fields, **flags, "usage": Usage(**usage)})
