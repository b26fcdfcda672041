"""course: the filter is what joint normal days give, and the likelier way is the one followed."""

import random

import numpy as np
import pytest

from headgate.stats.course import WAYS, Way, foreseen, outlook

DAYS: list[float | None] = [1.0, 1.3, None, 0.8, 1.1, 1.9, 0.7, 1.2, None, 1.4, 1.0, 1.6]
FACTORS = [1.2, 1.1, 1.0, 0.9, 1.0, 0.3, 0.5, 1.2, 1.1, 1.0, 0.9, 1.0]
AHEAD = [0.1, 0.5, 1.2, 1.1]
SPREAD = 0.3


def dense(way: Way) -> tuple[float, float]:
    """The same by one large matrix: conditioning joint normal days on those that are known."""
    all_days = len(DAYS) + len(AHEAD)
    level = np.zeros((all_days, all_days))
    begin = np.minimum.outer(np.arange(all_days), np.arange(all_days))
    level += 1e4 + way.step**2 * begin
    if way.swing:
        far = np.abs(np.subtract.outer(np.arange(all_days), np.arange(all_days)))
        level += way.swing * way.lasts**far
    elif way.slope:
        own = (way.slope / SPREAD) ** 2
        far = np.abs(np.subtract.outer(np.arange(all_days), np.arange(all_days)))
        sums = np.tril(np.ones((all_days, all_days)), -1)
        level += sums @ (own * way.lasts**far) @ sums.T
    factors = np.array([*FACTORS, *AHEAD])
    days = factors[:, None] * level * factors[None, :]
    days[np.diag_indices(len(DAYS))] += np.array(FACTORS)
    seen = np.array([at for at, value in enumerate(DAYS) if value is not None])
    values = np.array([value for value in DAYS if value is not None])
    missed = values - factors[seen]
    solved = np.linalg.solve(days[np.ix_(seen, seen)], missed)
    chance = float(missed @ solved) / (len(seen) - 1)
    ahead = np.arange(len(DAYS), all_days)
    cross = days[np.ix_(ahead, seen)].sum(axis=0)
    mean = factors[ahead].sum() + cross @ solved
    variance = days[np.ix_(ahead, ahead)].sum() + sum(AHEAD)
    variance -= cross @ np.linalg.solve(days[np.ix_(seen, seen)], cross)
    return float(mean), float(variance) * chance


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_the_filter_is_what_joint_normal_days_give(way):
    found = foreseen(way, DAYS, FACTORS, AHEAD, SPREAD)
    assert (found.mean, found.variance) == pytest.approx(dense(way), rel=1e-5)


def test_the_likelier_way_is_followed():
    chance = random.Random(4)
    steady = [chance.gauss(1, 0.2) for _ in range(60)]
    rising = [chance.gauss(1, 0.05) * (0.5 + at / 60) for at in range(60)]
    even, factors = [1.0] * 10, [1.0] * 60
    assert outlook(steady, factors, even, 0.2).slope == pytest.approx(0, abs=0.002)
    found = outlook(rising, factors, even, 0.1)
    assert found.level == pytest.approx(1.5, abs=0.1)
    assert found.slope == pytest.approx(1 / 60, rel=0.3)
    assert found.mean > 10 * found.level


def test_a_level_that_went_is_not_waited_for():
    chance = random.Random(6)
    moved = [(0.5 if at < 30 else 1.5) + chance.gauss(0, 0.1) for at in range(50)]
    assert outlook(moved, [1.0] * 50, [1.0], 0.5).mean == pytest.approx(1.5, abs=0.15)


def test_days_that_are_expected_to_be_empty_tell_nothing():
    with_gaps = [5.0 if at % 7 == 6 else 1.0 for at in range(21)]
    factors = [0.0 if at % 7 == 6 else 1.0 for at in range(21)]
    found = outlook(with_gaps, factors, [1.0, 0.0], 0.1)
    assert found.mean == pytest.approx(1.0, abs=1e-3)
