"""peers: river's detectors as oracles, and what they do that ours should not."""

import random

import pytest
from benchmarks.detector.peers import PEERS, compare, first_alarm, ours
from benchmarks.detector.simulate import false_alarm

STEP = (0.12, 0.30)


@pytest.fixture(scope="module")
def peers():
    return {
        name: compare(name, make, streams=12, requests=10_000, step=STEP)
        for name, make in PEERS.items()
    }


def test_ours_in_rivers_shape_is_ours():
    assert first_alarm(ours(), random.Random(3), 0.25, 5_000) == false_alarm(
        random.Random(3), 5_000, rate=0.25
    )
    assert first_alarm(ours(), random.Random(3), 0.05, 5_000) is None


def test_what_adwin_finds_ours_finds_in_as_many_requests_to_the_order(peers):
    adwin, own = peers["river ADWIN"], peers["headgate"]
    assert own.early == 0
    assert own.median < 3 * adwin.median
    assert adwin.median < 3 * own.median


def test_constant_streams_alarm_neither_adwin_nor_ours(peers):
    assert peers["headgate"].false_alarms == 0
    assert peers["river ADWIN"].false_alarms <= 1


def test_a_step_within_the_budget_is_a_change_to_adwin_and_no_breach_to_ours(peers):
    assert peers["headgate"].within == 0
    assert peers["river ADWIN"].within >= 10
