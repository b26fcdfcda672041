"""watched: one rate, its copy, its restart."""

from __future__ import annotations

import numpy as np
from benchmarks.dependence.traffic import KINDS, level
from benchmarks.dependence.windows import RATE, windows

from headgate.monitor.watched import WatchedRate
from headgate.stats.intervals import wilson

HOUR = 3_600_000_000


def breached() -> WatchedRate:
    watched = WatchedRate(0.15, HOUR, 1000.0)
    for number in range(40):
        watched.update(number, hit=True)
    return watched


def test_enough_evidence_raises_the_alarm():
    watched = breached()
    assert watched.alarm_us is not None
    assert watched.whole == (40, 40)


def test_a_copy_goes_its_own_way():
    watched = WatchedRate(0.15, HOUR, 1000.0)
    watched.update(0, hit=True)
    twin = watched.copy(10.0)
    for number in range(3):
        twin.update(number, hit=True)
    assert twin.alarm_us is not None
    assert watched.alarm_us is None
    assert watched.whole.n == 1


def test_a_restart_ends_an_alarm_and_keeps_the_counts():
    watched = breached()
    watched.restart(77)
    assert (watched.alarm_us, watched.cleared_us) == (None, 77)
    assert watched.evidence == 0
    assert watched.whole.n == 40
    calm = WatchedRate(0.15, HOUR, 1000.0)
    calm.restart(5)
    assert calm.cleared_us is None


def test_a_rate_without_a_budget_has_no_evidence():
    watched = WatchedRate(None, HOUR, 1000.0)
    for number in range(100):
        watched.update(number, hit=True)
    assert (watched.evidence, watched.alarm_us) == (0.0, None)
    assert watched.burn(100, HOUR).burn is None


def test_a_budget_of_none_at_all_is_broken_by_the_first_that_was_decided():
    watched = WatchedRate(0, HOUR, 1000.0)
    watched.update(1, hit=False)
    watched.update(2, hit=True, decided=False)
    watched.update(3, hit=True)
    watched.update(4, hit=True)
    assert watched.alarm_us == 3
    assert watched.whole == (4, 3)


def test_old_counts_by_time_are_dropped():
    watched = WatchedRate(0.15, HOUR, 1000.0)
    for hour in range(10):
        watched.update(hour * HOUR, hit=False)
    watched.forget(8 * HOUR)
    assert watched.burn(10 * HOUR, 10 * HOUR).served == 2


def test_a_burn_is_over_the_time_that_there_was_something_to_see():
    rate = WatchedRate(0.5, 60_000_000, 1e9)
    for second in range(120):
        rate.update(second * 1_000_000 + 600_000_000, second % 4 == 0)
    young = rate.burn(720_000_000, 3_600_000_000)
    assert young.span_seconds == 120
    assert young.burn == 0.5
    assert rate.burn(720_000_000, 60_000_000).span_seconds == 60


def test_a_window_with_a_day_unlike_the_others_is_less_sure_of_its_rate():
    rate, even = WatchedRate(0.15, HOUR, 1000.0), WatchedRate(0.15, HOUR, 1000.0)
    for number in range(7 * 24 * 5):
        rate.update(number * HOUR // 5, hit=number // 120 == 3)
        even.update(number * HOUR // 5, hit=number % 7 == 3)
    now = 7 * 24 * HOUR
    bad, calm = rate.burn(now, now), even.burn(now, now)
    assert (bad.by, calm.by) == ("day", "day")
    assert bad.served == calm.served
    assert (calm.low, calm.high) == wilson(calm.escalated, calm.served)
    assert bad.low == 0.0
    assert bad.high > 2 * calm.high
    assert rate.burn(4 * 24 * HOUR, 6 * HOUR).by == "hour"


def test_a_window_of_minutes_is_over_its_hours_or_its_requests():
    rate = WatchedRate(None, 60_000_000, 1e9)
    for minute in range(360):
        rate.update(minute * 60_000_000, hit=minute // 60 == 2)
    long, short = (rate.burn(360 * 60_000_000, span * HOUR) for span in (6, 1))
    assert long.by == "hour"
    assert long.low == 0.0
    assert short.by == "request"
    assert (short.low, short.high) == wilson(short.escalated, short.served)


def test_windows_hold_the_rate_of_conversations_and_days_that_wilsons_interval_misses():
    """The fast one that of its own hours, as no six hours tell what other days are like."""
    kind = KINDS[3]
    at = level(kind, RATE, days=1_000)
    found = np.array([windows(kind, at, np.random.default_rng(n)) for n in range(60)], float)
    (week, week_alone, *_), (_, _, hours, hours_alone, *_) = found.mean(axis=0)
    assert week >= 0.83
    assert week_alone <= 0.6
    assert hours >= 0.83
    assert hours_alone <= 0.87
