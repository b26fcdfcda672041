"""actions: how far a hold may go, when it begins, when it ends."""

from __future__ import annotations

import random

import pytest

from headgate.monitor.actions import (
    Certified,
    Held,
    RecentScores,
    Release,
    act,
    held_threshold,
    release,
)
from headgate.monitor.standing import Action, standing
from headgate.routing.policy import PINNED_BY_WATCH
from tests.known import known
from tests.monitor.test_budget import DAY, HOUR, outcome
from tests.monitor.test_standing import event

LINE = [(place / 200, 1 - place / 200) for place in range(201)]
"""Scores that are spread evenly: a threshold t escalates 1 - t."""
NOTHING = standing([])


def test_recent_scores_say_what_each_threshold_would_have_led_to():
    dice = random.Random(1)
    rows = [
        outcome(number + 1, number * HOUR // 100, False, router="r", score=dice.random())
        for number in range(5000)
    ]
    scores = RecentScores(7 * DAY)
    scores.fold(rows)
    for threshold, rate in known(scores.rates())[::20]:
        exact = sum(known(row.score) >= threshold for row in rows) / len(rows)
        assert rate == pytest.approx(exact, abs=1e-9)


def test_requests_that_no_score_decided_stay_where_they_went():
    rows = [outcome(number + 1, 0, premium=number < 30) for number in range(100)]
    scores = RecentScores(7 * DAY)
    scores.fold(rows)
    assert {rate for _, rate in known(scores.rates())} == {0.3}


def test_scores_of_before_the_window_and_pinned_requests_do_not_count():
    scores = RecentScores(DAY)
    scores.fold([outcome(1, 0, False, router="r", score=0.9)])
    scores.fold([outcome(2, 3 * DAY, False, router="r", score=0.1)])
    scores.fold([outcome(3, 3 * DAY, True, reason=PINNED_BY_WATCH)])
    scores.fold([outcome(2, 3 * DAY, False, router="r", score=0.1)])
    rates = dict(known(scores.rates()))
    assert rates[0.0] == 1
    assert rates[0.105] == 0


def test_without_requests_there_are_no_rates():
    assert RecentScores(DAY).rates() is None


def test_a_hold_is_the_lowest_threshold_that_keeps_to_the_budget():
    found = held_threshold([Certified("r", 0.5, 0.9)], LINE, 0.25)
    assert found.threshold == 0.75
    assert "kept to the budget" in found.why


def test_a_hold_never_goes_beyond_the_certificate():
    found = held_threshold([Certified("r", 0.5, 0.6)], LINE, 0.25)
    assert found.threshold == 0.6
    assert "certificate ends at 0.6" in found.why
    two = [Certified("r", 0.5, 0.9), Certified("s", 0.55, 0.7)]
    assert held_threshold(two, LINE, 0.1).threshold == 0.7


@pytest.mark.parametrize(
    ("routers", "rates", "why"),
    [
        ([], LINE, "no learned router"),
        ([Certified("r", 0.5, None)], LINE, "no certificate promises"),
        ([Certified("r", 0.6, 0.6)], LINE, "already the highest"),
        ([Certified("r", 0.5, 0.9), Certified("s", 0.95, 0.99)], LINE, "already the highest"),
        ([Certified("r", 0.5, 0.9)], None, "no request has been scored"),
    ],
)
def test_where_there_is_no_room_it_says_why(routers, rates, why: str):
    found = held_threshold(routers, rates, 0.25)
    assert found.threshold is None
    assert why in found.why


def test_a_hold_never_lowers_the_threshold():
    assert known(held_threshold([Certified("r", 0.5, 0.9)], LINE, 0.8).threshold) > 0.5


def test_a_breach_is_answered_as_configured():
    held = Held(0.7, "")
    assert act("alert", 5, NOTHING, held, 9) is None
    assert act("pin", None, NOTHING, held, 9) is None
    assert act("pin", 5, NOTHING, held, 9) == Action(kind="pin", since_us=9, alarm_us=5)
    assert act("hold", 5, NOTHING, held, 9) == Action(
        kind="hold", since_us=9, threshold=0.7, alarm_us=5
    )
    assert act("hold", 5, NOTHING, Held(None, ""), 9) is None


def test_one_alarm_is_answered_once():
    pinned = event("action.pin", 10, alarm_us=5)
    released = [pinned, event("action.release", 20)]
    assert act("pin", 5, standing([pinned]), Held(None, ""), 30) is None
    assert act("pin", 5, standing(released), Held(None, ""), 30) is None
    assert act("pin", 25, standing(released), Held(None, ""), 30) is not None


HOLD = Action(kind="hold", since_us=100, threshold=0.7, alarm_us=50)
PIN = Action(kind="pin", since_us=100, alarm_us=50)


@pytest.mark.parametrize(
    ("action", "rule", "alarm_us", "at_us", "ends"),
    [
        (None, Release(on_clear=True, after_us=1), None, 999, False),
        (HOLD, Release(), None, 10**9, False),
        (HOLD, Release(on_clear=True), 50, 999, False),
        (HOLD, Release(on_clear=True), None, 999, True),
        (PIN, Release(on_clear=True), None, 999, False),
        (PIN, Release(after_us=50), 50, 149, False),
        (PIN, Release(after_us=50), 50, 150, True),
        (Action(kind="hold", since_us=1, by="command"), Release(on_clear=True), None, 9, False),
    ],
)
def test_an_action_ends_as_configured(action, rule, alarm_us, at_us, ends: bool):
    assert (release(action, rule, alarm_us, at_us) is not None) is ends
