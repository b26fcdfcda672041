"""A request that is over: how it was decided, and who answered it."""

from __future__ import annotations

from typing import NamedTuple

from headgate.routing.policies import Origin
from headgate.routing.policy import Decision
from headgate.routing.tier import Tier
from headgate.wire.lane import Inbound

__all__ = ["Served"]


class Served(NamedTuple):
    """What the watch may know of it afterwards; `tier` was the last one called."""

    inbound: Inbound
    request_id: str
    origin: Origin
    policy: str
    decision: Decision
    tier: Tier
