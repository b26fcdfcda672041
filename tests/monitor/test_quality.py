"""Comparisons add up to an interval, a state and an alarm; each counts once."""

from __future__ import annotations

import random
from collections import Counter
from typing import Any

import msgspec
import numpy as np
import pytest
from benchmarks.dependence.quality import KEPT, WORSE
from benchmarks.dependence.quality import compared as compared_days
from benchmarks.dependence.traffic import KINDS, level

from headgate.ledger.event import Event
from headgate.monitor.quality import (
    ALARM_AT,
    FALSE_ALARM_COMPARISONS,
    FALSE_ALARMS,
    Comparison,
    Quality,
    QualityWatch,
    comparison_event,
    comparisons,
)
from headgate.stats.bounded import Grades, kept_sequence

NOON_US = 1_795_435_200_000_000


def compared(number: int, cheap: float | None = 1.0, premium: float | None = 1.0, **more: Any):
    fields: dict[str, Any] = {
        "request_id": f"req_{number}",
        "at_us": NOON_US + number,
        "outcome": "decided" if cheap is not None else "failed",
        "rate": 0.05,
        "cheap": cheap,
        "premium": premium,
        "cost_nano": 1000,
        "route": "/v1/messages",
    }
    return Comparison(**{**fields, **more})


def folded(floor: float | None, found) -> Quality:
    watch = QualityWatch(floor)
    watch.fold(found)
    return watch.assess()


def fallen() -> Quality:
    """Cheap loses three of ten: far below a floor of 95 %."""
    chance = random.Random(5)
    return folded(0.95, [compared(n, 0.0 if chance.random() < 0.3 else 1.0) for n in range(600)])


def test_an_event_holds_a_comparison_whole():
    one = compared(
        1,
        0.75,
        0.875,
        swung=True,
        key="key_1",
        category="code",
        router="0f3a",
        score=0.25,
        cheap_model="a/b",
        premium_model="a/c",
        judge="a/d",
        policy="auto",
        cost_nano=None,
    )
    event = comparison_event(one)
    assert event.kind == "quality.compared"
    assert event.id.endswith("req_1")
    assert comparisons([event]) == [one]


def test_events_of_other_kinds_and_those_that_cannot_be_read_are_left_out():
    good = comparison_event(compared(1))
    other = msgspec.structs.replace(good, kind="alarm.raised")
    bad = msgspec.structs.replace(good, detail='{"outcome": "a new one", "rate": 1}')
    worse = Event(id="x", at_us=0, kind=good.kind, detail="[]")
    assert comparisons([other, bad, worse, good]) == [compared(1)]


def test_the_threshold_is_that_of_the_promise():
    assert pytest.approx(FALSE_ALARMS) == FALSE_ALARM_COMPARISONS / ALARM_AT


def test_nothing_compared_is_not_yet_known():
    found = folded(0.95, [])
    assert found.state == "not yet known"
    assert found.all.kept is None
    assert found.alarm_us is None
    assert (found.all.low, found.all.high) == (0.0, 2.0)


def test_a_comparison_counts_once():
    watch = QualityWatch(0.95)
    assert watch.fold([compared(1), compared(1), compared(2)]) == 2
    assert watch.fold([compared(2)]) == 0
    assert watch.assess().all.decided == 2


def test_enough_good_comparisons_support_the_floor():
    found = folded(0.95, [compared(number) for number in range(400)])
    assert found.state == "kept"
    assert found.all.low > 0.95
    assert found.all.ties == 400


def test_a_loss_of_quality_raises_the_alarm_and_its_end_clears_it():
    chance = random.Random(5)
    worse = [compared(n, 0.0 if chance.random() < 0.3 else 1.0) for n in range(600)]
    watch = QualityWatch(0.95)
    watch.fold(worse)
    fallen = watch.assess()
    assert fallen.state == "not kept"
    assert fallen.alarm_us is not None
    assert NOON_US < fallen.alarm_us < NOON_US + 600
    watch.fold([compared(1000 + number) for number in range(2000)])
    assert watch.assess().alarm_us is None


