"""A small router to test with."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.routing.artifact import Artifact, Certificate, Operating, Tenth, Training
from headgate.routing.features import words
from headgate.routing.ngrams import buckets
from headgate.routing.router import Calibration, CostModel, Head, Router
from headgate.routing.table import Table

TRAINING = Training(
    rows=100,
    sample="0123456789abcdef",
    seed=0,
    trained_on="2026-11-20",
    cheap_quality=0.5,
    premium_quality=0.75,
    apgr=0.625,
    ece=0.01,
)
CERTIFICATE = Certificate(
    goal="quality",
    target=0.98,
    risk=0.05,
    method="Learn-then-Test",
    threshold=0.25,
    p_value=0.001,
    rows=50,
    sample="fedcba9876543210",
    issued_on="2026-11-21",
    escalation=0.25,
    quality=0.75,
    premium_quality=0.75,
    cheap_quality=0.5,
    assumptions=("Nothing changes.",),
)


def words_of(weights: Mapping[str, float]) -> Table:
    """A table of words."""
    return Table.of({buckets(words(word)).words[0]: weight for word, weight in weights.items()})


def pairs_of(weights: Mapping[str, float]) -> Table:
    """A table of pairs of words."""
    return Table.of({buckets(words(pair)).pairs[0]: weight for pair, weight in weights.items()})


def small_router(head: Head | None = None) -> Router:
    return Router(
        bias=0.1,
        words=words_of({"prove": 0.5, "hello": -0.25}),
        pairs=pairs_of({"prove that": 0.125, "größe x": -0.5}),
        traits={"category=maths": 0.25, "category=chat": -0.25},
        calibration=Calibration((-2.0, 0.0, 2.0), (0.0, 0.2, 1.0)),
        cheap_cost=CostModel(1000.0, 2.5),
        premium_cost=None,
        head=head,
    )


def small_artifact(
    certificate: Certificate | None = CERTIFICATE, head: Head | None = None
) -> Artifact:
    return Artifact(router=small_router(head), training=TRAINING, certificate=certificate)


def pointed(*, priced: bool = True, **changes: object) -> Certificate:
    """The certificate with operating points and a calibration."""
    rows = (
        (0.0, 1.0, 0.75, 900_000, 0.6, 0.0),
        (0.1, 0.5, 0.75, 500_000, 0.3, 0.05),
        (0.25, 0.25, 0.74, 300_000, 0.2, 0.1),
        (0.5, 0.1, 0.65, 180_000, 0.1, 0.6),
        (1.01, 0.0, 0.5, 100_000, None, 1.0),
    )
    points = tuple(
        Operating(
            threshold=threshold,
            escalation=escalation,
            quality=quality,
            cost_nano=cost if priced else None,
            wasted=wasted,
            missed=missed,
        )
        for threshold, escalation, quality, cost, wasted, missed in rows
    )
    calibration = tuple(Tenth(rows=5, score=n / 20, came=n / 25) for n in range(10))
    made = {"points": points, "calibration": calibration} | changes
    return msgspec.structs.replace(CERTIFICATE, **made)
