"""embedded: ridge regressions on dense vectors, their penalty chosen by rows left out."""

from __future__ import annotations

import numpy as np
import pytest

from headgate.analysis.embedded import PENALTIES, embedded


def planted(count: int, dimensions: int, noise: float):
    rng = np.random.default_rng(0)
    vectors = (rng.normal(size=(count, dimensions)) + 3).astype(np.float32)
    truth = np.zeros((dimensions, 2))
    truth[0], truth[1] = (1.0, 0.0), (0.0, -0.5)
    targets = vectors @ truth + noise * rng.normal(size=(count, 2))
    fold = np.arange(count) % 5
    return vectors, targets - targets.mean(axis=0), [fold == number for number in range(5)], truth


def test_what_was_planted_is_found_and_rows_left_out_are_foretold():
    vectors, targets, tests, truth = planted(2000, 8, 0.1)
    found = embedded(vectors, targets, tests)
    assert found.coefficients == pytest.approx(truth, abs=0.02)
    told = (vectors - found.mean) @ found.coefficients
    assert told == pytest.approx(targets, abs=0.6)
    seen = np.vstack([targets[test] for test in tests])
    assert np.corrcoef(found.unseen[:, 0], seen[:, 0])[0, 1] > 0.98


def test_a_fit_is_what_the_normal_equations_say():
    vectors, targets, tests, _ = planted(60, 5, 1.0)
    found = embedded(vectors, targets, tests)
    centred = (vectors - found.mean).astype(float)
    size = np.sqrt((centred**2).sum() / len(centred))
    scaled = centred / size
    exact = np.linalg.solve(scaled.T @ scaled + found.penalty * np.eye(5), scaled.T @ targets)
    assert found.coefficients == pytest.approx(exact / size, abs=1e-4)


def test_the_more_noise_the_heavier_the_penalty():
    faint, loud = (embedded(*planted(300, 40, noise)[:3]) for noise in (0.01, 30.0))
    assert faint.penalty == PENALTIES[0]
    assert loud.penalty == PENALTIES[-1]


def test_a_row_left_out_does_not_tell_its_own_grade():
    rng = np.random.default_rng(1)
    vectors = rng.normal(size=(400, 300)).astype(np.float32)  # enough numbers to learn by heart
    targets = rng.normal(size=(400, 2))
    tests = [np.arange(400) % 5 == number for number in range(5)]
    found = embedded(vectors, targets, tests)
    seen = np.vstack([targets[test] for test in tests])
    assert abs(np.corrcoef(found.unseen[:, 0], seen[:, 0])[0, 1]) < 0.15


def test_vectors_that_are_all_alike_say_nothing():
    tests = [np.arange(50) % 5 == number for number in range(5)]
    found = embedded(np.ones((50, 3), dtype=np.float32), np.ones((50, 2)), tests)
    assert np.isfinite(found.coefficients).all()
    assert (found.unseen == 0).all()
