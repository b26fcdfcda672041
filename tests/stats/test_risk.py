"""Tests that keep a promise: valid at every bound, and strong enough to be of use."""

from __future__ import annotations

import pytest
from scipy.stats import binom

from headgate.stats.risk import binomial_p, fixed_sequence


@pytest.mark.parametrize(("failures", "trials", "bound"), [(0, 10, 0.2), (7, 90, 0.1), (9, 9, 0.5)])
def test_the_binomial_p_value_is_the_distribution_function(
    failures: int, trials: int, bound: float
):
    assert binomial_p(failures, trials, bound) == pytest.approx(binom.cdf(failures, trials, bound))


def test_nothing_seen_proves_nothing():
    assert binomial_p(0, 0, 0.5) == 1.0


def test_a_fixed_sequence_ends_at_the_first_failure_and_asks_no_further():
    asked: list[float] = []

    def p_values():
        for p in (0.01, 0.05, 0.06, 0.0):
            asked.append(p)
            yield p

    assert fixed_sequence(p_values(), 0.05) == 2
    assert asked == [0.01, 0.05, 0.06]
