"""What the dashboard says of certificates: whether traffic is still like their samples."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from headgate.monitor.drift import Drift, Facet, Shift
from headgate.monitor.figures import percent
from headgate.web.period import moment_text

__all__ = ["CertificateSeen", "certificates", "stale_sentence"]

MOST_SHIFTS = 3
FACETS: dict[Facet, str] = {
    "scores": "scores of",
    "tokens": "prompt tokens of",
    "categories": "the kind of task",
}


class CertificateSeen(NamedTuple):
    """One certificate on the page."""

    title: str
    stale: bool
    facts: Sequence[str]
    """The first says how it stands, the next which statistic says so."""


def certificates(drift: Sequence[Drift]) -> list[CertificateSeen]:
    """Each certificate; the router is named where there are several."""
    return [
        CertificateSeen(
            title="The certificate" if len(drift) == 1 else f"The certificate of {one.router}",
            stale=one.stale_us is not None,
            facts=tuple(_facts(one)),
        )
        for one in drift
    ]


def stale_sentence(drift: Sequence[Drift]) -> str:
    """What the page's message begins with; empty while every certificate holds."""
    stale = [one.router for one in drift if one.stale_us is not None]
    if not stale:
        return ""
    if len(stale) == 1:
        return f"The certificate of router {stale[0]} is stale: traffic has changed. "
    return f"The certificates of routers {', '.join(stale)} are stale: traffic has changed. "


def _facts(drift: Drift) -> Iterator[str]:
    evidence = f"Evidence for a drift: {percent(min(drift.evidence, 1.0))} of what makes it stale"
    if drift.stale_us is None:
        yield f"Not stale. {evidence}."
    else:
        since = moment_text(drift.stale_us)[:16]
        yield (
            f"Stale since {since} UTC: the evidence of the hourly shares reached its limit. Grade "
            "a new sample and run headgate certify."
        )
    yield from (_moved(shift) for shift in drift.shifts[:MOST_SHIFTS])
    unwatched = f"; not watched: {', '.join(drift.unwatched)}" if drift.unwatched else ""
    yield (
        f"{drift.requests:,} requests of router {drift.router} over {drift.hours:,} hours, against "
        f"a sample of {drift.rows:,} rows{unwatched}."
    )


def _moved(shift: Shift) -> str:
    part = shift.part if len(shift.part) <= 24 else f"{shift.part[:23]}…"
    return (
        f"Beyond its bounds, {FACETS[shift.facet]} {part}: {percent(shift.share_now)} of the last "
        f"requests, {percent(shift.share_then)} in the sample "
        f"(allowed: {percent(shift.low)} to {percent(shift.high)})."
    )
