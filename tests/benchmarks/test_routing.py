"""The routing benchmark, on planted rows and on the smallest recorded pair."""

from __future__ import annotations

import numpy as np
from benchmarks.routing.data import PAIRS, load
from benchmarks.routing.measure import Splits, mapies, quality, routes, splits
from mapie.risk_control.methods import compute_hoeffding_bentkus_p_value
from scipy.stats import binomtest

from headgate.analysis.certify import Calibrating, Goal
from headgate.stats.risk import fixed_sequence
from tests.analysis.planted import planted
from tests.shared import shared_dir


def held(seen: Splits) -> bool:
    """Whether so many broken floors go with a risk of 5 %."""
    broken, tried = int(seen.broken.sum()), len(seen.broken)
    return bool(binomtest(broken, tried, 0.05, alternative="greater").pvalue > 0.001)


def test_mapies_threshold_is_that_of_its_own_p_values_one_by_one():
    rng = np.random.default_rng(4)
    score = rng.random(800)
    table = Calibrating(
        score, (rng.random(800) > score).astype(float), (rng.random(800) < 0.9).astype(float)
    )
    grid, goal = [step / 50 for step in range(52)], Goal("quality", 0.8)
    losses = [
        (0.8 * table.premium - np.where(score >= t, table.premium, table.cheap) + 1) / 1.8
        for t in grid
    ]
    p_values = compute_hoeffding_bentkus_p_value(
        np.array([loss.mean() for loss in losses]), 800, 1 / 1.8
    ).ravel()
    assert mapies(table, grid, goal) == grid[fixed_sequence(p_values.tolist(), 0.05) - 1]


def test_on_planted_rows_the_router_finds_what_a_category_does_not_tell():
    rows = planted(600)
    measures = quality(rows, routes(rows), times=20)
    values = {name: measure.value or 0.0 for name, measure in measures.items()}
    assert values["router"] > values["category lookup"] + 0.1


def test_on_a_recorded_pair_it_leads_and_its_certificates_hold():
    gsm8k = next(pair for pair in PAIRS if pair.gsm8k)
    rows = load(shared_dir("data"), gsm8k)
    assert len(rows) == 1307
    found = routes(rows)
    values = {name: m.value or 0.0 for name, m in quality(rows, found, times=5).items()}
    assert values["router"] > max(values["category lookup"], values["TF-IDF + LR"]) + 0.02
    seen = splits(rows, found["router"], Goal("quality", 0.9), count=30)
    assert held(seen)
    assert seen.escalation.mean() < 0.9
    assert (seen.escalation <= seen.theirs).all()


def test_a_route_that_knows_nothing_still_keeps_its_promise():
    rows = planted(1000)
    seen = splits(rows, np.random.default_rng(0).random(1000), Goal("quality", 0.85), count=40)
    assert held(seen)
