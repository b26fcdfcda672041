"""A learned router at work: the score of a request, and the threshold it is held against."""

from __future__ import annotations

import msgspec

from headgate.errors import ConfigError
from headgate.routing.artifact import Artifact
from headgate.routing.features import Request
from headgate.routing.router import Router
from headgate.values import Ask

__all__ = ["Learned", "learned", "threshold_of"]

ALL_PREMIUM = 0.0
"""No score lies below it: what holds where no threshold passed the certificate."""


class Learned(msgspec.Struct, frozen=True, kw_only=True):
    """A router, the score from which a request goes to premium, and the router's version."""

    router: Router
    threshold: float
    version: str

    def score(self, ask: Ask) -> float:
        """P(premium right and cheap wrong) for a request, 0 to 1."""
        return self.router.score(Request.of(ask))


def learned(
    artifact: Artifact, version: str, *, threshold: float | None, name: str = "The router"
) -> Learned:
    """A router ready to decide, by the threshold given, else by its certificate's.

    Raises:
        ConfigError: there is neither a threshold nor a certificate, or it judges drafts.
    """
    if artifact.training.kind == "verifier":
        raise ConfigError(
            f"{name} judges cheap answers: it cannot choose before there is one.",
            fix="Train a router with `headgate train`, without --verifier.",
        )
    cut = threshold_of(artifact, threshold, name)
    return Learned(router=artifact.router, threshold=cut, version=version)


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
