"""simulate: streams have the rate they say, and what is returned is what happened to them."""

import random

from benchmarks.detector.simulate import BUDGET, delay, false_alarm, fresh, stream

from tests.known import known


def test_a_stream_has_its_rate_and_its_length():
    hits = list(stream(random.Random(1), 0.15, 20_000))
    assert len(hits) == 20_000
    assert abs(sum(hits) / 20_000 - 0.15) < 0.01


def test_a_stream_far_above_the_budget_alarms_at_the_request_that_says_so():
    number = known(false_alarm(random.Random(1), 1_000, rate=0.6))
    detector = fresh()
    changes = [detector.update(hit) for hit in stream(random.Random(1), 0.6, number)]
    assert changes.index("raised") == number - 1


def test_a_stream_far_below_the_budget_raises_none():
    assert false_alarm(random.Random(1), 5_000, rate=0.05) is None


def test_a_delay_is_counted_from_the_step():
    found = delay(random.Random(1), 0.0, 1.0, quiet=500)
    detector = fresh()
    assert found == next(n for n in range(1, 99) if detector.update(True) is not None)


def test_an_alarm_before_the_step_is_no_delay():
    assert delay(random.Random(1), 0.9, 0.9, quiet=1_000) is None


def test_the_budget_is_the_one_that_the_target_names():
    assert BUDGET == 0.15
