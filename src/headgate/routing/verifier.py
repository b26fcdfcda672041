"""A learned verifier at work: whether a cheap answer is thrown away for a premium one."""

from __future__ import annotations

import msgspec

from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact
from headgate.routing.draft import Draft
from headgate.routing.features import request_of
from headgate.routing.learned import threshold_of
from headgate.routing.router import Router
from headgate.values import Ask

__all__ = ["Verifier", "verifier"]


class Verifier(msgspec.Struct, frozen=True, kw_only=True):
    """A router that was trained with drafts, and the score from which a draft is rejected."""

    router: Router
    threshold: float
    version: str

    def score(self, ask: Ask, draft: Draft) -> float:
        """P(premium right and this draft wrong), 0 to 1."""
        return self.router.score(request_of(ask, draft))

    def rejects(self, ask: Ask, draft: Draft) -> bool:
        """Whether premium should answer after all."""
        return self.score(ask, draft) >= self.threshold


def verifier(
    artifact: Artifact, version: str, *, threshold: float | None, name: str = "The verifier"
) -> Verifier:
    """A verifier ready to judge, by the threshold given, else by its certificate's.

    Raises:
        ConfigError: it was trained without drafts, or has neither threshold nor certificate.
    """
    if artifact.training.kind != "verifier":
        raise ConfigError(
            f"{name} has never seen a cheap answer: it is a router.",
            fix="Train one with `headgate train --verifier` on rows that describe the draft.",
        )
    cut = threshold_of(artifact, threshold, name)
    return Verifier(router=artifact.router, threshold=cut, version=version)
