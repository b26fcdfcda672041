"""What all requests of a gateway share, made once from a configuration."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import msgspec

from headgate.gateway.deadline import Deadlines
from headgate.gateway.provider import Provider
from headgate.gateway.record import Pricer, Recorder
from headgate.gateway.upstream import Upstream
from headgate.routing.breaker import Brakes, Retries
from headgate.routing.controls import Helm
from headgate.routing.exchange import Limits, Terms
from headgate.routing.policies import Policies
from headgate.routing.policy import Policy
from headgate.routing.session import Sessions
from headgate.routing.tier import Tier
from headgate.values import Clock, ModelRef
from headgate.wire.lane import Easing

__all__ = ["Plant"]

MOST_HEEDED = 64
"""Refusals that are remembered of one model: callers may think of any number of beta flags."""


class Plant(msgspec.Struct, frozen=True, kw_only=True):
    """All that the requests of a gateway share."""

    policies: Policies
    helm: Helm
    """Read for every decision; the watch may take it."""
    providers: dict[str, Provider]
    limits: Limits
    brakes: Brakes
    retries: Retries
    """Of what is passed through."""
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
    ours: Mapping[str, ModelRef] = {}
    """What answers what is passed through and names no provider, by the provider's path."""
    eased: dict[ModelRef, tuple[Easing, ...]] = {}
    """What models have refused of routed requests: left out of the next ones."""
    origins: tuple[str, ...] = ()
    """Web pages that may read answers, by the origin that their browser names; `*` is any."""
    terms: Mapping[Policy | None, Terms] = {}
    """Those of a policy's exchanges; None: of a caller's own choice. Made of the others."""

    def __post_init__(self) -> None:
        """Make the terms, once for all requests."""
        made = {policy: self._terms(policy) for policy in (None, *self.policies.all)}
        msgspec.structs.force_setattr(self, "terms", made)

    def _terms(self, policy: Policy | None) -> Terms:
        sorter = None if policy is None else policy.sorter
        cascade = None if policy is None else policy.cascade
        return Terms(
            tiers=self.policies.tiers,
            safe=self.premium if policy is None else policy.safe,
            limits=self.limits,
            gate=self.brakes,
            jitter=self.jitter,
            classifier_timeout=0.0 if sorter is None else sorter.timeout,
            judge_timeout=0.0 if cascade is None else cascade.timeout,
            policy="" if policy is None else policy.name,
        )

    def heed(self, model: ModelRef, refused: Sequence[Easing]) -> None:
        """Remember what a model has refused, as far as it would refuse it of anybody.

        Only once it has taken the request without: a refusal may repeat its caller's words.
        """
        known = (*self.eased.get(model, ()), *(one for one in refused if one.lasting))
        distinct = tuple(dict.fromkeys(known))  # others may have found out meanwhile
        self.eased[model] = distinct[:MOST_HEEDED]

    @property
    def premium(self) -> Tier:
        """The tier that the all-premium baseline is priced on."""
        return self.policies.premium
