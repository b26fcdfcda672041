"""The blend: how much the text and the category say of each model's failures, weighed by fold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.optimize import nnls

__all__ = ["Edge", "blended", "edge", "lookup", "ranked", "tables"]

PRIOR = 5.0
"""Rows with the mean of all that each category begins with."""
TEXT, CATEGORY = 2 / 3, 1 / 3
"""The blend that the weights begin with; with embeddings it is a third each."""
TRUST = 300.0
"""Rows that the first blend counts for: few rows hardly move it, thousands do."""


def lookup(categories: Sequence[str]) -> tuple[dict[str, int], np.ndarray]:
    """A number for each category in order of appearance, and the number of each row."""
    index: dict[str, int] = {}
    return index, np.array([index.setdefault(name, len(index)) for name in categories], dtype=int)


def tables(numbers: np.ndarray, targets: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """Each category's mean of each centred target, drawn to 0 by `PRIOR` rows: a row a category.

    `targets` and `masks` are rows by columns, as for `ridges`: a column sees its own rows only.
    """
    size = int(numbers.max()) + 1
    found = np.empty((size, targets.shape[1]))
    for column in range(targets.shape[1]):
        seen = masks[:, column]
        sums = np.bincount(numbers, weights=seen * targets[:, column], minlength=size)
        found[:, column] = sums / (np.bincount(numbers, weights=seen, minlength=size) + PRIOR)
    return found


def blended(
    text: np.ndarray, category: np.ndarray, gain: np.ndarray, vector: np.ndarray | None = None
) -> np.ndarray:
    """A weight for each column of `text`, of `category`, and of `vector` if any; none below 0.

    The columns are what rows that a fit had not seen were expected to do: how much likelier than
    usual cheap is wrong, and premium right. Their sum is the gain over the mean, but one may be
    easier to know than the other: where premium is right nearly always, only the failures of
    cheap tell anything. So each gets its own weight, by least squares on `gain`, drawn to
    `TEXT` and `CATEGORY`. Stacking: Wolpert (1992), Breiman (1996); no weight below 0 after the
    latter.
    """
    parts = [text, category] if vector is None else [text, category, vector]
    start = (TEXT, CATEGORY) if vector is None else (1 / 3,) * 3
    columns = np.hstack(parts)
    columns = columns - columns.mean(axis=0)
    first = np.repeat(start, [part.shape[1] for part in parts])
    pull = np.diag(columns.std(axis=0) * np.sqrt(TRUST) + 1e-9)
    weights, _ = nnls(
        np.vstack([columns, pull]), np.concatenate([gain - gain.mean(), pull @ first])
    )
    return np.asarray(weights)


class Edge(NamedTuple):
    """How much a ranking gains over the random mix, averaged over all premium shares.

    In score; with its standard error. Divided by the gap it is the APGR less a half, but it can
    also be had where there is no gap.
    """

    value: float
    error: float

    @property
    def shown(self) -> bool:
        """Whether it is more than its own standard error: else it may as well be chance."""
        return self.value > self.error


def edge(gain: np.ndarray, ranks: np.ndarray) -> Edge:
    """The edge of ranks (0 to 1, the highest to premium first) over rows with these gains."""
    parts = gain * (ranks - ranks.mean())
    return Edge(float(parts.mean()), float(parts.std() / np.sqrt(len(parts))))


def ranked(route: np.ndarray, fold: np.ndarray) -> np.ndarray:
    """Mid-ranks (0 to 1) within each fold.

    Folds do not compare: one that is kind to premium leaves less of that for training, so that
    its rows are expected to gain less than they do.
    """
    ranks = np.empty(len(route))
    for number in np.unique(fold):
        part = fold == number
        _, inverse, counts = np.unique(route[part], return_inverse=True, return_counts=True)
        middle = np.cumsum(counts) - (counts - 1) / 2
        ranks[part] = (middle[inverse] - 0.5) / part.sum()
    return ranks
