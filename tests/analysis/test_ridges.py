"""Ridges: each column is what solving it alone would give, and sees its own rows only."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from headgate.analysis.ridges import ridges

RNG = np.random.default_rng(5)
MATRIX = sp.random(200, 40, density=0.2, random_state=1, format="csr")
TARGETS = RNG.normal(size=(200, 3))
MASKS = np.column_stack([np.ones(200), np.arange(200) % 2, np.arange(200) < 50])


def alone(rows: np.ndarray, target: np.ndarray, penalty: float) -> np.ndarray:
    """The normal equations, solved directly."""
    x = MATRIX.toarray()[rows]
    return np.linalg.solve(x.T @ x + penalty * np.eye(x.shape[1]), x.T @ target[rows])


@pytest.mark.parametrize("penalty", [0.5, 30.0])
def test_every_regression_is_solved_as_if_alone(penalty: float):
    found = ridges(MATRIX, TARGETS, MASKS, penalty)
    for column in range(3):
        expected = alone(MASKS[:, column] == 1, TARGETS[:, column], penalty)
        assert found[:, column] == pytest.approx(expected, abs=5e-3)


def test_masked_rows_bear_on_nothing():
    wild = np.where(MASKS == 1, TARGETS, 1e3)
    assert np.array_equal(ridges(MATRIX, wild, MASKS, 1.0), ridges(MATRIX, TARGETS, MASKS, 1.0))


def test_a_heavier_penalty_gives_smaller_coefficients():
    sizes = [np.abs(ridges(MATRIX, TARGETS, MASKS, p)).sum() for p in (1.0, 10.0, 100.0)]
    assert sizes[0] > sizes[1] > sizes[2]


def test_targets_without_any_variance_give_zeros():
    assert not ridges(MATRIX, np.zeros((200, 1)), np.ones((200, 1)), 1.0).any()


def test_a_matrix_without_columns_gives_no_coefficients():
    assert ridges(sp.csr_matrix((5, 0)), np.ones((5, 2)), np.ones((5, 2)), 1.0).shape == (0, 2)
