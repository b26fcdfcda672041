"""An entry as a row of the table `attempts`, and back: which column comes from which field."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import Any

from headgate.ledger.entry import Entry
from headgate.values import Usage

__all__ = ["COLUMNS", "entry_of", "row_of"]

_FIELDS = (
    "request_id", "attempt", "at_us", "purpose", "dialect_in", "dialect_out", "route", "asked",
    "routed", "tier", "premium", "provider", "model_asked", "model_answered", "reason", "cause",
    "score", "served", "status", "error", "streamed", "aborted", "usage.input", "usage.output",
    "usage.cache_read", "usage.cache_write_5m", "usage.cache_write_1h", "usage.reasoning",
    "usage_source", "card", "cost_nano", "premium_nano", "first_token_us", "total_us", "session",
    "tags", "config", "queue_us", "key", "team", "policy", "router", "category", "trace",
    "usage.service_tier",
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


def entry_of(row: Sequence[Any]) -> Entry:
    """The entry that a row with `COLUMNS` holds."""
    fields = dict(zip(_FIELDS, row, strict=True))
    usage = {name[6:]: fields.pop(name) for name in _FIELDS if name.startswith("usage.")}
    flags = {name: bool(fields[name]) for name in _FLAGS}
    return Entry(**{**fields, **flags, "usage": Usage(**usage)})
