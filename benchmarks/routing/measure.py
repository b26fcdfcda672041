"""Out-of-fold routes of the router and its rivals, and certificates over many random splits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from scipy.stats import rankdata
from sklearn.model_selection import KFold

from headgate.analysis.certify import Calibrating, Goal, choose, thresholds
from headgate.analysis.curve import Measure, apgr, bootstrap
from headgate.analysis.evaluate import baselines
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import calibrated, gains, train, upgrades
from headgate.routing.router import Router

__all__ = ["Splits", "quality", "routes", "splits"]

FOLDS = 5
RIVALS = ("category lookup", "TF-IDF + LR")


class Splits(NamedTuple):
    """What became of certificates over random halves."""

    tried: int
    broken: int
    """Splits whose other half fell below the floor."""
    refused: int
    escalation: float
    """Mean premium share on the other half."""


def routes(rows: Sequence[GradedRow], seed: int = 0) -> dict[str, np.ndarray]:
    """Each policy's number per row, out of fold."""
    found = {name: np.empty(len(rows)) for name in ("router", *RIVALS)}
    for fit, test in KFold(FOLDS, shuffle=True, random_state=seed).split(np.arange(len(rows))):
        seen, unseen = [rows[i] for i in fit.tolist()], [rows[i] for i in test.tolist()]
        router = train(seen, seed=seed, on=date(2026, 1, 1)).router
        found["router"][test] = gains(router, unseen)
        rivals = baselines(seen, unseen)
        for name in RIVALS:
            found[name][test] = rivals[name]
    return found


def quality(
    rows: Sequence[GradedRow], found: dict[str, np.ndarray], *, times: int = 200, seed: int = 0
) -> dict[str, Measure]:
    """APGR of each policy, its numbers ranked within their fold, with bootstrap intervals."""
    cheap = np.array([row.cheap for row in rows])
    premium = np.array([row.premium for row in rows])
    measures = {}
    for name, route in found.items():
        ranks = np.empty(len(route))
        for _, test in KFold(FOLDS, shuffle=True, random_state=seed).split(np.arange(len(rows))):
            ranks[test] = (rankdata(route[test]) - 0.5) / len(test)
        measures[name] = bootstrap(apgr, cheap, premium, ranks, times=times, seed=seed)
    return measures


def splits(
    rows: Sequence[GradedRow], route: np.ndarray, goal: Goal, *, count: int, seed: int = 0
) -> Splits:
    """Certify on a random half of the rows, and look at the quality of the other half."""
    line = calibrated(route, upgrades(rows))
    router = Router(bias=0, words={}, pairs={}, grams={}, traits={}, calibration=line)
    score = np.array([line(gain) for gain in route.tolist()])
    cheap = np.array([row.cheap for row in rows])
    premium = np.array([row.premium for row in rows])
    broken = refused = 0
    shares = []
    for number in range(count):
        order = np.random.default_rng((seed, number)).permutation(len(rows))
        half, other = order[: len(rows) // 2], order[len(rows) // 2 :]
        table = Calibrating(score[half], cheap[half], premium[half])
        threshold, _ = choose(table, thresholds(router), goal)
        refused += threshold is None
        taken = score[other] >= (threshold or 0.0)
        served = np.where(taken, premium[other], cheap[other])
        broken += bool(served.mean() < goal.target * premium[other].mean())
        shares.append(taken.mean())
    return Splits(count, broken, refused, float(np.mean(shares)))
