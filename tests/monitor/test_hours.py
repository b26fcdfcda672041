"""hours: what is counted along each dimension adds up, and names do not grow without end."""

from __future__ import annotations

import random

from headgate.monitor.attribution import DIMENSIONS, NONE
from headgate.monitor.hours import HOUR_US, MOST_HOURS, MOST_KINDS, MOST_LEVELS, REST, Hours

DICE = random.Random(3)


def levels(**named: str | None) -> tuple[str | None, ...]:
    return tuple(named.get(dimension) for dimension in DIMENSIONS)


def test_every_dimension_adds_up_to_all_requests():
    hours = Hours()
    for number in range(1000):
        hours.add(number * HOUR_US // 9, levels(key=DICE.choice(["a", "b", None])), number % 4 == 0)
    for counts in hours.levels(0):
        assert sum(count.n for count in counts.values()) == 1000
        assert sum(count.hits for count in counts.values()) == 250


def test_a_period_holds_its_hours_and_no_others():
    hours = Hours()
    for hour in range(10):
        hours.add(hour * HOUR_US, levels(), hit=True)
    assert hours.levels(3, 7)[0][NONE].n == 4
    assert hours.levels(3)[0][NONE].n == 7


def test_hours_without_requests_are_in_the_series():
    hours = Hours()
    hours.add(5 * HOUR_US, levels(), hit=True)
    hours.add(8 * HOUR_US, levels(), hit=False)
    first, series = hours.series(0)
    assert first == 5
    assert [tuple(count) for count in series] == [(1, 1), (0, 0), (0, 0), (1, 0)]
    assert hours.series(7)[0] == 7


def test_names_beyond_the_most_are_counted_together():
    hours = Hours()
    for number in range(MOST_LEVELS + 40):
        hours.add(0, levels(key=f"key_{number}"), hit=False)
    keys = hours.levels(0)[DIMENSIONS.index("key")]
    assert len(keys) == MOST_LEVELS + 1
    assert keys[REST].n == 40


def test_old_hours_are_forgotten():
    hours = Hours()
    for hour in range(MOST_HOURS + 5):
        hours.add(hour * HOUR_US, levels(), hit=False)
    hours.forget()
    assert len(hours) == MOST_HOURS
    assert not hours.levels(0, 5)[0]


def test_whether_it_is_asked_after_each_request_or_at_the_end_is_all_the_same():
    asked, left = Hours(), Hours()
    for _ in range(3000):
        request = levels(key=f"key_{DICE.randrange(150)}", route=DICE.choice(["/a", None]))
        at_us, hit = DICE.randrange(4) * HOUR_US, DICE.random() < 0.3
        for hours in (asked, left):
            hours.add(at_us, request, hit)
        assert asked.state.hours
    assert left.state == asked.state


def test_what_waits_to_be_counted_is_bounded_and_none_of_it_is_lost():
    hours = Hours()
    for number in range(MOST_KINDS + 10):
        hours.add(0, levels(key=f"key_{number}"), hit=True)
        assert len(hours._waiting) <= MOST_KINDS
    assert sum(count.n for count in hours.levels(0)[0].values()) == MOST_KINDS + 10


def test_what_waits_is_there_for_whoever_asks():
    hours = Hours()
    assert not hours
    hours.add(0, levels(), hit=True)
    assert hours
    assert len(hours) == 1
    other = Hours()
    other.resume(hours.state)
    assert other.state == hours.state
