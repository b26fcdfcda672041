"""The measures agree with the shared definitions they will be judged by."""

from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headgate.analysis.curve import (
    apgr,
    bootstrap,
    brier,
    calibration_error,
    calibration_measure,
    cost_at_quality,
    cpt,
    curve,
)
from tests.shared import shared_dir


@pytest.fixture(scope="module")
def judge() -> ModuleType:
    path = shared_dir("metrics", "routing_metrics.py")
    spec = importlib.util.spec_from_file_location("routing_metrics", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules["routing_metrics"] = module
    spec.loader.exec_module(module)
    return module


def columns(seed: int, ties: int) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    size = 200
    cheap = (rng.random(size) < 0.6).astype(float)
    premium = (rng.random(size) < 0.75).astype(float)
    return [cheap, premium, rng.integers(ties, size=size).astype(float)]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [1, 3, 1000])
def test_the_measures_are_the_judges(judge: ModuleType, seed: int, ties: int):
    c, p, r = columns(seed, ties)
    rng = np.random.default_rng(seed + 100)
    costs = rng.random(200), 10 * rng.random(200)
    assert apgr(c, p, r) == pytest.approx(judge.apgr(c, p, r))
    for part in (0.5, 0.8, 0.95):
        assert cpt(c, p, r, part) == pytest.approx(judge.cpt(c, p, r, part))
    for part in (0.95, 0.98, 0.99):
        found = cost_at_quality(c, p, r, part, *costs)
        assert found == pytest.approx(judge.cost_at_quality(c, p, r, part, *costs))


def test_ties_are_one_step():
    points = curve(np.array([0.0, 1, 0, 1]), np.array([1.0, 1, 0, 0]), np.array([0.9, 0.5, 0.5, 0]))
    assert points.share.tolist() == [0, 0.25, 0.75, 1]
    assert points.quality.tolist() == [0.5, 0.75, 0.75, 0.5]
    assert points.at(0.125) == 0.625


def test_without_a_gap_there_is_nothing_to_recover():
    same = np.array([0.0, 1.0])
    assert apgr(same, same, same) is None
    assert cpt(same, same, same, 0.5) is None
    assert bootstrap(apgr, same, same, same) == (None, None, None)


def test_a_quality_out_of_reach_has_no_cost():
    zero, half = np.zeros(4), np.full(4, 0.5)
    assert cost_at_quality(zero, half, zero, 1.5) is None


def test_a_calibrated_score_has_no_error_and_a_constant_one_off_by_so_much():
    rng = np.random.default_rng(0)
    scores = rng.random(20_000)
    up = (rng.random(20_000) < scores).astype(float)
    assert calibration_error(scores, up) < 0.02
    assert calibration_error(np.full(100, 0.3), np.ones(100)) == pytest.approx(0.7)
    assert brier(np.array([0.0, 1.0]), np.array([0.0, 0.0])) == 0.5


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=60))
def test_the_interval_of_a_calibration_error_holds_it(rows: list[tuple[float, float]]):
    scores, up = np.array(rows).T
    value, low, high = calibration_measure(scores, up)
    assert value == calibration_error(scores, up)
    assert low is not None
    assert high is not None
    assert 0 <= low <= value <= high <= 1


@pytest.mark.parametrize("size", [60, 300, 2000])
@pytest.mark.parametrize(
    "chance",
    [lambda s: s, lambda s: np.clip(s + 0.1, 0, 1), lambda s: np.where(s > 0.93, 0.5, s)],
    ids=["calibrated", "shifted", "wrong in one bin"],
)
def test_it_holds_the_true_error_in_at_least_95_of_100_samples(size: int, chance):
    rng = np.random.default_rng(size)
    held, times = 0, 100
    for seed in range(times):
        scores = rng.random(size)
        chances = chance(scores)
        up = (rng.random(size) < chances).astype(float)
        _, low, high = calibration_measure(scores, up, seed=seed)
        assert low is not None
        assert high is not None
        without_noise = calibration_error(scores, chances)
        held += low <= without_noise <= high
    # 95 of 100 less two standard deviations; it is conservative, so mostly far above
    assert held >= 0.95 * times - 2 * (0.95 * 0.05 * times) ** 0.5


