"""changepoint: planted changes are found, and their intervals hold them as often as stated."""

import math
import random
from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.stats.changepoint import MOST_RAMP_BINS, Count, locate, ramp, step
from headgate.stats.intervals import clopper_pearson
from tests.known import known


def counts(seed: int, sizes: list[int], rate_at: Callable[[int], float]) -> list[Count]:
    chance = random.Random(seed)
    return [
        Count(n, sum(chance.random() < rate_at(t) for _ in range(n))) for t, n in enumerate(sizes)
    ]


bins_of_any_kind = st.lists(
    st.integers(0, 30).flatmap(lambda n: st.integers(0, n).map(lambda hits: Count(n, hits))),
    max_size=30,
)


def stepping(at: int, t: int) -> float:
    return 0.14 if t < at else 0.24


def creeping(at: int, t: int) -> float:
    return 0.12 + max(0, t - at) * 0.003


def log_likelihood(bins: list[Count], rates: list[float]) -> float:
    """Straight from the definition, bin by bin."""
    total = 0.0
    for (n, hits), rate in zip(bins, rates, strict=True):
        total += hits * math.log(rate) if hits else 0.0
        total += (n - hits) * math.log(1 - rate) if n > hits else 0.0
    return total


def test_a_clear_step_is_found_where_it_is():
    found = known(step([Count(100, 14)] * 30 + [Count(100, 22)] * 20))
    assert (found.shape, found.at) == ("step", 30)
    assert (found.before, found.after) == (0.14, 0.22)
    assert found.interval.low <= 30 <= found.interval.high
    assert found.interval.high - found.interval.low <= 6


@given(bins_of_any_kind)
def test_a_step_is_the_likeliest_of_all_splits(bins):
    found = step(bins)
    if found is None:
        return
    n, hits = sum(one.n for one in bins), sum(one.hits for one in bins)
    flat = log_likelihood(bins, [hits / n] * len(bins))
    best = -math.inf
    for k in range(1, len(bins)):
        first, second = bins[:k], bins[k:]
        if any(one.n for one in first) and any(one.n for one in second):
            rates = [
                sum(one.hits for one in side) / sum(one.n for one in side)
                for side in (first, second)
                for _ in side
            ]
            best = max(best, log_likelihood(bins, rates))
    assert found.gain == pytest.approx(best - flat, abs=1e-9)
    assert found.interval.low <= found.at <= found.interval.high or found.gain < 3


@given(bins_of_any_kind)
def test_turning_hits_into_misses_moves_no_step(bins):
    one, other = step(bins), step([Count(n, n - hits) for n, hits in bins])
    assert (one is None) == (other is None)
    if one is not None and other is not None and one.gain > 1:
        assert one.gain == pytest.approx(other.gain)
        assert one.after == pytest.approx(1 - other.after, abs=1e-9) or one.at != other.at


def test_empty_bins_neither_hide_nor_move_a_step():
    found = known(step([Count(100, 14), Count(0, 0)] * 20 + [Count(100, 30), Count(0, 0)] * 20))
    assert found.at == 40


def test_the_interval_of_a_step_holds_it_as_often_as_stated():
    held = 0
    for seed in range(150):
        at = random.Random(seed).randrange(10, 50)
        bins = counts(seed, [40] * 60, partial(stepping, at))
        low, high = known(step(bins)).interval
        held += low <= at <= high
    assert clopper_pearson(held, 150, 0.999).high >= 0.95
    assert held >= 135


def test_the_interval_of_a_ramp_holds_its_beginning_as_often_as_stated():
    held = 0
    for seed in range(100):
        at = random.Random(seed).randrange(10, 70)
        bins = counts(seed, [60] * 90, partial(creeping, at))
        low, high = known(ramp(bins)).interval
        held += low <= at <= high
    assert clopper_pearson(held, 100, 0.999).high >= 0.95
    assert held >= 88


def test_a_creep_is_told_from_a_step():
    creep = counts(1, [200] * 100, lambda t: 0.12 + max(0, t - 40) * 0.002)
    leap = counts(1, [200] * 100, lambda t: 0.12 if t < 40 else 0.24)
    assert known(locate(creep)).shape == "ramp"
    assert known(locate(leap)).shape == "step"
    assert known(locate(creep)).before == pytest.approx(0.12, abs=0.01)
    assert known(locate(creep)).after == pytest.approx(0.24, abs=0.015)
    assert known(locate(leap)).at == pytest.approx(40, abs=1)


def test_a_ramp_is_fitted_as_the_definition_says():
    bins = counts(3, [50, 80, 20, 90, 40, 70, 60, 30], lambda t: 0.2 + max(0, t - 3) * 0.08)
    found = known(ramp(bins))
    best = max(
        (explained(bins, k), k) for k in range(len(bins) - 1) if explained(bins, k) is not None
    )
    assert found.at == best[1]


def explained(bins: list[Count], at: int) -> float:
    """Σ w(ȳ)² less Σ w(y − fit)², with the weighted least squares solved afresh."""
    ys = [hits / n for n, hits in bins]
    xs = [max(0, t - at) for t in range(len(bins))]
    ws = [n for n, _ in bins]
    total = sum(ws)
    x_mean = sum(w * x for w, x in zip(ws, xs, strict=True)) / total
    y_mean = sum(w * y for w, y in zip(ws, ys, strict=True)) / total
    triples = list(zip(ws, xs, ys, strict=True))
    slope = sum(w * (x - x_mean) * (y - y_mean) for w, x, y in triples) / sum(
        w * (x - x_mean) ** 2 for w, x, _ in triples
    )
    flat = sum(w * (y - y_mean) ** 2 for w, _, y in triples)
    left = sum(w * (y - y_mean - slope * (x - x_mean)) ** 2 for w, x, y in triples)
    return flat - left


def test_a_ramp_over_more_bins_than_are_looked_at_is_put_together_from_neighbours():
    bins = counts(5, [20] * 2_000, lambda t: 0.12 + max(0, t - 800) * 0.0002)
    assert len(bins) > MOST_RAMP_BINS
    found = known(ramp(bins))
    assert found.interval.low <= 800 <= found.interval.high
    assert 0 <= found.interval.low <= found.at <= found.interval.high < 2_000


@pytest.mark.parametrize("bins", [[], [Count(0, 0)], [Count(9, 3)], [Count(0, 0), Count(9, 3)]])
def test_too_few_bins_tell_nothing(bins):
    assert step(bins) is None
    assert ramp(bins) is None
    assert locate(bins) is None


@pytest.mark.parametrize("hits", [0, 5, 10])
def test_equal_bins_hold_no_change(hits):
    assert locate([Count(10, hits)] * 20) is None


@given(bins_of_any_kind)
def test_whatever_is_found_lies_within_the_bins(bins):
    found = locate(bins)
    if found is not None:
        assert 0 <= found.interval.low <= found.interval.high < len(bins)
        assert 0 <= found.at < len(bins)
        assert 0 <= found.before <= 1
        assert 0 <= found.after <= 1


def test_what_is_no_count_is_refused():
    with pytest.raises(ValueError, match="7 of 5"):
        step([Count(5, 7)])
    with pytest.raises(ValueError, match="confidence"):
        ramp([Count(5, 1)], 1.0)
