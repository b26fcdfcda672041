"""Reads the routers that a configuration decides by: thresholds and certificates for the watch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from headgate.errors import ConfigError
from headgate.monitor.actions import Certified
from headgate.routing.artifact import Certificate, fingerprint, load
from headgate.routing.learned import learned
from headgate.routing.reference import Reference
from headgate.settings.schema import ClassifierSettings, Settings

__all__ = ["AtWork", "floor_of", "routers_of"]


class AtWork(NamedTuple):
    """A learned router that decides."""

    certified: Certified
    reference: Reference | None
    """What its certificate's rows looked like; None where nothing is known of them."""
    promised: float | None = None
    """Share of the premium quality that its certificate promises."""


def floor_of(settings: Settings, routers: Sequence[AtWork]) -> float | None:
    """The share of the premium quality to keep: the file's, else what all certificates promise."""
    if settings.quality.floor is not None:
        return settings.quality.floor
    promised = [router.promised for router in routers if router.promised is not None]
    return min(promised, default=None)


def routers_of(settings: Settings) -> list[AtWork]:
    """The learned routers of all policies, each once; one that cannot be read is left out.

    Serving refuses such a router, so only commands that look at a ledger ever leave one out.
    """
    found: dict[str, AtWork] = {}
    for decides in _deciding(settings):
        router = _read(decides)
        if router is not None:
            found.setdefault(f"{router.certified.version}/{router.certified.own}", router)
    return list(found.values())


def _deciding(settings: Settings) -> Iterator[ClassifierSettings]:
    yield settings.classifier
    yield from settings.policies


def _read(decides: ClassifierSettings) -> AtWork | None:
    if decides.kind != "learned" or decides.router is None:
        return None
    try:
        data = Path(decides.router).read_bytes()
        artifact = load(data, decides.router)
        router = learned(artifact, fingerprint(data), threshold=decides.threshold)
    except (OSError, ConfigError):
        return None
    certificate = artifact.certificate
    return AtWork(
        Certified(router.version, router.threshold, _floor(certificate)),
        None if certificate is None else certificate.reference,
        _promised(certificate),
    )


def _promised(certificate: Certificate | None) -> float | None:
    quality = certificate is not None and certificate.goal == "quality"
    return certificate.target if certificate is not None and quality else None


def _floor(certificate: Certificate | None) -> float | None:
    """The highest threshold that a certificate of quality covers; others promise none."""
    if certificate is None or certificate.goal != "quality":
        return None
    return certificate.threshold
