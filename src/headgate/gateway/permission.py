"""What a key may ask for: which policies, tiers and models, and whether it may choose itself."""

from __future__ import annotations

from collections.abc import Mapping

from headgate.errors import RequestError
from headgate.gateway.gate import Visitor
from headgate.routing.guard import NOTHING
from headgate.routing.policies import NOWHERE, Origin, Policies
from headgate.routing.policy import AUTO
from headgate.routing.tier import PINNED
from headgate.values import Ask, ModelRef

__all__ = ["barred", "names_for", "permit_model"]


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
        _permit_pin(visitor, policies, ask)
        return NOTHING
    for _, limits in visitor.limits:
        if not (limits.allows_policy(ask.model) or limits.allows_policy(f"{AUTO}:{policy.name}")):
            raise _forbidden("policy_not_allowed", ask.model, limits.policies)
    closed = {
        tier.name: "key"
        for tier in policies.tiers
        for _, limits in visitor.limits
        if not (limits.allows_tier(tier.name) and limits.allows_model(str(tier.model)))
    }
    if len(closed) == len(policies.tiers):
        raise RequestError(
            "No tier of this gateway is open to this API key.",
            status=403,
            code="tier_not_allowed",
            param="model",
            fix="Ask whoever runs this gateway to open a tier and its model to it.",
        )
    return closed


def _permit_pin(visitor: Visitor, policies: Policies, ask: Ask) -> None:
    tier = policies.pinned(ask.model).tier
    for _, limits in visitor.limits:
        if not limits.pin:
            raise RequestError(
                "This API key may not choose a tier or a model itself.",
                status=403,
                code="pin_not_allowed",
                param="model",
                fix="Ask for `auto`.",
            )
        if limits.tiers and (tier.name == PINNED or not limits.allows_tier(tier.name)):
            raise _forbidden("tier_not_allowed", ask.model, limits.tiers)
    permit_model(visitor, tier.model)


def permit_model(visitor: Visitor, model: ModelRef) -> None:
    """Check that a model is open to a visitor.

    Raises:
        RequestError: 403, it is not.
    """
    for _, limits in visitor.limits:
        if not limits.allows_model(str(model)):
            raise _forbidden("model_not_allowed", str(model), limits.models)


def names_for(visitor: Visitor, policies: Policies) -> list[str]:
    """What the visitor may ask for, of all that can be asked for."""
    return [name for name in policies.names if _may_ask(visitor, policies, name)]


def _may_ask(visitor: Visitor, policies: Policies, name: str) -> bool:
    try:
        barred(visitor, policies, Ask(model=name))
    except RequestError:
        return False
    return True


def _forbidden(code: str, name: str, allowed: tuple[str, ...]) -> RequestError:
    return RequestError(
        f"`{name[:100]}` is not open to this API key.",
        status=403,
        code=code,
        param="model",
        fix="It may use " + ", ".join(f"`{one}`" for one in allowed) + ".",
    )
