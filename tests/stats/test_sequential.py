"""sequential: planted truth, exact sums over all streams, and guarantees checked by simulation."""

import math
import random
from fractions import Fraction
from itertools import product

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.stats.intervals import clopper_pearson
from headgate.stats.sequential import (
    ODDS_RATIOS,
    Detector,
    DetectorState,
    Evidence,
    confidence_sequence,
    threshold,
)

BUDGET = 0.15
FRESH = DetectorState(budget=BUDGET, threshold=threshold(0.05, 100_000))


def rates(bound: float, side: str = "above") -> list[float]:
    odds = [bound / (1 - bound) * (r if side == "above" else 1 / r) for r in ODDS_RATIOS]
    return [one / (1 + one) for one in odds]


def closed_form(hits: list[bool], bound: float, side: str = "above") -> float:
    """Σ_k 1/K Σ_j Π_{i ≥ j} L_k(x_i): a fresh dollar before each request, spread over the rates."""
    total = 0.0
    for rate in rates(bound, side):
        for start in range(len(hits)):
            worth = 1.0
            for hit in hits[start:]:
                worth *= rate / bound if hit else (1 - rate) / (1 - bound)
            total += worth / len(ODDS_RATIOS)
    return total


@given(
    st.lists(st.booleans(), max_size=40),
    st.floats(0.01, 0.99),
    st.sampled_from(["above", "below"]),
)
def test_the_evidence_is_the_sum_over_all_moments_a_change_may_have_come(hits, bound, side):
    evidence = Evidence(bound, side)
    for hit in hits:
        evidence.add(hit)
    assert evidence.value == pytest.approx(closed_form(hits, bound, side), rel=1e-9)


@pytest.mark.parametrize("side", ["above", "below"])
def test_at_the_bound_the_evidence_grows_by_one_a_request_on_average_exactly(side):
    bound, n = Fraction(3, 20), 6
    mean = Fraction(0)
    for stream in product([True, False], repeat=n):
        evidence = Evidence(float(bound), side)
        for hit in stream:
            evidence.add(hit)
        chance = math.prod(bound if hit else 1 - bound for hit in stream)
        mean += chance * Fraction(evidence.value)
    assert float(mean) == pytest.approx(n, abs=1e-9)


@given(st.floats(0.02, 0.98), st.floats(0, 1))
def test_within_the_bound_no_bet_gains_on_average(bound, part):
    chance = bound * part
    for rate in rates(bound):
        gain = chance * rate / bound + (1 - chance) * (1 - rate) / (1 - bound)
        assert gain <= 1 + 1e-12


@pytest.mark.parametrize("bound", [0.01, 0.15, 0.5])
def test_the_nearest_bet_grows_at_84_percent_of_the_best_speed_or_more(bound):
    for step in range(206):
        odds = bound / (1 - bound) * 1.05 * 1.01**step
        true = odds / (1 + odds)
        best = growth(true, true, bound)
        assert max(growth(true, rate, bound) for rate in rates(bound)) >= 0.84 * best
    assert 1.05 * 1.01**205 > 8


def growth(true: float, rate: float, bound: float) -> float:
    """Nats a request that a bet on `rate` gains where `true` is the rate."""
    return true * math.log(rate / bound) + (1 - true) * math.log((1 - rate) / (1 - bound))


def test_an_alarm_is_raised_when_the_threshold_is_reached_and_not_before():
    detector, evidence = Detector(FRESH), Evidence(BUDGET)
    for number in range(1, 40):
        raised = detector.update(True)
        if evidence.add(True) >= FRESH.threshold:
            assert (raised, detector.alarm, detector.since) == ("raised", True, number)
            return
        assert (raised, detector.alarm) == (None, False)
    pytest.fail("no alarm")


