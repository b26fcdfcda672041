"""Answers what became of a request, from the ledger: on the admin port and at the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from headgate.errors import RequestError
from headgate.gateway.caller import Caller, Handler
from headgate.gateway.paths import not_allowed
from headgate.gateway.plant import Plant
from headgate.gateway.record import Pricer
from headgate.ledger.store import Store
from headgate.ledger.writer import Ledger
from headgate.monitor.decision import Alternative, explained
from headgate.prices.charge import charge
from headgate.routing.tier import Tier
from headgate.values import ModelRef, Usage

__all__ = ["PATH", "decision_of", "decisions"]

PATH = "/v1/decisions/"

LONGEST_ID = 100
FLUSH_SECONDS = 2.0
"""How long to wait for rows that are still in the journal."""


def decision_of(
    store: Store, request_id: str, tiers: list[Tier], pricer: Pricer | None
) -> dict[str, Any]:
    """A request's decision; see `monitor.decision.explained`.

    Raises:
        RequestError: 404, the ledger has no such request.
        StoreError: the ledger does not answer.
    """

    def priced(model: ModelRef, usage: Usage, at_us: int) -> int | None:
        card = None if pricer is None else pricer.card(model, at_us)
        return None if card is None else charge(card, usage)

    entries = store.request(request_id[:LONGEST_ID])
    if not entries:
        raise RequestError(
            f"The ledger has no request {request_id[:LONGEST_ID]!r}.",
            status=404,
            code="not_found",
            fix="Its id is in the answer's header x-headgate-request-id; a request that led to no "
            "call of a provider has no row.",
        )
    return explained(entries, [Alternative(tier.name, tier.model) for tier in tiers], priced)


def decisions(ledger: Ledger, plant: Callable[[], Plant]) -> Handler:
    """Who answers `GET /v1/decisions/REQUEST_ID`; rows in the journal are brought in first.

    Args:
        plant: the one in use: its tiers and prices say what the alternatives cost.
    """

    async def answer(caller: Caller) -> None:
        if caller.method != "GET":
            raise not_allowed(caller.method, ["GET"])
        now = plant()
        request_id = caller.path.removeprefix(PATH)
        await asyncio.to_thread(ledger.flush, FLUSH_SECONDS)
        found = await asyncio.to_thread(
            decision_of, ledger.store, request_id, list(now.policies.tiers), now.pricer
        )
        headers = [("content-type", "application/json"), ("cache-control", "no-store")]
        caller.respond(200, headers, msgspec.json.encode(found))

    return answer
