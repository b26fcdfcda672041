"""The quality kept: its interval holds at every look, its alarm is seldom false and not late."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.stats.bounded import Grades, MeanEvidence, kept_sequence
from headgate.stats.intervals import binomial_tail

LEVELS = [step / 8 for step in range(9)]
grades = st.builds(Grades, st.sampled_from(LEVELS), st.sampled_from(LEVELS))


def drawn(chance: random.Random, loss: float) -> Grades:
    """Cheap loses all that premium has with a chance of `loss`, else it is as good."""
    premium = 1.0 if chance.random() < 0.9 else 0.25
    cheap = 0.0 if chance.random() < loss else premium
    return Grades(cheap, premium)


def test_nothing_seen_is_nothing_known():
    assert kept_sequence({}) == (0.0, 2.0)


def test_the_interval_narrows_around_the_share():
    widths = []
    for n in (10, 100, 1000, 10_000):
        low, high = kept_sequence({Grades(1.0, 1.0): 9 * n // 10, Grades(0.0, 1.0): n // 10})
        assert low < 0.9 < high
        widths.append(high - low)
    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < 0.04


def test_cheap_can_be_the_better_one():
    low, _ = kept_sequence({Grades(1.0, 0.5): 500})
    assert low > 1.5


@given(st.dictionaries(grades, st.integers(0, 500), max_size=12))
def test_the_ends_are_in_order_and_hold_the_share(counts):
    low, high = kept_sequence(counts)
    assert 0 <= low <= high <= 2
    cheap = sum(pair.cheap * n for pair, n in counts.items())
    premium = sum(pair.premium * n for pair, n in counts.items())
    if premium and cheap / premium <= 2:
        assert low - 1e-6 <= cheap / premium <= high + 1e-6


def test_it_holds_the_truth_at_every_look():
    """Looked at as often as it is after each of 400 comparisons, in 300 simulated streams."""
    chance = random.Random(11)
    loss, missed, streams = 0.08, 0, 300
    for _ in range(streams):
        counts: Counter[Grades] = Counter()
        for n in range(1, 401):
            counts[drawn(chance, loss)] += 1
            if n in (5, 10, 20, 40, 80, 120, 200, 300, 400):
                low, high = kept_sequence(counts)
                if not low <= 1 - loss <= high:
                    missed += 1
                    break
    # were the chance of a miss above 5 %, so few misses would be likely, not so many
    assert binomial_tail(missed, streams, 0.05) > 0.001


def test_confidence_is_a_probability():
    with pytest.raises(ValueError, match="between 0 and 1"):
        kept_sequence({}, 1.0)


@pytest.mark.parametrize("floor", [0.0, 1.1])
def test_a_floor_that_cannot_be_is_refused(floor):
    with pytest.raises(ValueError, match="floor"):
        MeanEvidence(floor)


def test_at_the_floor_false_alarms_are_as_rare_as_is_promised():
    """A threshold of 20 n: at most 5 % of streams of n comparisons exactly at the floor alarm."""
    chance = random.Random(3)
    n, streams, alarms = 500, 400, 0
    for _ in range(streams):
        evidence = MeanEvidence(0.95)
        alarms += any(evidence.add(drawn(chance, 0.05)) >= 20 * n for _ in range(n))
    assert binomial_tail(alarms, streams, 0.05) > 0.001


def delay(quiet: int, loss: float, seed: int) -> int:
    chance = random.Random(seed)
    evidence = MeanEvidence(0.95)
    for _ in range(quiet):
        evidence.add(drawn(chance, 0.01))
    for number in range(1, 5000):
        if evidence.add(drawn(chance, loss)) >= 200_000:
            return number
    return 5000


def test_a_fall_is_found_and_a_long_good_past_does_not_hide_it():
    fresh = sorted(delay(0, 0.15, seed) for seed in range(15))[7]
    late = sorted(delay(5000, 0.15, seed) for seed in range(15))[7]
    assert fresh < 400
    assert late < 1.5 * fresh


def test_turned_round_it_finds_the_way_back():
    evidence = MeanEvidence(0.95, "above")
    values = [evidence.add(Grades(1.0, 1.0)) for _ in range(400)]
    assert values[-1] > 200_000