def test_a_calibrated_score_may_have_no_error_though_a_bootstrap_would_deny_it():
    rng = np.random.default_rng(3)
    scores = rng.random(600)
    up = (rng.random(600) < scores).astype(float)
    assert calibration_measure(scores, up).low == 0
    denied = bootstrap(calibration_error, scores, up)
    assert denied.low is not None
    assert denied.low > 0


def test_its_interval_shrinks_with_rows():
    rng = np.random.default_rng(4)
    widths = []
    for size in (100, 10_000):
        scores = rng.random(size)
        _, low, high = calibration_measure(scores, (rng.random(size) < 0.5).astype(float))
        assert low is not None
        assert high is not None
        assert low > 0
        widths.append(high - low)
    assert widths[0] > 8 * widths[1]


@pytest.mark.parametrize("groups", [12, 60])
def test_of_alike_rows_whole_groups_are_drawn_and_the_interval_holds_the_truth(groups: int):
    """The rows of a group are copies: five times as many rows tell no more."""
    held, missed, times = 0, 0, 100
    for seed in range(times):
        rng = np.random.default_rng([groups, seed])
        hard = np.repeat(rng.random(groups) < 0.5, 5)
        premium = np.ones(len(hard))
        cheap = np.where(hard, 0.0, 1.0)
        group = np.repeat(np.arange(groups), 5)

        def kept(cheap: np.ndarray, premium: np.ndarray) -> float:
            return float(cheap.sum() / premium.sum())

        for by, counts in ((group, True), (None, False)):
            _, low, high = bootstrap(kept, cheap, premium, group=by, seed=seed)
            assert low is not None
            assert high is not None
            hit = low <= 0.5 <= high
            held += hit and counts
            missed += not hit and not counts
    # 95 of 100 less two standard deviations, and the quantiles of 200 draws are chance themselves
    assert held >= 90
    assert missed >= 25


def test_groups_may_have_any_numbers_and_any_order():
    rng = np.random.default_rng(2)
    values, group = rng.random(60), np.repeat(np.arange(20), 3)

    def mean(values: np.ndarray) -> float:
        return float(values.mean())

    names = np.array([7 * number + 3 for number in group])
    assert bootstrap(mean, values, group=names) == bootstrap(mean, values, group=group)
    mixed = rng.permutation(60)
    _, low, high = bootstrap(mean, values[mixed], group=group[mixed])
    assert bootstrap(mean, values, group=group)[1:] == pytest.approx((low, high), abs=1e-12)


def test_a_single_group_has_no_interval():
    values, group = np.arange(5.0), np.zeros(5, dtype=int)
    assert bootstrap(np.mean, values, group=group) == (2.0, None, None)


def test_the_calibration_error_of_alike_rows_is_known_less_well():
    rng = np.random.default_rng(5)
    scores = np.repeat(rng.random(60), 5)
    up = np.repeat((rng.random(60) < scores[::5]).astype(float), 5)
    alone = calibration_measure(scores, up)
    whole = calibration_measure(scores, up, group=np.repeat(np.arange(60), 5))
    assert alone.value == whole.value
    assert alone.low is not None
    assert alone.high is not None
    assert whole.low is not None
    assert whole.high is not None
    assert whole.low < alone.low
    assert whole.high > alone.high


def test_the_bootstrap_interval_holds_the_value_and_shrinks_with_rows():
    rng = np.random.default_rng(1)
    few, many = rng.random(50), rng.random(5000)

    def mean(values: np.ndarray) -> float:
        return float(values.mean())

    widths = []
    for values in (few, many):
        value, low, high = bootstrap(mean, values)
        assert low is not None
        assert high is not None
        assert value is not None
        assert low < value < high
        widths.append(high - low)
    assert widths[0] > 5 * widths[1]
