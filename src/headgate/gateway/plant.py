"""What all requests of a gateway share, made once from a configuration."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from headgate.gateway.deadline import Deadlines
from headgate.gateway.provider import Provider
from headgate.gateway.record import Pricer, Recorder
from headgate.gateway.upstream import Upstream
from headgate.routing.breaker import Brakes
from headgate.routing.controls import Helm
from headgate.routing.exchange import Limits
from headgate.routing.policies import Policies
from headgate.routing.session import Sessions
from headgate.routing.tier import Tier
from headgate.values import Clock, ModelRef

__all__ = ["Plant"]


class Plant(msgspec.Struct, frozen=True, kw_only=True):
    """All that the requests of a gateway share."""

    policies: Policies
    helm: Helm
    """Read for every decision; the watch may take it."""
    providers: dict[str, Provider]
    limits: Limits
    brakes: Brakes
    idle_timeout: float
    upstream: Upstream
    recorder: Recorder
    pricer: Pricer
    clock: Clock
    deadlines: Deadlines
    jitter: Callable[[], float]
    config: str
    sessions: Sessions | None = None
    """The conversations under way; None: every request is decided alone."""
    embedding_model: ModelRef | None = None
    """Answers requests for embeddings that do not name a provider."""

    @property
    def premium(self) -> Tier:
        """The tier that the all-premium baseline is priced on."""
        return self.policies.premium
