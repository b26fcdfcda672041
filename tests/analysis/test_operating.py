"""operating: what thresholds do on calibration rows, and how well the scores fit them."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from headgate.analysis.operating import MOST, operating_points, tenths
from headgate.routing.artifact import Operating, Tenth

SCORE = np.array([0.1, 0.2, 0.3, 0.4])
CHEAP = np.array([1.0, 1.0, 0.0, 0.0])
PREMIUM = np.array([1.0, 0.0, 1.0, 1.0])
COSTS = (np.array([1.0, 2.0, 3.0, 4.0]), np.array([10.0, 20.0, 30.0, 40.0]))
GRID = [0.0, 0.25, 0.35, 1.01]


def test_a_point_is_what_routing_by_hand_gives():
    points = operating_points(SCORE, CHEAP, PREMIUM, COSTS, GRID, 0.35)
    assert points == (
        Operating(threshold=0.0, escalation=1, quality=0.75, cost_nano=25, wasted=0.5, missed=0),
        Operating(threshold=0.25, escalation=0.5, quality=1, cost_nano=18, wasted=0, missed=0),
        Operating(
            threshold=0.35, escalation=0.25, quality=0.75, cost_nano=12, wasted=0, missed=0.5
        ),
        Operating(threshold=1.01, escalation=0, quality=0.5, cost_nano=2, wasted=None, missed=1),
    )


def test_a_score_at_the_threshold_goes_to_premium():
    (point,) = operating_points(SCORE, CHEAP, PREMIUM, None, [0.4], None)
    assert point.escalation == 0.25


def test_without_costs_there_are_none():
    points = operating_points(SCORE, CHEAP, PREMIUM, None, GRID, None)
    assert {point.cost_nano for point in points} == {None}


def test_where_premium_never_does_better_nothing_is_missed():
    (first, *_) = operating_points(SCORE, PREMIUM, PREMIUM, None, GRID, None)
    assert first.missed is None
    assert first.wasted == 1


def test_the_points_are_few_with_both_ends_and_the_chosen_one_and_evenly_apart():
    score = np.random.default_rng(3).beta(0.5, 4, 5000)
    grid = [step / 1000 for step in range(1011)]
    ones = np.ones(5000)
    points = operating_points(score, ones, ones, None, grid, 0.123)
    assert len(points) <= MOST
    assert [point.threshold for point in points] == sorted(point.threshold for point in points)
    shares = [point.escalation for point in points]
    assert shares[0] == 1
    assert shares[-1] == 0
    assert 0.123 in {point.threshold for point in points}
    # a small score is common, so that steps of the grid are coarse there and nowhere else
    assert max(a - b for a, b in pairwise(shares[3:])) < 0.05


@pytest.mark.parametrize("chosen", [0.05, 0.06, 0.5])
def test_the_chosen_threshold_stands_for_those_that_do_the_same(chosen: float):
    grid = [0.0, 0.05, 0.06, 0.25, 0.5, 0.6, 1.01]
    points = operating_points(SCORE, CHEAP, PREMIUM, None, grid, chosen)
    assert chosen in {point.threshold for point in points}
    shares = [point.escalation for point in points]
    assert shares == sorted(set(shares), reverse=True)
    assert shares[0] == 1
    assert shares[-1] == 0


def test_tenths_hold_every_row_from_the_lowest_score_on():
    rng = np.random.default_rng(1)
    score = rng.random(103)
    premium = (rng.random(103) < score).astype(float)
    parts = tenths(score, np.zeros(103), premium)
    assert len(parts) == 10
    assert sum(part.rows for part in parts) == 103
    assert [part.score for part in parts] == sorted(part.score for part in parts)
    assert sum(part.rows * part.came for part in parts) == pytest.approx(premium.sum())


def test_a_part_says_how_much_better_premium_was_and_few_rows_make_few_parts():
    parts = tenths(SCORE, CHEAP, PREMIUM)
    assert [part.came for part in parts] == [0, 0, 1, 1]
    assert parts[0] == Tenth(rows=1, score=0.1, came=0)
