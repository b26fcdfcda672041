"""Tests that keep a promise: valid at every bound, and strong enough to be of use."""

from __future__ import annotations

import random

import pytest
from scipy.stats import binom

from headgate.stats.risk import betting_p, binomial_p, fixed_sequence


@pytest.mark.parametrize(("failures", "trials", "bound"), [(0, 10, 0.2), (7, 90, 0.1), (9, 9, 0.5)])
def test_the_binomial_p_value_is_the_distribution_function(
    failures: int, trials: int, bound: float
):
    assert binomial_p(failures, trials, bound) == pytest.approx(binom.cdf(failures, trials, bound))


def test_nothing_seen_proves_nothing():
    assert binomial_p(0, 0, 0.5) == 1.0
    assert betting_p([], -1.0, 0.05) == 1.0


@pytest.mark.parametrize("up", [0.5, 0.05, 0.9])
def test_a_fair_game_is_called_a_winning_one_as_rarely_as_stated(up: float):
    rng = random.Random(7)
    win, lose = (1 - up) / max(up, 1 - up), -up / max(up, 1 - up)  # mean 0
    wrong = 0
    for _ in range(600):
        gains = [win if rng.random() < up else lose for _ in range(200)]
        wrong += betting_p(gains, min(lose, -0.01), 0.05) <= 0.05
    assert wrong <= binom.ppf(0.999, 600, 0.05)


def test_a_clear_gain_is_seen_where_hoeffdings_bound_sees_none():
    rng = random.Random(1)
    gains = [rng.choice([0.02, 0.02, 0.02, 0.02, 1.0, -0.98]) + 0.01 for _ in range(4000)]
    assert betting_p(gains, -0.98, 0.05) < 0.01


def test_a_loss_is_never_called_a_gain():
    assert betting_p([-0.1, -0.2] * 500, -1.0, 0.05) == 1.0


def test_the_worst_loss_every_time_leaves_some_capital():
    assert 0 < betting_p([-1.0] * 1000 + [1.0] * 10, -1.0, 0.05) <= 1.0


def test_a_fixed_sequence_ends_at_the_first_failure_and_asks_no_further():
    asked: list[float] = []

    def p_values():
        for p in (0.01, 0.05, 0.06, 0.0):
            asked.append(p)
            yield p

    assert fixed_sequence(p_values(), 0.05) == 2
    assert asked == [0.01, 0.05, 0.06]
