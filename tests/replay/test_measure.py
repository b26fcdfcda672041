"""replay measure: shares are exact, intervals hold what they should, the mix is a straight line."""

import pytest
from benchmarks.replay.measure import Seen, quality

BOTH, NEITHER = Seen(True, True, False, True), Seen(False, False, True, False)
GAINED = Seen(cheap=False, premium=True, escalated=True, routed=True)
MISSED = Seen(cheap=False, premium=True, escalated=False, routed=False)
SEEN = [BOTH] * 60 + [NEITHER] * 10 + [GAINED] * 20 + [MISSED] * 10


def test_the_shares_are_those_of_the_requests():
    found = quality(SEEN, seed=1)
    assert found.escalated.value == pytest.approx(0.30)
    assert found.always_cheap.value == pytest.approx(0.60)
    assert found.always_premium.value == pytest.approx(0.90)
    assert found.routed.value == pytest.approx(0.80)


def test_the_random_mix_lies_on_the_line_between_cheap_and_premium():
    found = quality(SEEN, seed=1)
    assert found.random_mix.value == pytest.approx(0.30 * 0.90 + 0.70 * 0.60)
    assert found.gain.value == pytest.approx(0.80 - 0.69)


def test_the_interval_is_about_that_of_a_binomial_share():
    found = quality(SEEN * 10, seed=1).routed
    assert (found.low, found.high) == pytest.approx((0.775, 0.825), abs=0.006)


def test_a_share_without_doubt_has_an_interval_of_no_width():
    found = quality([BOTH] * 50, seed=1)
    assert (found.routed.low, found.routed.value, found.routed.high) == (1, 1, 1)
    assert found.gain.low == found.gain.high == 0


def test_routing_at_random_gains_nothing():
    cheap = [Seen(False, True, False, False), Seen(True, True, False, True)]
    premium = [Seen(False, True, True, True), Seen(True, True, True, True)]
    gain = quality((cheap + premium) * 200, seed=1).gain
    assert gain.low < 0 < gain.high


def test_the_same_seed_gives_the_same_intervals():
    assert quality(SEEN, seed=1) == quality(SEEN, seed=1) != quality(SEEN, seed=2)


def test_nothing_cannot_be_measured():
    with pytest.raises(ValueError, match="nothing to measure"):
        quality([], seed=1)
