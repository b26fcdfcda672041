"""The blend: few rows leave it as it began, many move it to what tells; chance is not an edge."""

from __future__ import annotations

import numpy as np
import pytest

from headgate.analysis.blend import (
    CATEGORY,
    PRIOR,
    TEXT,
    blended,
    edge,
    lookup,
    ranked,
    tables,
)
from headgate.analysis.curve import apgr


def columns(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two text columns and two of categories, of which only the first tells of the gain."""
    rng = np.random.default_rng(seed)
    text, category = rng.normal(size=(2, rows, 2)) / 3
    return text, category, text[:, 0] + rng.normal(size=rows)


def test_thousands_of_rows_find_the_column_that_tells():
    weights = blended(*columns(50_000))
    assert weights[0] == pytest.approx(1.0, abs=0.05)
    assert weights[1:] == pytest.approx([0.0, 0.0, 0.0], abs=0.05)


def test_a_few_rows_hardly_move_the_first_blend():
    weights = blended(*columns(20))
    assert weights == pytest.approx([TEXT, TEXT, CATEGORY, CATEGORY], abs=0.15)


def test_no_weight_is_below_nothing():
    text, category, gain = columns(5000)
    assert (blended(text, category, -gain) >= 0).all()


def test_columns_that_are_all_alike_do_no_harm():
    weights = blended(np.zeros((60, 2)), np.zeros((60, 2)), np.ones(60))
    assert np.isfinite(weights).all()


def test_a_category_is_drawn_to_the_mean_by_a_few_rows():
    index, numbers = lookup(["a"] * 15 + ["b"] * 5)
    targets = np.column_stack([np.r_[np.full(15, 0.4), np.full(5, -0.4)]] * 2)
    masks = np.column_stack([np.ones(20), np.r_[np.zeros(15), np.ones(5)]])
    found = tables(numbers, targets, masks)
    assert index == {"a": 0, "b": 1}
    assert found[0].tolist() == pytest.approx([15 * 0.4 / (15 + PRIOR), 0.0])
    assert found[1].tolist() == pytest.approx([-0.4 * 5 / (5 + PRIOR)] * 2)


def test_an_edge_is_the_apgr_over_a_half_times_the_gap():
    rng = np.random.default_rng(1)
    cheap, premium = (rng.random((2, 500)) < [[0.5], [0.8]]).astype(float)
    route = rng.normal(size=500) + premium - cheap
    ranks = ranked(route, np.zeros(500))
    found = apgr(cheap, premium, route)
    gain = premium - cheap
    assert found == pytest.approx(0.5 + edge(gain, ranks).value / gain.mean())


def test_a_ranking_by_chance_shows_no_edge_most_of_the_time():
    rng = np.random.default_rng(2)
    shown = [
        edge(rng.choice([-1.0, 0.0, 1.0], 400), ranked(rng.random(400), np.zeros(400))).shown
        for _ in range(1500)
    ]
    # one standard error to one side of a normal: 16 %
    assert np.mean(shown) == pytest.approx(0.16, abs=0.04)


def test_an_edge_needs_no_gap():
    gain = np.tile([-1.0, 1.0], 200)
    assert edge(gain, ranked(gain, np.zeros(400))).shown
    assert not edge(np.zeros(400), ranked(gain, np.zeros(400))).shown


def test_ranks_are_taken_within_a_fold_and_ties_share_theirs():
    ranks = ranked(np.array([5.0, 5.0, 9.0, 1.0, 2.0]), np.array([0, 0, 0, 1, 1]))
    assert ranks == pytest.approx([1 / 3, 1 / 3, 2.5 / 3, 0.25, 0.75])


def test_with_embeddings_each_part_begins_with_a_third_and_the_rows_decide():
    text, category, gain = columns(50_000)
    few = blended(text[:20], category[:20], gain[:20], np.zeros((20, 2)))
    assert few[4:] == pytest.approx([1 / 3, 1 / 3], abs=0.01)
    noise = np.random.default_rng(99).normal(size=text.shape) / 3
    found = blended(text, category, gain, noise)
    assert found[:4] == pytest.approx(blended(text, category, gain), abs=0.05)
    assert found[4:].max() < 0.05
