"""breaker: when an upstream is no longer called, when again, and how many retries there may be."""

from __future__ import annotations

import heapq
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.routing.breaker import SLICES, Brakes, Breaker, Retries, RetryBudget, _Count
from headgate.values import ModelRef


def failing(breaker: Breaker, count: int, at: float = 0.0) -> None:
    for _ in range(count):
        breaker.note(False, at, at)


def test_it_opens_after_so_many_failures_in_a_row():
    breaker = Breaker(failures=20)
    failing(breaker, 19)
    assert breaker.allows(0)
    failing(breaker, 1)
    assert not breaker.allows(0)


def test_a_success_begins_the_count_anew():
    breaker = Breaker(failures=3)
    failing(breaker, 2)
    breaker.note(True, 0, 0)
    failing(breaker, 1, at=6)
    assert breaker.allows(6)


def test_it_opens_when_half_of_the_recent_calls_fail():
    breaker = Breaker(failures=10, window=5)
    for number in range(19):
        breaker.note(number % 2 == 1, 1.0, 1.0)
    assert breaker.is_open


def test_it_stays_closed_when_fewer_than_half_fail():
    breaker = Breaker(failures=10, window=5)
    for number in range(300):
        breaker.note(number % 3 != 0, 1.0, 1.0)
    assert not breaker.is_open


def test_old_failures_are_forgotten():
    breaker = Breaker(failures=4, window=5)
    for at in (0.0, 0.0, 10.0, 10.0):
        breaker.note(False, at, at)
        breaker.note(True, at, at)
    assert not breaker.is_open


@given(
    st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=80),
    st.integers(2, 6),
)
def test_it_opens_at_the_failure_that_makes_half_of_the_window_or_so_many_in_a_row(calls, failures):
    """Against every call kept; times are those at which the window's slices begin."""
    breaker = Breaker(failures=failures, window=100.0)
    at, kept = 0.0, list[tuple[float, bool]]()
    for pause, good in calls:
        at += pause
        breaker.note(good, at, at)
        kept.append((at, good))
        recent = [good for then, good in kept if then > at - 100.0]
        half = recent.count(False) >= failures and 2 * recent.count(False) >= len(recent)
        in_a_row = len(kept) >= failures and not any(good for _, good in kept[-failures:])
        assert breaker.is_open is (not good and (half or in_a_row))
        if breaker.is_open:
            break


def test_open_it_lets_one_probe_through_in_each_pause_and_the_first_success_closes_it():
    breaker = Breaker(failures=1, pause=5)
    assert breaker.note(False, 0, 0) == "opened"
    assert breaker.note(False, 0, 0) is None, "it is told once"
    assert [breaker.allows(at) for at in (0, 4.9, 5, 5.1, 9.9, 10)] == [
        False,
        False,
        True,
        False,
        False,
        True,
    ]
    assert breaker.opens_in(11) == 4
    assert breaker.note(False, 11, 11) is None
    assert not breaker.allows(12)
    assert breaker.note(True, 12, 12) == "closed"
    assert breaker.allows(12)
    assert breaker.note(True, 12, 12) is None, "it is told once"
    assert breaker.opens_in(12) == 0


def test_a_closed_breaker_has_forgotten_why_it_was_open():
    breaker = Breaker(failures=2, pause=5)
    failing(breaker, 2)
    breaker.note(True, 5, 5)
    failing(breaker, 1, at=5)
    assert breaker.allows(5)


def test_a_success_that_began_before_it_opened_leaves_it_open():
    breaker = Breaker(failures=2, pause=5)
    failing(breaker, 2, at=10)
    breaker.note(True, 11, began=3)  # a long answer, from when all was well
    breaker.note(True, 11, began=10)
    assert not breaker.allows(11)
    breaker.note(True, 12, began=11)
    assert breaker.allows(12)


def test_a_quiet_gateway_may_retry_so_often_a_second_and_no_more():
    budget = RetryBudget(share=0.2, floor=3, window=10)
    assert [budget.take(0) for _ in range(5)] == [True] * 3 + [False] * 2
    assert not budget.take(0.9)
    assert [budget.take(1.1) for _ in range(5)] == [True] * 3 + [False] * 2


@pytest.mark.parametrize(("floor", "seconds"), [(0.25, 4.0), (1.5, 4 / 3), (2.5, 1.2)])
def test_a_part_of_a_retry_a_second_is_one_in_more_than_a_second(floor, seconds):
    budget = RetryBudget(share=0, floor=floor)
    at_once = sum(budget.take(0) for _ in range(9))
    assert at_once == pytest.approx(floor * seconds)
    assert not budget.take(seconds - 0.05)
    assert budget.take(seconds + 0.05)


