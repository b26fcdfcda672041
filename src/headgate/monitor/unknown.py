"""Sums of money as data: None where some has no price and the rest is nothing: that is not 0."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from headgate.monitor.figures import is_known

__all__ = ["told"]

_UNPRICED = {
    "actual_nano": "unpriced",
    "cost_nano": "unpriced",
    "nano": "unpriced",
    "spent_nano": "unpriced",
    "retry_nano": "retry_unpriced",
    "was_nano": "was_unpriced",
    "now_nano": "now_unpriced",
}
"""A sum -> what counts, beside it, those that are not in it."""
_COMPARED = ("baseline_nano", "paid_nano", "saved_nano")
"""The saving's. It may be 0 by itself, so they are unknown together."""


def told(value: Any) -> Any:
    """Builtins of a report, a status or totals, with None for every sum of which nothing is known.

    What is free, or failed before a token was billed, costs a known 0; beside attempts without a
    price such a 0 would be taken for all that they cost together, so it is None too.

    >>> told({"actual_nano": 0, "unpriced": 3}), told([{"actual_nano": 0, "unpriced": 0}])
    ({'actual_nano': None, 'unpriced': 3}, [{'actual_nano': 0, 'unpriced': 0}])
    """
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if isinstance(value, dict):
        return {
            name: None if _is_unknown(name, item, value) else told(item)
            for name, item in value.items()
        }
    return value


def _is_unknown(name: str, item: object, beside: Mapping[str, Any]) -> bool:
    if name == "cost_nano" and beside.get("priced") is False:
        return True
    if name in _COMPARED and beside.get("left_out"):
        return not (beside["baseline_nano"] or beside["paid_nano"])
    return (
        name in _UNPRICED
        and isinstance(item, int)
        and not is_known(item, beside.get(_UNPRICED[name], 0))
    )
