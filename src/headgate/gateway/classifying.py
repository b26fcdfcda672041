"""Has a request that was left open decided: by the classifier model, or by its text's embedding."""

from __future__ import annotations

from headgate.gateway.asking import Asking
from headgate.gateway.plant import Plant
from headgate.routing.classifier import question, verdict
from headgate.routing.features import excerpt
from headgate.routing.policy import Policy
from headgate.routing.signals import Verdict
from headgate.wire.lane import Inbound

__all__ = ["classified"]


async def classified(
    plant: Plant, inbound: Inbound, asking: Asking, policy: Policy, seconds: float
) -> Verdict:
    """What comes of asking within so many seconds; a verdict without a choice where nothing does.

    Args:
        policy: the one that the request is under; it has a sorter.
    """
    sorter, ask = policy.sorter, inbound.ask
    assert sorter is not None  # noqa: S101 - no request is left open without one
    if policy.learned is not None:
        decision = await asking.embed(
            sorter.tier,
            excerpt(ask.last_user),
            seconds,
            lambda vector: policy.scored(ask, plant.helm.controls, vector),
        )
        return Verdict(None, decision)
    tiers = plant.policies.tiers
    choice = await asking.ask(
        "classifier",
        sorter.tier,
        question(ask, tiers, sorter.max_chars),
        seconds,
        lambda answer: verdict(answer, len(tiers)),
        max_tokens=sorter.max_answer_tokens,
    )
    return Verdict(choice)
