"""A learned router at work: the score of a request, and the threshold it is held against."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact
from headgate.routing.features import request_of
from headgate.routing.router import Router
from headgate.values import Ask, ModelRef

__all__ = ["Learned", "learned", "threshold_of"]

ALL_PREMIUM = 0.0
"""No score lies below it: what holds where no threshold passed the certificate."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A router, the score from which a request goes to premium, and the router's version."""

    router: Router
    threshold: float
    version: str
    embedding: ModelRef | None = None
    """Who has to be asked for the embedding of each request; None: nobody."""

    def score(self, ask: Ask, vector: Sequence[float] = ()) -> float:
        """P(premium right and cheap wrong) for a request, 0 to 1.

        Raises:
            ValueError: the router needs an embedding, and `vector` does not fit it.
        """
        return self.router.score(request_of(ask), vector)


def learned(
    artifact: Artifact, version: str, *, threshold: float | None, name: str = "The router"
) -> Learned:
    """A router ready to decide, by the threshold given, else by its certificate's.

    Raises:
        ConfigError: there is neither a threshold nor a certificate, it judges drafts, or it needs
            embeddings that no endpoint makes.
    """
    if artifact.training.kind == "verifier":
        raise ConfigError(
            f"{name} judges cheap answers: it cannot choose before there is one.",
            fix="Train a router with `headgate train`, without --verifier.",
        )
    cut = threshold_of(artifact, threshold, name)
    asked = _asked(artifact.router, name)
    return Learned(router=artifact.router, threshold=cut, version=version, embedding=asked)


def _asked(router: Router, name: str) -> ModelRef | None:
    head = router.head
    if head is None:
        return None
    if head.source == "local":
        raise ConfigError(
            f"{name} needs embeddings of {head.model}, and the gateway does not run such code.",
            fix="Train with --embeddings provider/model, or without embeddings.",
        )
    try:
        return ModelRef.parse(head.model)
    except ValueError as error:
        raise ConfigError(
            f"{name} cannot be used: {error}.", fix="Train it again with `headgate train`."
        ) from error


def threshold_of(artifact: Artifact, given: float | None, name: str) -> float:
    """The score from which on premium answers: the one given, else the certificate's.

    A certificate that no threshold has passed sends every request to premium.

    Raises:
        ConfigError: there is neither a threshold nor a certificate.
    """
    certificate = artifact.certificate
    if given is not None:
        return given
    if certificate is None:
        raise ConfigError(
            f"{name} has no certificate, so nothing says from which score on a request goes "
            "to premium.",
            fix="Certify it with `headgate certify`, or set threshold in the settings.",
        )
    return ALL_PREMIUM if certificate.threshold is None else certificate.threshold
