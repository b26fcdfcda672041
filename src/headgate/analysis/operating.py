"""Operating points: what thresholds do on calibration rows, and how well the scores fit them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from headgate.routing.artifact import Operating, Tenth

__all__ = ["operating_points", "tenths"]

MOST = 50
"""Points that a certificate carries: enough for a smooth curve, small beside the router."""

BINS = 10


def operating_points(
    score: np.ndarray,
    cheap: np.ndarray,
    premium: np.ndarray,
    costs: tuple[np.ndarray, np.ndarray] | None,
    grid: Sequence[float],
    chosen: float | None,
) -> tuple[Operating, ...]:
    """What at most `MOST` thresholds of a rising grid do, with its ends and the chosen one.

    Thresholds that send the same rows to premium are one point. The others are left out so that
    the points lie evenly over the share that escalates.

    Args:
        score: of each row.
        cheap: the score of its cheap answer, 0..1.
        premium: the same of premium's.
        costs: what its cheap and its premium answer cost, nano-USD; None where not all are known.
    """
    ordered = np.sort(score)
    sent = len(score) - np.searchsorted(ordered, np.asarray(grid), side="left")
    picked = _spread(sent, None if chosen is None else list(grid).index(chosen))
    better = premium > cheap

    def point(threshold: float) -> Operating:
        taken = score >= threshold
        cost = None if costs is None else round(float(np.where(taken, costs[1], costs[0]).mean()))
        return Operating(
            threshold=threshold,
            escalation=float(taken.mean()),
            quality=float(np.where(taken, premium, cheap).mean()),
            cost_nano=cost,
            wasted=float((~better)[taken].mean()) if taken.any() else None,
            missed=float((~taken)[better].mean()) if better.any() else None,
        )

    return tuple(point(grid[at]) for at in picked)


def _spread(sent: np.ndarray, chosen: int | None) -> list[int]:
    """Places of a grid whose counts are evenly apart, with both ends and the chosen one."""
    first = np.flatnonzero(np.append(True, np.diff(sent) != 0))
    if chosen is not None:
        # the chosen threshold stands for those that do the same
        first = np.append(first[sent[first] != sent[chosen]], chosen)
    ends = {int(first[np.argmin(sent[first])]), int(first[np.argmax(sent[first])])}
    kept = ends | (set() if chosen is None else {chosen})
    for target in np.linspace(int(sent[0]), int(sent[-1]), MOST - 1)[1:-1]:
        kept.add(int(first[np.argmin(np.abs(sent[first] - target))]))
    return sorted(kept)


def tenths(score: np.ndarray, cheap: np.ndarray, premium: np.ndarray) -> tuple[Tenth, ...]:
    """The rows in ten parts of equal size, from the lowest score on; fewer for fewer rows."""
    gained = np.maximum(premium - cheap, 0.0)
    parts = np.array_split(np.argsort(score, kind="stable"), min(BINS, len(score)))
    return tuple(
        Tenth(rows=len(part), score=float(score[part].mean()), came=float(gained[part].mean()))
        for part in parts
    )
