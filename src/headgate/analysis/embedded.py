"""What embeddings say of each model's failures: ridge regressions on dense vectors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

__all__ = ["Embedded", "embedded"]

PENALTIES = (1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Tried in turn, for a mean square length of 1; rows left out choose."""


class Embedded(NamedTuple):
    """Both targets by their vectors."""

    coefficients: np.ndarray
    """On all rows: a line a dimension, a column a target, for vectors less `mean`."""
    mean: np.ndarray
    unseen: np.ndarray
    """What fits that had not seen them say of the rows tested, in the order of the tests."""
    penalty: float


def embedded(vectors: np.ndarray, targets: np.ndarray, tests: Sequence[np.ndarray]) -> Embedded:
    """Ridge regressions of the targets on the vectors, and what they say of rows left out.

    One factorisation a fold serves every penalty: (VᵀV + λ)⁻¹Vᵀt in the basis of VᵀV. The penalty
    is that with the least squared error on the rows left out, over both targets.

    Args:
        vectors: rows by dimensions.
        targets: rows by two, centred.
        tests: for each fold, which rows it leaves out.
    """
    mean = vectors.mean(axis=0, dtype=float)
    centred = vectors - mean.astype(np.float32)
    size = float(np.sqrt(np.vdot(centred, centred) / len(centred))) or 1.0
    centred = centred / np.float32(size)
    told = [
        centred[test] @ coefficients
        for test in tests
        for coefficients in [_fits(centred[~test], targets[~test])]
    ]
    said = np.concatenate([np.moveaxis(one, 0, -1) for one in told])
    truth = np.vstack([targets[test] for test in tests])
    errors = ((said - truth[:, :, None]) ** 2).sum(axis=(0, 1))
    best = int(np.argmin(errors))
    return Embedded(
        coefficients=_fits(centred, targets)[best] / size,
        mean=mean,
        unseen=said[:, :, best],
        penalty=PENALTIES[best],
    )


def _fits(vectors: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Penalties by dimensions by targets."""
    values, basis = np.linalg.eigh((vectors.T @ vectors).astype(float))
    turned = basis.T @ (vectors.T @ targets.astype(np.float32)).astype(float)
    return np.array(
        [basis @ (turned / (np.maximum(values, 0) + penalty)[:, None]) for penalty in PENALTIES]
    )
