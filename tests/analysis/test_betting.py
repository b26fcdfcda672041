"""The test by betting: valid where the game is fair, and strong enough to be of use."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from scipy.stats import binom

from headgate.analysis.betting import MOST_STAKE, betting_p, design_effect, grouped_p


def one_by_one(gains: list[float], least: float, risk: float) -> float:
    """The game as it is told: each stake from what came before it."""
    eager = 2 * math.log(1 / risk) / len(gains)
    total, squares, seen = 0.0, least * least / 4, 1
    capital = best = 0.0
    for gain in gains:
        stake = min(MOST_STAKE / -least, math.sqrt(eager / (squares / seen)))
        capital += math.log1p(stake * gain)
        best = max(best, capital)
        total += gain
        seen += 1
        squares += (gain - total / seen) ** 2
    return math.exp(-best)


@pytest.mark.parametrize("count", [1, 2, 50, 999])
@pytest.mark.parametrize("mean", [-0.1, 0.0, 0.05])
def test_over_arrays_it_is_the_game_played_gain_by_gain(count: int, mean: float):
    rng = np.random.default_rng(count)
    gains = np.clip(rng.normal(mean, 0.3, count), -0.9, 1)
    assert betting_p(gains, -0.9, 0.05) == pytest.approx(one_by_one(gains.tolist(), -0.9, 0.05))


def test_no_gain_proves_nothing():
    assert betting_p(np.array([]), -1.0, 0.05) == 1.0


@pytest.mark.parametrize("up", [0.5, 0.05, 0.9])
def test_a_fair_game_is_called_a_winning_one_as_rarely_as_stated(up: float):
    rng = random.Random(7)
    win, lose = (1 - up) / max(up, 1 - up), -up / max(up, 1 - up)  # mean 0
    wrong = 0
    for _ in range(600):
        gains = [win if rng.random() < up else lose for _ in range(200)]
        wrong += betting_p(np.array(gains), min(lose, -0.01), 0.05) <= 0.05
    assert wrong <= binom.ppf(0.999, 600, 0.05)


def test_a_clear_gain_is_seen_where_hoeffdings_bound_sees_none():
    rng = random.Random(1)
    gains = [rng.choice([0.02, 0.02, 0.02, 0.02, 1.0, -0.98]) + 0.01 for _ in range(4000)]
    assert betting_p(np.array(gains), -0.98, 0.05) < 0.01


def test_a_loss_is_never_called_a_gain():
    assert betting_p(np.tile([-0.1, -0.2], 500), -1.0, 0.05) == 1.0


def test_the_worst_loss_every_time_leaves_some_capital():
    assert 0 < betting_p(np.r_[-np.ones(1000), np.ones(10)], -1.0, 0.05) <= 1.0


def test_the_design_effect_of_copies_is_their_number_and_that_of_strangers_is_one():
    rng = np.random.default_rng(4)
    gains, triples = rng.normal(0, 1, 1500), np.repeat(np.arange(500), 3)
    assert design_effect(np.repeat(gains[:500], 3), triples) == pytest.approx(3, rel=0.01)
    assert design_effect(gains, triples) < 1.1
    assert design_effect(gains, np.arange(1500)) == 1


def test_where_all_gains_are_the_same_rows_of_a_group_count_as_alike():
    assert design_effect(np.full(30, 0.2), np.repeat(np.arange(6), 5)) == 5
    assert design_effect(np.array([0.1, 0.4]), np.array([0, 0])) == 2


def test_gains_that_are_each_by_themselves_are_tested_as_ever():
    gains = np.clip(np.random.default_rng(5).normal(0.1, 0.3, 400), -0.9, 1)
    assert grouped_p(gains, np.arange(400), -0.9, 0.05) == betting_p(gains, -0.9, 0.05)


def test_with_few_rows_alike_the_stakes_are_those_for_a_smaller_risk():
    rng = np.random.default_rng(6)
    gains = np.repeat(np.clip(rng.normal(0.1, 0.3, 200), -0.9, 1), 3)
    group = np.repeat(np.arange(200), 3)
    effect = design_effect(gains, group)
    told = betting_p(gains, -0.9, 0.05**effect) ** (1 / effect)
    assert grouped_p(gains, group, -0.9, 0.05) == pytest.approx(told)


def test_however_long_a_conversation_is_there_is_a_p_value():
    """A risk to the power of the design effect is 0 as a float, and was divided by."""
    assert 0.01 ** design_effect(np.full(1000, 0.1), np.zeros(1000, int)) == 0
    assert 0 < grouped_p(np.full(1000, 0.1), np.zeros(1000, int), -1.0, 0.01) < 1
    assert grouped_p(np.full(1000, -0.1), np.zeros(1000, int), -1.0, 0.01) == 1


def test_copies_of_gains_prove_no_more_than_the_gains():
    rounds, risk = 400, 0.1
    fooled = naive = 0
    for seed in range(rounds):
        rng = np.random.default_rng(seed)
        once = rng.choice([-1.0, 1.0], 100)
        order = rng.permutation(800)
        gains, group = np.repeat(once, 8)[order], np.repeat(np.arange(100), 8)[order]
        fooled += grouped_p(gains, group, -1.0, risk) <= risk
        naive += betting_p(gains, -1.0, risk) <= risk
    assert fooled <= binom.ppf(0.999, rounds, risk)
    assert naive > binom.ppf(0.999, rounds, risk)
