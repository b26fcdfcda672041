"""Counts the tokens of a Messages request: by the provider that would answer, else by estimate."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import msgspec

from headgate.errors import UpstreamError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import JSON
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.permission import barred
from headgate.gateway.plant import Plant
from headgate.routing.guard import fitting
from headgate.routing.policies import Origin
from headgate.routing.policy import Policy
from headgate.routing.tier import Tier
from headgate.wire.lane import DIALECTS, Inbound, lane, read_count

__all__ = ["HEADER", "count"]

log = logging.getLogger("headgate.gateway")

DIALECT = "anthropic"
ROUTE = "/v1/messages"
"""What is counted is a request that would come in by this path."""
HEADER = "x-headgate-token-count"
"""Says where a count comes from: `provider` or `estimate`."""


async def count(plant: Plant, caller: Caller, body: bytes, visitor: Visitor = NOBODY) -> None:
    """Answer a request for a count.

    The tier is the one that would answer, as far as that is known without asking the classifier's
    model; else the one that answers when the classifier fails. A provider that does not speak this
    dialect, cannot be reached or fails leaves it at the estimate of `Ask.tokens`, which is good to
    some 25 %. A provider's refusal of the request (4xx) is the answer.

    Raises:
        RequestError: it is not a request, or asks for a model that is not served, or not to the
            visitor.
    """
    inbound = read_count(DIALECT, body, caller.headers)
    origin = Origin(ROUTE, visitor.key_id, visitor.team_name)
    closed = barred(visitor, plant.policies, inbound.ask, origin)
    policy = plant.policies.policy(inbound.ask, origin)
    tier = _tier(plant, inbound, policy, closed)
    told = await _told(plant, inbound, tier, routed=policy is not None)
    if told is not None:
        status, answer = told
        caller.respond(status, [JSON, (HEADER, "provider")], answer)
        return
    estimate = msgspec.json.encode({"input_tokens": inbound.ask.tokens})
    caller.respond(200, [JSON, (HEADER, "estimate")], estimate)


def _tier(plant: Plant, inbound: Inbound, policy: Policy | None, closed: Mapping[str, str]) -> Tier:
    ask, policies = inbound.ask, plant.policies
    if policy is None:
        return policies.pinned(ask.model).tier
    decision = policy.decide(ask, plant.helm.controls)
    if decision is None:
        return policy.safe
    fit = fitting(decision, policies.tiers, {**policies.guard.bars(ask), **closed})
    return decision.tier if fit is None else fit.tier


async def _told(
    plant: Plant, inbound: Inbound, tier: Tier, *, routed: bool
) -> tuple[int, bytes] | None:
    """The provider's status and body; None where it has no count to give."""
    provider = plant.providers[tier.model.provider]
    path = DIALECTS[provider.dialect].count_path
    if provider.dialect != DIALECT or path is None:
        return None
    way = lane(inbound, DIALECT, at=plant.clock.time())
    if routed:
        way.ease(plant.eased.get(tier.model, ()))
    try:
        with plant.deadlines.within(tier.timeout):
            while True:
                endpoint = provider.endpoint(path, way.passed())
                reply = await plant.upstream.send(endpoint, way.request(tier.model.model))
                answer = await reply.read()
                if not way.mended(reply.status, answer) and not (
                    routed and way.refused(reply.status, answer)
                ):
                    break
    except (TimeoutError, UpstreamError) as error:
        log.warning("no count of tokens from %s: %s", tier.model, error)
        return None
    if reply.status == 200:
        return 200, answer
    if reply.status in (400, 413, 422):
        return reply.status, way.error(reply.status, answer)
    log.warning("no count of tokens from %s: status %d", tier.model, reply.status)
    return None
