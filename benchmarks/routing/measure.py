"""Out-of-fold routes of the router and its rivals, and certificates over many random splits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

import numpy as np
from mapie.risk_control.fwer_control import FWERFixedSequenceTesting, control_fwer
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.stats import rankdata
from sklearn.model_selection import KFold

from headgate.analysis.certify import Calibrating, Goal, choose, thresholds
from headgate.analysis.curve import Measure, apgr, bootstrap
from headgate.analysis.evaluate import baselines
from headgate.analysis.rows import GradedRow
from headgate.analysis.train import calibrated, gains, train, upgrades
from headgate.routing.router import Router

__all__ = ["Splits", "mapies", "quality", "routes", "splits"]

FOLDS = 5
RIVALS = ("category lookup", "TF-IDF + LR")


class Splits(NamedTuple):
    """What became of certificates over random halves, one figure a split."""

    broken: np.ndarray
    """The other half fell below the floor."""
    refused: np.ndarray
    escalation: np.ndarray
    """Premium share on the other half."""
    theirs_broken: np.ndarray
    """The same of MAPIE's threshold on the same half."""
    theirs: np.ndarray
    """Premium share that MAPIE's threshold sends on the other half."""


def routes(rows: Sequence[GradedRow], seed: int = 0) -> dict[str, np.ndarray]:
    """Each policy's number per row, out of fold; a verifier's too where rows have drafts.

    The recorded sets have the length of the cheap answer and no text, so that is all it sees.
    """
    drafts = any(row.draft for row in rows)
    names = ("router", "verifier", *RIVALS) if drafts else ("router", *RIVALS)
    found = {name: np.empty(len(rows)) for name in names}
    for fit, test in KFold(FOLDS, shuffle=True, random_state=seed).split(np.arange(len(rows))):
        seen, unseen = [rows[i] for i in fit.tolist()], [rows[i] for i in test.tolist()]
        router = train(seen, seed=seed, on=date(2026, 1, 1)).router
        found["router"][test] = gains(router, unseen)
        if drafts:
            judge = train(seen, verifier=True, seed=seed, on=date(2026, 1, 1)).router
            found["verifier"][test] = gains(judge, unseen)
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
    router = Router(bias=0, traits={}, calibration=line)
    score = np.array([line(gain) for gain in route.tolist()])
    whole = Calibrating(
        score, np.array([row.cheap for row in rows]), np.array([row.premium for row in rows])
    )
    grid = thresholds(router)
    found = []
    for number in range(count):
        order = np.random.default_rng((seed, number)).permutation(len(rows))
        half, other = (_part(whole, at) for at in np.array_split(order, 2))
        ours, _ = choose(half, grid, goal)
        theirs = mapies(half, grid, goal)
        found.append((*_outcome(other, ours, goal), ours is None, *_outcome(other, theirs, goal)))
    broken, share, refused, their_broken, their_share = map(np.array, zip(*found, strict=True))
    return Splits(broken, refused, share, their_broken, their_share)


def mapies(table: Calibrating, grid: Sequence[float], goal: Goal) -> float | None:
    """The threshold that MAPIE's fixed-sequence control allows at the same floor and risk.

    The loss is the same, floor · premium − served, moved into 0..1; the bound that of Hoeffding
    and Bentkus.
    """
    order = np.argsort(table.score)
    ordered = table.score[order]
    cheap, premium = table.cheap[order], table.premium[order]
    # what is below the threshold is served by cheap: running sums give every threshold at once
    below = np.searchsorted(ordered, grid)
    extra = np.append(0.0, np.cumsum(cheap - premium))[below]
    served = (premium.sum() + extra) / len(order)
    losses = (goal.target * premium.mean() - served + 1) / (1 + goal.target)
    p_values = compute_hoeffding_bentkus_p_value(losses, len(order), 1 / (1 + goal.target)).ravel()
    passed = control_fwer(p_values, goal.risk, fwer_method=FWERFixedSequenceTesting(n_starts=1))
    return grid[int(np.max(passed))] if len(passed) else None


def _part(table: Calibrating, at: np.ndarray) -> Calibrating:
    return Calibrating(table.score[at], table.cheap[at], table.premium[at])


def _outcome(table: Calibrating, threshold: float | None, goal: Goal) -> tuple[bool, float]:
    taken = table.score >= (threshold or 0.0)
    served = np.where(taken, table.premium, table.cheap).mean()
    return bool(served < goal.target * table.premium.mean()), float(taken.mean())