def test_without_a_floor_it_is_watched_and_not_judged():
    found = folded(None, [compared(number, 0.0) for number in range(300)])
    assert found.state == "not yet known"
    assert found.alarm_us is None
    assert found.evidence == 0.0
    assert found.all.premium_wins == 300


def test_evidence_grows_towards_the_alarm():
    shares = [folded(0.95, [compared(k, 0.5) for k in range(n)]).evidence for n in (0, 5, 10)]
    assert shares == sorted(shares)
    assert 0 == shares[0] < shares[2] < 1


def test_the_funnel_says_where_requests_were_lost():
    found = folded(
        0.95,
        [
            compared(1),
            compared(2, None, None, outcome="unread"),
            compared(3, None, None, outcome="failed", cost_nano=None),
            compared(4, None, None, outcome="unpaid", cost_nano=0),
            compared(5, None, None, outcome="unfit", cost_nano=0),
        ],
    ).funnel
    assert (found.sampled, found.answered, found.judged, found.decided) == (5, 2, 2, 1)
    assert (found.unpaid, found.cost_nano, found.unpriced) == (1, 2000, 1)


def test_routes_policies_and_keys_are_told_apart_where_there_are_two():
    found = folded(
        0.95,
        [
            *(compared(n, key="key_1", policy="auto") for n in range(3)),
            *(compared(10 + n, 0.5, key="key_2", policy="auto", swung=True) for n in range(5)),
        ],
    )
    assert [(scope.kind, scope.name, scope.decided) for scope in found.scopes] == [
        ("key", "key_2", 5),
        ("key", "key_1", 3),
    ]
    assert found.scopes[0].kept == 0.5
    assert found.scopes[0].swung == found.all.swung == 5


def test_who_wins_is_counted():
    found = folded(None, [compared(1, 1.0, 0.5), compared(2, 0.5, 1.0), compared(3, 0.5, 0.5)])
    assert (found.all.cheap_wins, found.all.ties, found.all.premium_wins) == (1, 1, 1)


def test_days_unlike_each_other_make_the_interval_wider_and_days_alike_do_not():
    day_us = 86_400_000_000

    def over(bad_days: bool) -> Quality:
        return folded(
            0.8,
            [
                compared(
                    n,
                    0.0 if (n // 50 == 3 if bad_days else n % 10 == 3) else 1.0,
                    at_us=NOON_US + n // 50 * day_us,
                )
                for n in range(500)
            ],
        )

    alike, unlike = over(False).all, over(True).all
    assert alike.kept == unlike.kept == 0.9
    assert (alike.days, unlike.days) == (10, 10)
    alone = kept_sequence({Grades(1.0, 1.0): 450, Grades(0.0, 1.0): 50})
    assert (alike.low, alike.high) == alone
    assert unlike.low < alone.low - 0.2
    assert over(False).state == "kept"


def test_below_five_days_each_comparison_is_taken_by_itself():
    found = folded(None, [compared(n, n % 2, at_us=NOON_US + n % 4 * 10**11) for n in range(80)])
    assert found.all.days == 0
    assert (found.all.low, found.all.high) == kept_sequence(
        {Grades(1.0, 1.0): 40, Grades(0.0, 1.0): 40}
    )


def test_the_interval_holds_on_days_unlike_days_where_single_comparisons_miss_it():
    kind, held, alone, years = KINDS[3], 0, 0, 8
    at = level(kind, WORSE, days=1_000)
    for seed in range(years):
        day, cheap, premium = compared_days(kind, 60, np.random.default_rng(seed), 0.1, at)
        rows = [
            compared(n, float(cheap[n]), float(premium[n]), at_us=int(day[n]) * 86_400_000_000)
            for n in range(len(day))
        ]
        whole = folded(None, rows).all
        held += whole.low <= KEPT <= whole.high
        bare = kept_sequence(Counter(map(Grades, cheap.tolist(), premium.tolist())))
        alone += bare.low <= KEPT <= bare.high
    assert held >= 7
    assert alone < held
