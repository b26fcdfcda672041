"""intervals: known values, exact tails, and the coverage they promise."""

import doctest
import math
import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import headgate.stats.intervals
from headgate.stats.intervals import (
    Pairs,
    binomial_tail,
    blaker,
    clopper_pearson,
    ratio,
    student_quantile,
    wilson,
)

BOTH = pytest.mark.parametrize("method", [wilson, clopper_pearson])
COUNTS = st.integers(0, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.stats.intervals).failed == 0


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # Newcombe (1998), "Two-sided confidence intervals for the single proportion", table I,
        # method 3 (score) and method 5 (Clopper-Pearson) below.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_gives_the_published_values(successes, trials, low, high):
    assert wilson(successes, trials) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        (81, 263, 0.2527, 0.3676),
        (15, 148, 0.0578, 0.1617),
        (0, 20, 0.0000, 0.1684),
        (1, 29, 0.0009, 0.1776),
    ],
)
def test_clopper_pearson_gives_the_published_values(successes, trials, low, high):
    assert clopper_pearson(successes, trials) == pytest.approx((low, high), abs=5e-5)


def test_no_success_in_n_trials_has_a_closed_form():
    for trials in (1, 3, 30, 3000):
        low, high = clopper_pearson(0, trials)
        assert low == 0.0
        assert high == pytest.approx(1 - 0.025 ** (1 / trials), rel=1e-12)


@BOTH
def test_no_trials_tell_nothing(method):
    assert method(0, 0) == (0.0, 1.0)


@BOTH
def test_none_and_all_touch_the_edges_exactly(method):
    assert method(0, 7).low == 0.0
    assert method(7, 7).high == 1.0
    assert method(0, 7).high < 1.0
    assert method(7, 7).low > 0.0


@BOTH
@given(counts=COUNTS, confidence=st.sampled_from([0.5, 0.9, 0.95, 0.999]))
@settings(max_examples=60)
def test_an_interval_holds_what_was_seen_and_stays_between_0_and_1(method, counts, confidence):
    successes, trials = counts
    low, high = method(successes, trials, confidence)
    assert 0.0 <= low <= high <= 1.0
    if trials:
        assert successes / trials in method(successes, trials, confidence)


@BOTH
@given(counts=COUNTS)
@settings(max_examples=60)
def test_success_and_failure_are_mirror_images(method, counts):
    successes, trials = counts
    low, high = method(successes, trials)
    assert method(trials - successes, trials) == pytest.approx((1 - high, 1 - low), abs=1e-12)


@BOTH
def test_more_confidence_and_fewer_trials_make_it_wider(method):
    def width(*arguments):
        low, high = method(*arguments)
        return high - low

    assert width(20, 100, 0.99) > width(20, 100, 0.95) > width(200, 1000, 0.95)


@BOTH
@pytest.mark.parametrize("arguments", [(-1, 3), (4, 3), (1, 3, 0.0), (1, 3, 1.0)])
def test_what_is_no_share_is_refused(method, arguments):
    with pytest.raises(ValueError, match="is not"):
        method(*arguments)


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n + 1), st.just(n))),
    st.fractions(0, 1, max_denominator=1000),
)
@settings(max_examples=200)
def test_the_tail_equals_the_exact_sum(counts, p):
    least, trials = counts
    exact = sum(
        (math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(least, trials + 1)),
        Fraction(0),
    )
    assert binomial_tail(least, trials, float(p)) == pytest.approx(float(exact), rel=1e-11)


def test_the_ends_leave_exactly_half_the_error_in_each_tail_up_to_millions_of_trials():
    for successes, trials in [(3, 20), (500, 1000), (1, 1_000_000), (700_000, 1_000_000)]:
        low, high = clopper_pearson(successes, trials)
        assert binomial_tail(successes, trials, low) == pytest.approx(0.025, rel=1e-6)
        assert 1 - binomial_tail(successes + 1, trials, high) == pytest.approx(0.025, rel=1e-6)


def coverage(method, share: float, trials: int, chance: random.Random, rounds: int = 4000) -> float:
    held = {k: share in method(k, trials) for k in range(trials + 1)}
    draws = (sum(chance.random() < share for _ in range(trials)) for _ in range(rounds))
    return sum(held[k] for k in draws) / rounds


@pytest.mark.parametrize(("share", "trials"), [(0.02, 40), (0.2, 30), (0.5, 20), (0.9, 25)])
def test_clopper_pearson_covers_at_least_as_often_as_it_says(share, trials):
    # 4,000 rounds: a standard error of 0.35 points at 95 %
    assert coverage(clopper_pearson, share, trials, random.Random(7)) > 0.95 - 0.01


def test_wilson_covers_as_often_as_it_says_on_average():
    chance = random.Random(8)
    shares = [chance.uniform(0.02, 0.98) for _ in range(25)]
    average = sum(coverage(wilson, share, 40, chance, rounds=1000) for share in shares) / 25
    assert 0.94 < average < 0.965


def pairs(values: list[tuple[float, float]]) -> Pairs:
    return Pairs(
        len(values),
        sum(x for x, _ in values),
        sum(y for _, y in values),
        sum(x * x for x, _ in values),
        sum(y * y for _, y in values),
        sum(x * y for x, y in values),
    )


