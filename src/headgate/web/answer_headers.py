"""The headers that a caller got with its answer, read back from the rows of the request."""

from __future__ import annotations

from collections.abc import Sequence

from headgate.ledger.entry import Entry
from headgate.values import usd

__all__ = ["answer_headers"]


def answer_headers(entries: Sequence[Entry]) -> list[tuple[str, str]]:
    """What the gateway said of its decision; nothing where nobody answered.

    The rows hold what these headers said: they are written from the same attempts. Not in the rows
    are the fields that were left out, and what the provider calls the call. Comparisons of the
    quality watch came after the answer, and are in neither.
    """
    own = [entry for entry in entries if entry.purpose != "shadow"]
    served = next((entry for entry in own if entry.served), None)
    if served is None:
        return []
    request = ("x-headgate-request-id", served.request_id)
    model = ("x-headgate-model", f"{served.provider}/{served.model_asked}")
    cost = [] if served.streamed else _cost(own)
    attempts = ("x-headgate-attempts", str(len(own)))
    if served.purpose in ("embedding", "passed"):
        return [request, model, attempts, *cost]
    found = [
        request,
        ("x-headgate-tier", served.tier),
        model,
        ("x-headgate-reason", _reason(own, served)),
        attempts,
        ("x-headgate-escalated", "true" if served.premium else "false"),
    ]
    if served.score is not None:
        found.append(("x-headgate-score", f"{served.score:.4g}"))
    return found + cost


def _reason(own: Sequence[Entry], served: Entry) -> str:
    """Why that tier, and what came of the one that was decided for."""
    first = next(entry for entry in own if entry.purpose == "answer")
    if first.tier == served.tier:
        return served.reason
    rejected = any(entry.error == "rejected" for entry in own)
    return f"{served.reason}, {'rejected' if rejected else 'fallback'}"


def _cost(own: Sequence[Entry]) -> list[tuple[str, str]]:
    costs = [entry.cost_nano for entry in own]
    known = [nano for nano in costs if nano is not None]
    return [("x-headgate-cost-usd", usd(sum(known)))] if len(known) == len(costs) else []
