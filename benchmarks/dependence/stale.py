"""Years in which a certificate is called stale on the very traffic that it was made from."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from benchmarks.dependence.traffic import KINDS, Kind, traffic
from headgate.ledger.store import Outcome
from headgate.monitor.drift import HOUR_US, DriftWatch
from headgate.routing.reference import Reference

__all__ = ["is_stale", "main"]

ROWS, SAMPLED, YEAR = 1_000, 30, 365
FACTORS = (1.5, 2.0)


def is_stale(kind: Kind, draw: np.random.Generator, factor: float, *, firsts: bool) -> bool:
    """Whether it is, a year after its rows were drawn from thirty days; of first requests alone?"""
    requests = traffic(kind, SAMPLED + YEAR, draw)
    score = ndtr((requests.strain + draw.normal(size=len(requests))) / 2)
    early = np.flatnonzero(requests.day < SAMPLED)
    rows = score[draw.choice(early, ROWS, replace=False)]
    watch = DriftWatch("r", Reference.of(rows.tolist()), factor)
    later = requests.only((requests.day >= SAMPLED) & (requests.first | (not firsts)))
    scores = score[(requests.day >= SAMPLED) & (requests.first | (not firsts))]
    pairs = zip(later.hour.tolist(), scores.tolist(), strict=True)
    watch.fold(_scored(n, hour, one) for n, (hour, one) in enumerate(pairs, 1))
    return watch.assess((SAMPLED + YEAR + 2) * 24 * HOUR_US).stale_us is not None


def _scored(number: int, hour: int, score: float) -> Outcome:
    return Outcome(
        *(number, hour * HOUR_US, "/", "auto", "router", "a/m", "c", False),
        policy="auto",
        router="r",
        score=score,
    )


def main(times: int) -> None:
    """Simulate so many years a case."""
    print("Years with a stale certificate: all scored requests, and first ones alone")
    for kind in KINDS:
        for factor in FACTORS:
            found = [
                sum(
                    is_stale(kind, np.random.default_rng(n), factor, firsts=on)
                    for n in range(times)
                )
                for on in (False, True)
            ]
            print(f"{kind.name:<23}factor {factor}: {found[0]}, {found[1]} of {times}", flush=True)
