"""One request as the ledger knows it: what decided, each step, its cost, what else there was."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from headgate.ledger.entry import Entry
from headgate.monitor.figures import is_known
from headgate.values import ModelRef, Usage, usd

__all__ = ["Alternative", "explained", "why"]

Priced = Callable[[ModelRef, Usage, int], int | None]
"""What tokens cost on a model at a time (microseconds since 1970), nano-USD; None: not known."""


class Alternative(NamedTuple):
    """A tier that might have answered."""

    tier: str
    model: ModelRef


def explained(
    entries: Sequence[Entry], alternatives: Sequence[Alternative] = (), priced: Priced | None = None
) -> dict[str, Any]:
    """A request's decision as JSON: plain values only, money as decimal text in US dollars.

    Args:
        entries: all rows of the request, in the order of their attempts; at least one.
        alternatives: the tiers of the gateway, cheapest first.
        priced: prices the served tokens on them.
    """
    first = entries[0]
    answers = [entry for entry in entries if entry.purpose in ("answer", "embedding", "passed")]
    served = next((entry for entry in answers if entry.served), None)
    decided = answers[0] if answers else first
    trace = _trace(served or decided)
    return {
        "request_id": first.request_id,
        "at": _stamp(first.at_us),
        "route": first.route,
        "dialect": first.dialect_in,
        "asked": first.asked,
        "key": first.key,
        "team": first.team,
        "session": first.session,
        "category": first.category,
        "tags": None if first.tags is None else msgspec.json.decode(first.tags),
        "config": first.config,
        "decision": {
            "routed": decided.routed,
            "policy": decided.policy or None,
            "tier": decided.tier,
            "reason": decided.reason,
            "why": why(decided.reason),
            "score": decided.score,
            "threshold": trace.get("threshold"),
            "router": decided.router,
        },
        "outcome": {
            "served": served is not None,
            "tier": served.tier if served else None,
            "model": f"{served.provider}/{served.model_asked}" if served else None,
            "escalated": served.premium if served else None,
            "aborted": any(entry.aborted for entry in entries),
            "error": None if served else entries[-1].error,
        },
        "cost": _cost(entries, served),
        "alternatives": _alternatives(served or decided, trace, alternatives, priced),
        "steps": [_step(entry) for entry in entries],
    }


def why(reason: str) -> str:
    """A reason of the ledger as a sentence's end: `the rule hard held`."""
    head, colon, rest = reason.partition(":")
    if head == "rule" and colon:
        return f"the rule {rest} held"
    if head == "guard" and colon:
        if rest == "key":
            return "the tier decided for is not open to this API key"
        return f"the tier decided for lacks {rest} for this request"
    if head == "session" and reason not in _WHY:
        return f"in a further turn of its conversation {why(rest)}"
    return _WHY.get(reason, reason)


_WHY = {
    "classifier": "the classifier model chose it",
    "classifier-failed": "the classifier gave no verdict, so the safe tier answers",
    "default": "nothing else decided, so the default does",
    "pinned": "the caller asked for it by name",
    "router": "the learned router's score was held against its threshold",
    "held": "the watch has moved the router's threshold",
    "pinned-by-watch": "the watch sends everything to the premium tier",
    "session:sticky": "its conversation is there",
    "session:latched": "its conversation was escalated, and stays",
    "session:switch": "its conversation has moved there",
    "cascade": "a draft of the cheaper tier is judged first",
}


def _cost(entries: Sequence[Entry], served: Entry | None) -> dict[str, Any]:
    counted = [entry for entry in entries if entry.purpose != "shadow"]
    unpriced = sum(entry.cost_nano is None for entry in counted)
    paid = sum(entry.cost_nano or 0 for entry in counted)
    premium = None if served is None else served.premium_nano
    return {
        "paid_usd": usd(paid) if is_known(paid, unpriced) else None,
        "unpriced_attempts": unpriced,
        "all_premium_usd": None if premium is None else usd(premium),
        "saved_usd": None if premium is None or unpriced else usd(premium - paid),
    }


def _alternatives(
    entry: Entry,
    trace: Mapping[str, Any],
    alternatives: Sequence[Alternative],
    priced: Priced | None,
) -> list[dict[str, Any]]:
    """What the same tokens cost on each tier now known, and why a tier was ruled out."""
    ruled_out = trace.get("ruled_out") or {}
    found = []
    for tier, model in alternatives:
        cost = None if priced is None else priced(model, entry.usage, entry.at_us)
        found.append(
            {
                "tier": tier,
                "model": str(model),
                "cost_usd": None if cost is None else usd(cost),
                "answered": entry.served and entry.tier == tier,
                "ruled_out": ruled_out.get(tier),
            }
        )
    return found


def _step(entry: Entry) -> dict[str, Any]:
    return {
        "attempt": entry.attempt,
        "at": _stamp(entry.at_us),
        "purpose": entry.purpose,
        "cause": entry.cause,
        "tier": entry.tier,
        "model": f"{entry.provider}/{entry.model_asked}",
        "model_answered": entry.model_answered,
        "dialect": entry.dialect_out,
        "status": entry.status,
        "error": entry.error,
        "served": entry.served,
        "aborted": entry.aborted,
        "score": entry.score,
        "usage": msgspec.to_builtins(entry.usage),
        "usage_source": entry.usage_source,
        "card": entry.card,
        "cost_usd": None if entry.cost_nano is None else usd(entry.cost_nano),
        "waited_ms": _ms(entry.queue_us),
        "first_token_ms": _ms(entry.first_token_us),
        "total_ms": _ms(entry.total_us),
        "trace": _trace(entry) or None,
    }


def _trace(entry: Entry) -> dict[str, Any]:
    if entry.trace is None:
        return {}
    found = msgspec.json.decode(entry.trace)
    return found if isinstance(found, dict) else {}


def _ms(micros: int | None) -> float | None:
    return None if micros is None else micros / 1000


def _stamp(at_us: int) -> str:
    at = datetime.fromtimestamp(at_us / 1e6, tz=UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
