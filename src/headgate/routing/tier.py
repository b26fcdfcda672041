"""A tier: a model that answers, and what it takes to give up on it."""

from __future__ import annotations

import msgspec

from headgate.values import ModelRef

__all__ = ["PINNED", "Tier"]

PINNED = "pinned"
"""Name of the tier that a model outside all tiers is called under."""


class Tier(msgspec.Struct, frozen=True, kw_only=True):
    """One rung of the ladder; tiers are held from cheapest to premium.

    `attempts` counts the first call too. `timeout` is in seconds, for one attempt. `fallback` says
    whether another tier may answer once this one has failed.
    """

    name: str
    model: ModelRef
    description: str = ""
    attempts: int = 3
    timeout: float = 300.0
    fallback: bool = True
    premium: bool = False
    context: int | None = None
    """Tokens that the model's context holds, question and answer; None where it is not known."""
    images: bool = True
    tools: bool = True
    json_schema: bool = True
    """What the model can serve."""
