"""A request in a line, as its own page and the list of many have it; its attempts' colours."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote_plus

from headgate.ledger.columns import COLUMNS, row_of
from headgate.ledger.entry import Entry
from headgate.render.palette import CHECK, CLASSIFIER, QUIET, tier_colour
from headgate.web.numbers import money, seconds
from headgate.web.period import moment_text

__all__ = ["brief", "colour_of", "columns"]


def columns(entry: Entry) -> dict[str, object]:
    """An attempt as `headgate ledger export` writes it."""
    return dict(zip(COLUMNS, row_of(entry), strict=True))


def brief(entries: Sequence[Entry], tiers: Sequence[str]) -> dict[str, Any]:
    """A request in a line.

    Args:
        entries: all its attempts in order.
        tiers: of the settings, cheapest first.
    """
    first = entries[0]
    served = next((entry for entry in entries if entry.served), None)
    last = served or entries[-1]
    own = [entry for entry in entries if entry.purpose != "shadow"]
    priced = [entry.cost_nano for entry in own if entry.cost_nano is not None]
    return {
        "id": first.request_id,
        "link": f"/requests/{quote_plus(first.request_id)}",
        "at": moment_text(first.at_us),
        "route": first.route,
        "asked": first.asked,
        "tier": last.tier,
        "colour": colour_of(last, tiers),
        "model": f"{last.provider}/{last.model_asked}",
        "reason": last.reason,
        "attempts": len(entries),
        "served": served is not None,
        "escalated": served is not None and served.premium and served.routed,
        "cost": _cost(sum(priced), len(own) - len(priced)),
        "took": seconds(max(one.at_us + one.total_us for one in own) - first.at_us),
    }


def _cost(nano: int, unpriced: int) -> str:
    if not unpriced:
        return money(nano)
    return f"{money(nano)} and unpriced" if nano else "unknown"


def colour_of(entry: Entry, tiers: Sequence[str]) -> int:
    """An attempt's colour in the palette: its tier's, or that of what it was made for."""
    if entry.purpose == "classifier":
        return CLASSIFIER
    if entry.purpose in ("verifier", "judge"):
        return CHECK
    if entry.tier in tiers:
        return tier_colour(tiers.index(entry.tier), len(tiers))
    return QUIET
