"""What a key may ask for: which policies, tiers and models, and whether it may choose itself."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.errors import RequestError
from headgate.gateway.gate import Visitor
from headgate.gateway.key_refusals import no_choice, not_open, nothing_open
from headgate.routing.guard import NOTHING
from headgate.routing.policies import NOWHERE, Origin, Policies
from headgate.routing.policy import AUTO
from headgate.routing.tier import PINNED
from headgate.values import Ask, ModelRef

__all__ = ["barred", "names_for", "permit_choice", "permit_model"]


def barred(
    visitor: Visitor, policies: Policies, ask: Ask, origin: Origin = NOWHERE
) -> Mapping[str, str]:
    """The tiers that may not answer this request of this visitor: name -> `key`.

    Raises:
        RequestError: 403, it may not ask for this at all.
        UnknownModelError: nobody may, because it is not served; of a visitor to whom nothing is
            closed that is not asked here.
    """
    if not visitor.confined:
        return NOTHING
    policy = policies.policy(ask, origin)
    if policy is None:
        tier = policies.pinned(ask.model).tier
        permit_choice(visitor, tier.model, ask.model, tier.name)
        return NOTHING
    for _, limits in visitor.limits:
        if not (limits.allows_policy(ask.model) or limits.allows_policy(f"{AUTO}:{policy.name}")):
            raise not_open("policy_not_allowed", ask.model, limits.policies)
    known = visitor.closed
    if known is None or known[0] is not policies:
        known = visitor.closed = policies, _closed(visitor, policies)
    closed = known[1]
    if len(closed) == len(policies.tiers):
        raise nothing_open()
    return closed


def _closed(visitor: Visitor, policies: Policies) -> Mapping[str, str]:
    """The tiers that answer none of its requests."""
    return {
        tier.name: "key"
        for tier in policies.tiers
        for _, limits in visitor.limits
        if not (limits.allows_tier(tier.name) and limits.allows_model(str(tier.model)))
    }


def permit_choice(visitor: Visitor, model: ModelRef, asked: str, tier: str) -> None:
    """Check that a visitor may choose a model, or a tier, itself.

    Args:
        visitor: who chooses.
        model: what answers.
        asked: as it was spelled.
        tier: that the model is called under, `PINNED` where it is beside all tiers.

    Raises:
        RequestError: 403, it may choose none, or not this one.
    """
    for _, limits in visitor.limits:
        if not limits.pin:
            raise no_choice()
        if limits.tiers and (tier == PINNED or not limits.allows_tier(tier)):
            raise not_open("tier_not_allowed", asked, limits.tiers)
    permit_model(visitor, model)


def permit_model(visitor: Visitor, model: ModelRef) -> None:
    """Check that a model is open to a visitor.

    Raises:
        RequestError: 403, it is not.
    """
    for _, limits in visitor.limits:
        if not limits.allows_model(str(model)):
            raise not_open("model_not_allowed", str(model), limits.models)


def names_for(visitor: Visitor, policies: Policies) -> list[str]:
    """What the visitor may ask for, of all that can be asked for."""
    return [name for name in policies.names if _may_ask(visitor, policies, name)]


def _may_ask(visitor: Visitor, policies: Policies, name: str) -> bool:
    try:
        barred(visitor, policies, Ask(model=name))
    except RequestError:
        return False
    return True