def test_a_ratio_that_never_varies_has_no_width():
    found = ratio(pairs([(1.0, 2.0), (2.0, 4.0), (5.0, 10.0)]))
    assert found == pytest.approx((0.5, 0.5), abs=1e-7)


def test_with_equal_denominators_a_ratio_is_a_mean_with_its_standard_error():
    values = [1.0, 2.0, 4.0, 5.0]
    found = ratio(pairs([(value, 1.0) for value in values]))
    # mean 3, sample variance 10/3, standard error sqrt(10/3/4)
    half = 1.959964 * math.sqrt(10 / 3 / 4)
    assert found == pytest.approx((3 - half, 3 + half), abs=1e-5)


@pytest.mark.parametrize("values", [[], [(1.0, 2.0)], [(1.0, 0.0), (2.0, 0.0)]])
def test_a_ratio_that_cannot_be_told_is_none(values):
    assert ratio(pairs(values)) is None


@pytest.mark.parametrize(("n", "least"), [(120, 0.91), (500, 0.925)])
def test_the_ratio_interval_covers_nearly_as_often_as_it_says_on_skewed_sums(n, least):
    chance = random.Random(9)
    rounds, held = 1500, 0
    for _ in range(rounds):
        sizes = [chance.lognormvariate(0, 0.7) for _ in range(n)]
        sample = [(size * (1.0 if chance.random() < 0.2 else 0.35), size) for size in sizes]
        found = ratio(pairs(sample))
        assert found is not None
        held += 0.2 * 1.0 + 0.8 * 0.35 in found
    assert least < held / rounds < 0.97


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # by stepping through the acceptability function of Blaker (2000) a millionth at a time
        (5, 10, 0.222441, 0.777559),
        (1, 10, 0.005116, 0.444447),
        (0, 10, 0.000000, 0.282935),
        (20, 100, 0.128607, 0.288192),
    ],
)
def test_blaker_gives_what_stepping_through_its_definition_gives(successes, trials, low, high):
    assert blaker(successes, trials) == pytest.approx((low, high), abs=2e-6)
    accepted = _accepted(successes, trials, low + 2e-6), _accepted(successes, trials, high - 2e-6)
    assert min(accepted) > 0.05
    if low > 0:
        assert _accepted(successes, trials, low - 2e-6) <= 0.05
    assert _accepted(successes, trials, high + 2e-6) <= 0.05


def _accepted(k: int, n: int, p: float) -> float:
    """Blaker's acceptability, straight from its definition over all counts."""
    mass = [math.comb(n, x) * p**x * (1 - p) ** (n - x) for x in range(n + 1)]
    rarity = [min(sum(mass[x:]), sum(mass[: x + 1])) for x in range(n + 1)]
    return sum(m for m, rare in zip(mass, rarity, strict=True) if rare <= rarity[k] * (1 + 1e-12))


@settings(max_examples=60)
@given(COUNTS, st.sampled_from([0.8, 0.95, 0.99]))
def test_blaker_lies_within_clopper_pearson_and_holds_the_observed_share(counts, confidence):
    successes, trials = counts
    low, high = blaker(successes, trials, confidence)
    outer = clopper_pearson(successes, trials, confidence)
    assert outer.low <= low <= high <= outer.high
    if trials:
        assert low <= successes / trials <= high


@pytest.mark.parametrize("n", [1, 2, 5, 10, 37, 120])
def test_blaker_covers_every_share_as_often_as_stated_to_the_last_digit(n):
    intervals = [blaker(k, n) for k in range(n + 1)]
    ends = {end + step for interval in intervals for end in interval for step in (-1e-9, 1e-9)}
    for p in (*(step / 200 for step in range(1, 200)), *(p for p in ends if 0 < p < 1)):
        covered = sum(
            math.comb(n, k) * p**k * (1 - p) ** (n - k)
            for k, interval in enumerate(intervals)
            if p in interval
        )
        assert covered >= 0.95 - 1e-9


def test_blaker_is_narrower_where_clopper_pearson_wastes():
    widths = [[high - low for low, high in (blaker(k, 50), clopper_pearson(k, 50))] for k in (1, 9)]
    assert all(mine < theirs for mine, theirs in widths)


def test_blaker_takes_large_samples():
    low, high = blaker(200_000, 1_000_000)
    assert (low, high) == pytest.approx((0.199217, 0.200785), abs=2e-6)


@pytest.mark.parametrize(
    ("freedom", "quantile"),  # NIST/SEMATECH e-Handbook of Statistical Methods, table 1.3.6.7.2
    [(4, 2.776), (5, 2.571), (10, 2.228), (20, 2.086), (27, 2.052), (100, 1.984)],
)
def test_students_quantile_is_that_of_the_tables(freedom, quantile):
    assert student_quantile(0.975, freedom) == pytest.approx(quantile, abs=0.0005)


@pytest.mark.parametrize(("p", "freedom"), [(0.4, 5), (1.0, 5), (0.5, 0)])
def test_a_quantile_that_is_none_is_refused(p, freedom):
    with pytest.raises(ValueError, match="no quantile"):
        student_quantile(p, freedom)