def test_an_alarm_is_cleared_once_the_rate_is_shown_to_be_back_below_and_may_be_raised_again():
    chance = random.Random(1)
    detector = Detector(FRESH)
    changes = []
    for rate, requests in ((0.30, 2_000), (0.08, 4_000), (0.30, 2_000)):
        for _ in range(requests):
            change = detector.update(chance.random() < rate)
            if change is not None:
                changes.append((change, rate))
    assert changes == [("raised", 0.30), ("cleared", 0.08), ("raised", 0.30)]


def test_an_alarm_stays_while_the_rate_is_above_its_budget():
    chance = random.Random(2)
    detector = Detector(FRESH)
    changes = [detector.update(chance.random() < 0.18) for _ in range(60_000)]
    assert [change for change in changes if change] == ["raised"]


@given(st.lists(st.booleans(), min_size=1, max_size=200), st.data())
def test_a_stored_detector_goes_on_bit_for_bit(hits, data):
    cut = data.draw(st.integers(0, len(hits)))
    start = DetectorState(budget=0.3, threshold=40.0)
    whole, first = Detector(start), Detector(start)
    for hit in hits:
        whole.update(hit)
    for hit in hits[:cut]:
        first.update(hit)
    stored = msgspec.json.encode(first.state)
    assert len(stored) < 500
    second = Detector(msgspec.json.decode(stored, type=DetectorState))
    for hit in hits[cut:]:
        second.update(hit)
    assert second.state == whole.state


@pytest.mark.parametrize("quiet", [0, 1_000, 50_000])
def test_a_long_quiet_past_does_not_blind_the_detector(quiet):
    delays = []
    for seed in range(15):
        chance = random.Random(seed)
        detector = Detector(FRESH)
        for _ in range(quiet):
            assert detector.update(chance.random() < 0.05) is None
        delay = 1
        while detector.update(chance.random() < 0.22) is None:
            delay += 1
        delays.append(delay)
    assert sorted(delays)[7] <= 1_200


def test_a_stream_exactly_at_its_budget_alarms_as_seldom_as_stated():
    # 1,000 short streams at a low threshold: the bound n / threshold is 10 % here
    alarms = 0
    for seed in range(1_000):
        chance = random.Random(seed)
        detector = Detector(DetectorState(budget=BUDGET, threshold=2_000.0))
        alarms += any(detector.update(chance.random() < BUDGET) for _ in range(200))
    assert clopper_pearson(alarms, 1_000, 0.999).low <= 0.10
    assert alarms > 0, "a test that never alarms says nothing of its threshold"


def test_the_average_time_to_a_false_alarm_is_at_least_the_threshold():
    times = []
    for seed in range(60):
        chance = random.Random(seed)
        evidence, n = Evidence(BUDGET), 0
        while evidence.value < 300:
            evidence.add(chance.random() < BUDGET)
            n += 1
        times.append(n)
    mean = sum(times) / len(times)
    error = (sum((one - mean) ** 2 for one in times) / len(times) / len(times)) ** 0.5
    assert mean + 3 * error >= 300


def test_the_past_may_decide_the_chance_as_long_as_it_keeps_to_the_budget():
    # a caller who stops escalating after every hit, and else uses the budget to the full
    alarms = 0
    for seed in range(300):
        chance, rest = random.Random(seed), 0
        detector = Detector(DetectorState(budget=BUDGET, threshold=4_000.0))
        for _ in range(200):
            hit = rest == 0 and chance.random() < BUDGET
            rest = 3 if hit else max(0, rest - 1)
            alarms += detector.update(hit) == "raised"
    assert alarms <= 300 * 200 / 4_000


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.1, 1.5, math.nan])
def test_a_bound_that_is_no_rate_between_0_and_1_is_refused(bound):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        Evidence(bound)


def test_sums_of_another_grid_are_refused():
    with pytest.raises(ValueError, match="2 sums for 8 bets"):
        Evidence(0.5, "above", (1.0, 2.0))


