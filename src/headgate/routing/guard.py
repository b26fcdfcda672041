"""Which tiers cannot serve a request, and where it goes instead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from headgate.routing.policy import Decision
from headgate.routing.session import FURTHER
from headgate.routing.tier import Tier
from headgate.values import Ask

__all__ = ["NOTHING", "Guard", "fitting", "others"]

MARGIN = 0.25
"""How far `Ask.tokens` may be from the truth, as a share of it."""

NOTHING: Mapping[str, str] = {}


class Guard:
    """Knows what the tiers can serve.

    Args:
        tiers: from cheapest to premium, at least one.
    """

    def __init__(self, tiers: Sequence[Tier]) -> None:
        self._tiers = tuple(tiers)
        self._smallest = min(
            (tier.context for tier in tiers if tier.context is not None), default=None
        )
        self._images = all(tier.images for tier in tiers)
        self._tools = all(tier.tools for tier in tiers)
        self._json_schema = all(tier.json_schema for tier in tiers)

    def bars(self, ask: Ask) -> Mapping[str, str]:
        """The tiers that cannot serve a request, and what each lacks.

        That is `images`, `tools`, `json_schema` or `context`.

        The length of a request is an estimate. A tier is barred when the request might be too long
        for it, by the estimate and a quarter more. Where that leaves no tier, the one with the
        largest context stays as long as the request might still fit, by the estimate less a
        quarter: the provider has the last word.
        """
        output = ask.max_output or 0
        if (
            (self._smallest is None or ask.tokens * (1 + MARGIN) + output <= self._smallest)
            and (self._images or not ask.images)
            and (self._tools or not ask.tools)
            and (self._json_schema or not ask.json_schema)
        ):
            return NOTHING
        return self._barred(ask, output)

    def _barred(self, ask: Ask, output: int) -> Mapping[str, str]:
        barred = {tier.name: why for tier in self._tiers if (why := _lack(tier, ask)) is not None}
        if len(barred) == len(self._tiers):
            roomy = max(
                (tier for tier in self._tiers if barred[tier.name] == "context"),
                key=lambda tier: tier.context or 0,
                default=None,
            )
            least = ask.tokens * (1 - MARGIN) + output
            if roomy is not None and roomy.context is not None and least <= roomy.context:
                del barred[roomy.name]
        return barred


def _lack(tier: Tier, ask: Ask) -> str | None:
    """What a tier lacks for a request; None: nothing that is known."""
    if ask.images and not tier.images:
        return "images"
    if ask.tools and not tier.tools:
        return "tools"
    if ask.json_schema and not tier.json_schema:
        return "json_schema"
    longest = ask.tokens * (1 + MARGIN) + (ask.max_output or 0)
    return "context" if tier.context is not None and longest > tier.context else None


def others(tier: Tier, tiers: Sequence[Tier]) -> list[Tier]:
    """The tiers that may answer in the place of one: dearer first, so that quality falls last."""
    here = tiers.index(tier)
    return [*tiers[here + 1 :], *reversed(tiers[:here])]


def fitting(
    decision: Decision, tiers: Sequence[Tier], barred: Mapping[str, str]
) -> Decision | None:
    """A decision, or the same moved to the nearest tier that is not barred; None where all are.

    The reason of a decision that was moved is `guard:` and what the tier lacked; `key`, where it
    lacked nothing but is not open to the caller's virtual key; both after `session:` in a further
    turn of a conversation. A caller's own
    choice is left alone: the provider says what is wrong with it.
    """
    why = barred.get(decision.tier.name)
    if why is None or not decision.routed:
        return decision
    for tier in others(decision.tier, tiers):
        if tier.name not in barred:
            turn = FURTHER if decision.reason.startswith(FURTHER) else ""
            return msgspec.structs.replace(decision, tier=tier, reason=f"{turn}guard:{why}")
    return None