def test_without_a_floor_only_requests_allow_retries():
    budget = RetryBudget(share=0.2, floor=0)
    assert not any(budget.take(at) for at in range(100))


def test_requests_earn_retries():
    budget = RetryBudget(share=0.2, floor=0, window=10)
    assert not budget.take(0)
    for _ in range(50):
        budget.request(1)
    assert sum(budget.take(1) for _ in range(20)) == 10
    for _ in range(50):
        budget.request(2)
    assert not any(budget.take(12.5) for _ in range(5))


@given(
    st.lists(st.tuples(st.floats(0, 1), st.integers(1, 20)), min_size=1, max_size=60),
    st.floats(0, 1),
    st.floats(0, 5),
)
def test_retries_never_exceed_the_share_and_the_floor_in_any_run(steps, share, floor):
    budget = RetryBudget(share=share, floor=floor, window=10)
    now, requests, retries = 0.0, 0, 0
    for pause, count in steps:
        now += pause
        for _ in range(count):
            budget.request(now)
            requests += 1
            retries += budget.take(now)
    burst = math.ceil(floor)
    times = 1 + int(now * floor / burst) if burst else 0
    assert retries <= share * requests + burst * times + 1e-6


@pytest.mark.parametrize("rate", [1, 7, 50, 200])
@pytest.mark.parametrize("wait", [0.05, 1.02])
def test_calls_in_an_outage_keep_to_the_rule_from_the_first_to_the_last_of_them(rate, wait):
    """Also while the last retries are decided, when no request comes any more."""
    budget = RetryBudget(share=0.2, floor=10)
    first = 1000.07
    calls = [(first + number / rate, 1) for number in range(rate * 60)]
    requests = made = 0
    while calls:
        at, tries = heapq.heappop(calls)
        made += 1
        if tries == 1:
            budget.request(at)
            requests += 1
        decided = at + 0.003
        if tries < 3 and budget.take(decided):
            heapq.heappush(calls, (decided + wait, tries + 1))
        assert made <= 1.2 * requests + 10 * (1 + int(at - first))
    assert requests == rate * 60
    assert made >= 0.9 * min(3 * requests, 1.2 * requests + 10 * 60)  # what is allowed is used


@given(
    st.lists(st.tuples(st.integers(0, 400), st.sampled_from([-1, 0, 1])), max_size=40),
    st.sampled_from([0.3, 5.0, 10.0, 1 / 3]),
    st.integers(0, 10**9),
)
def test_a_call_belongs_to_the_slice_of_its_time_to_the_last_bit(steps, window, start):
    count = _Count(window, late=False)
    before = 0.0
    for slices, nudge in sorted(steps):
        edge = (start + slices) * window / SLICES
        at = max(before, edge if nudge == 0 else math.nextafter(edge, math.inf * nudge))
        before = at
        count.add(at)
        assert count._latest == int(at * (SLICES / window))


def test_what_is_long_past_is_forgotten():
    budget = RetryBudget(share=1, floor=0, window=10)
    for number in range(1_000):
        budget.request(number)
    assert sum(budget.take(999) for _ in range(100)) == 10


def test_only_the_model_whose_breaker_is_open_rests_and_not_for_its_probe():
    cheap, premium, other = (ModelRef("p", name) for name in ("cheap", "premium", "other"))
    brakes = Brakes([cheap, premium], breaker=lambda: Breaker(failures=2, pause=5))
    for _ in range(2):
        brakes.note(cheap, False, 0, 0)
    assert [brakes.rests(model) for model in (cheap, premium, other)] == [True, False, False]
    assert brakes.may_call(cheap, 5)  # the probe
    assert brakes.rests(cheap)
    brakes.note(cheap, True, 6, 6)
    assert not brakes.rests(cheap)


def test_models_of_a_callers_choice_share_the_retries_of_their_provider_and_always_may_be_called():
    retries = Retries(["a", "b"], retries=lambda: RetryBudget(share=0.5, floor=0))
    for number in range(4):
        assert retries.may_call(ModelRef("a", f"m{number}"), 0.0)
    allowed = [retries.may_retry(ModelRef("a", f"n{number}"), 0.0) for number in range(3)]
    assert allowed == [True, True, False]
    assert not retries.may_retry(ModelRef("b", "m0"), 0.0)
    assert not retries.rests(ModelRef("a", "m0"))