@pytest.mark.parametrize(("chance", "requests"), [(0.0, 10), (1.0, 10), (0.05, 0)])
def test_a_target_that_is_none_is_refused(chance, requests):
    with pytest.raises(ValueError, match="no target"):
        threshold(chance, requests)


def test_the_threshold_is_requests_by_chance():
    assert threshold(0.05, 100_000) == 2_000_000


def beta_binomial(hits: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """Robbins' closed form for a constant rate, with the Beta(1/2, 1/2) mixture, by bisection."""

    def value(p: float) -> float:
        log_mixture = math.lgamma(hits + 0.5) + math.lgamma(n - hits + 0.5) - math.lgamma(n + 1)
        return log_mixture - math.log(math.pi) - hits * math.log(p) - (n - hits) * math.log1p(-p)

    limit = math.log(1 / (1 - confidence))

    def edge(inside: float, outside: float) -> float:
        for _ in range(80):
            middle = (inside + outside) / 2
            inside, outside = (middle, outside) if value(middle) < limit else (inside, middle)
        return inside

    return edge(hits / n, 1e-12), edge(hits / n, 1 - 1e-12)


@pytest.mark.parametrize("n", [100, 1_000, 10_000, 100_000, 1_000_000])
@pytest.mark.parametrize("rate", [0.01, 0.15, 0.5, 0.9])
def test_the_confidence_sequence_is_about_as_wide_as_the_closed_form_for_constant_rates(n, rate):
    hits = round(n * rate)
    low, high = confidence_sequence(hits, n)
    oracle_low, oracle_high = beta_binomial(hits, n)
    assert 0.7 <= (high - low) / (oracle_high - oracle_low) <= 1.15
    assert low < rate < high


def test_the_confidence_sequence_is_wider_than_an_interval_for_one_look():
    low, high = confidence_sequence(150, 1_000)
    one_low, one_high = clopper_pearson(150, 1_000)
    assert low < one_low
    assert high > one_high


def test_a_constant_rate_stays_within_the_confidence_sequence_at_all_times():
    missed = sum(leaves(seed, lambda _: 0.15) for seed in range(100))
    assert clopper_pearson(missed, 100, 0.999).low <= 0.05


def test_the_average_of_rates_that_move_stays_within_it_too():
    missed = sum(leaves(seed, lambda n: 0.05 if n % 400 < 200 else 0.4) for seed in range(100))
    assert clopper_pearson(missed, 100, 0.999).low <= 0.05


def leaves(seed: int, rate_at) -> bool:
    chance, hits, rates_sum = random.Random(seed), 0, 0.0
    for n in range(1, 2_001):
        rate = rate_at(n)
        hits += chance.random() < rate
        rates_sum += rate
        if n % 80 == 0 and rates_sum / n not in confidence_sequence(hits, n):
            return True
    return False


@given(st.integers(0, 500), st.integers(0, 500))
def test_hits_and_misses_are_each_others_mirror_image(hits, misses):
    low, high = confidence_sequence(hits, hits + misses)
    mirror = confidence_sequence(misses, hits + misses)
    assert (low, high) == pytest.approx((1 - mirror.high, 1 - mirror.low))
    assert 0 <= low <= high <= 1


def test_nothing_seen_tells_nothing():
    assert confidence_sequence(0, 0) == (0.0, 1.0)


def test_more_confidence_is_a_wider_interval():
    low, high = confidence_sequence(20, 100, 0.9)
    wide_low, wide_high = confidence_sequence(20, 100, 0.99)
    assert wide_low < low < high < wide_high


@pytest.mark.parametrize(("hits", "n"), [(-1, 5), (6, 5)])
def test_what_is_no_share_is_refused(hits, n):
    with pytest.raises(ValueError, match="not a share"):
        confidence_sequence(hits, n)


@pytest.mark.parametrize("confidence", [0.0, 1.0])
def test_a_confidence_that_is_none_is_refused(confidence):
    with pytest.raises(ValueError, match="not between 0 and 1"):
        confidence_sequence(1, 5, confidence)
