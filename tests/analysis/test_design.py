"""The design: the matrix and the router's weights say the same."""

from __future__ import annotations

import numpy as np
import pytest

from headgate.analysis import design as design_room
from headgate.analysis.design import MIN_ROWS, MIN_TRAIT_ROWS, Design, request_of
from headgate.analysis.rows import GradedRow
from headgate.routing.features import words
from headgate.routing.ngrams import buckets
from headgate.routing.router import Calibration, Router
from tests.analysis.planted import planted

ROWS = planted(300)


def test_a_router_computes_what_the_matrix_computes():
    design = Design(ROWS)
    matrix = design.matrix(ROWS)
    coefficients = np.random.default_rng(3).normal(size=matrix.shape[1])
    said = design.weights(coefficients)
    router = Router(
        bias=0.0,
        words=said.words,
        pairs=said.pairs,
        traits=said.traits,
        calibration=Calibration((0.0,), (0.5,)),
    )
    expected = matrix @ coefficients
    # a byte a weight: half a step of 1/127 of the largest, over the root of some hundred n-grams
    gains = np.array([router.gain(request_of(row)) for row in ROWS])
    step = max(said.words.scale, said.pairs.scale)
    assert np.abs(gains - expected).max() < 3 * step


def test_the_training_matrix_is_that_of_the_training_rows():
    design = Design(ROWS)
    assert np.allclose(design.training.toarray(), design.matrix(ROWS).toarray(), atol=1e-6)


def test_what_few_rows_hold_is_not_kept():
    rows = [*ROWS, *[GradedRow(prompt="secretname", cheap=0, premium=1)] * (MIN_ROWS - 1)]
    name = buckets([b"secretname"]).words[0]
    assert name not in Design(rows).words.index
    assert name in Design([*rows, rows[-1]]).words.index


def test_traits_of_every_row_or_of_few_are_not_kept():
    rare = [GradedRow(prompt="x", category="rare", cheap=0, premium=1)] * (MIN_TRAIT_ROWS - 1)
    kept = Design([*ROWS, *rare]).traits
    assert "category=a" in kept
    assert "category=rare" not in kept
    assert "images~0" not in kept


def test_of_many_rows_some_are_counted_and_all_are_in_the_matrix(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(design_room, "COUNTED", 100)
    some, again = Design(ROWS), Design(ROWS)
    assert some.training.shape[0] == len(ROWS)
    assert some.words.index == again.words.index
    monkeypatch.undo()
    assert len(some.pairs.index) < len(Design(ROWS).pairs.index)


def test_every_kind_of_n_gram_weighs_the_same_on_average():
    design = Design(ROWS)
    for block in (design.words, design.pairs):
        matrix = block.matrix([buckets(words(row.prompt)) for row in ROWS])
        assert matrix.power(2).sum() / len(ROWS) == pytest.approx(1.0, rel=1e-3)


def test_rows_without_any_known_feature_are_empty_lines():
    matrix = Design(ROWS).matrix([GradedRow(prompt="", cheap=0, premium=0, turns=9)])
    assert np.isfinite(matrix.toarray()).all()
