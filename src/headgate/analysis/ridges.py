"""Several ridge regressions over the same rows, solved side by side."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sp

__all__ = ["ridges"]

ROUNDS = 40
CLOSE = 1e-6
"""Share of the first squared gradient at which a regression counts as solved."""
TINY = 1e-30


def ridges(
    matrix: sp.csr_matrix, targets: np.ndarray, masks: np.ndarray, penalty: float
) -> np.ndarray:
    """The coefficients of each regression, a column each.

    Column j minimises the squared error on the rows where `masks[:, j]` is 1, plus `penalty`
    times the squared coefficients. All advance by conjugate gradients on the same pass over the
    matrix, which is what costs: ten together take little more than two apart. Hestenes & Stiefel
    (1952), as in Björck, "Numerical methods for least squares problems", section 7.4.

    Args:
        matrix: rows by features.
        targets: rows by regressions, centred by the caller; there is no intercept.
        masks: rows by regressions, 1 for the rows that a regression may see and else 0.
        penalty: above 0.
    """
    rows = matrix.astype(np.float32)
    columns = rows.T.tocsr()
    seen = masks.astype(np.float32)
    left = seen * targets.astype(np.float32)
    found = np.zeros((rows.shape[1], left.shape[1]), dtype=np.float32)
    slope = columns @ left
    step = slope.copy()
    size = first = (slope * slope).sum(axis=0)
    for _ in range(ROUNDS):
        if (size <= CLOSE * first).all():
            break
        moved = seen * (rows @ step)
        curve = (moved * moved).sum(axis=0) + penalty * (step * step).sum(axis=0)
        length = size / (curve + TINY)
        found += length * step
        left -= length * moved
        slope = columns @ left - np.float32(penalty) * found
        now = (slope * slope).sum(axis=0)
        step = slope + now / (size + TINY) * step
        size = now
    return found.astype(float)
