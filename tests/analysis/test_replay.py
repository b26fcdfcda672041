"""Replay: planted policies give planted figures, and what cannot be known is bounded."""

from __future__ import annotations

import numpy as np
import pytest

from headgate.analysis.replay import (
    OPEN,
    Course,
    ask_of,
    courses,
    decided,
    limits,
    replay,
    scored,
)
from headgate.analysis.rows import GradedRow
from headgate.routing.learned import learned
from headgate.routing.policy import Policy
from headgate.routing.rules import rule
from headgate.routing.tier import Tier
from headgate.values import ModelRef
from tests.routing.routers import small_artifact

CHEAP = Tier(name="cheap", model=ModelRef.parse("p/small"))
MIDDLE = Tier(name="middle", model=ModelRef.parse("p/middle"))
PREMIUM = Tier(name="premium", model=ModelRef.parse("p/large"), premium=True)
TIERS = (CHEAP, PREMIUM)


def rows(count: int = 100) -> list[GradedRow]:
    """A quarter is hard and says `prove`; cheap costs 1, premium 10 nano-USD."""
    return [
        GradedRow(
            prompt=f"{'prove' if n % 4 == 0 else 'say'} {n}",
            cheap=0.0 if n % 4 == 0 else 1.0,
            premium=1.0,
            cheap_nano=1,
            premium_nano=10,
            conversation=f"c{n // 2}",
            tokens=5,
        )
        for n in range(count)
    ]


def by_rule(tiers=TIERS, to="premium", default="cheap", word="prove") -> Policy:
    return Policy(tiers, rules=[rule("hard", to, matches=word)], default=default)


def figures(policy: Policy, tiers=TIERS):
    return replay(rows(), list(courses(policy, tiers, rows(), "p")))


def test_a_policy_that_knows_the_hard_ones_keeps_the_quality_at_its_price():
    [found] = figures(by_rule())
    assert found.escalation.value == 0.25
    assert found.quality.value == found.of_premium.value == 1.0
    assert found.cost.value == pytest.approx(0.25 * 10 + 0.75)
    assert found.saving.value == pytest.approx(1 - 3.25 / 10)
    assert (found.missed, found.wasted) == (0.0, 0.0)
    assert found.reasons == {"rule:hard": 25, "default": 75}


def test_a_policy_that_is_wrong_misses_and_wastes():
    [found] = figures(by_rule(word="say"))
    assert found.escalation.value == 0.75
    assert found.quality.value == 0.75
    assert (found.missed, found.wasted) == (1.0, 1.0)


def test_what_a_model_would_decide_is_bounded_from_both_sides():
    low, high = figures(by_rule(default=None))
    assert (low.escalation.value, high.escalation.value) == (0.25, 1.0)
    assert low.reasons[OPEN] == 75
    assert "cannot decide" in low.note


def test_a_tier_between_is_not_known():
    tiers = (CHEAP, MIDDLE, PREMIUM)
    chosen, _ = decided(by_rule(tiers, to="middle"), tiers, rows(8))
    assert chosen == [None, False, False, False] * 2


def test_the_guard_moves_what_a_tier_cannot_serve():
    small = Tier(name="cheap", model=CHEAP.model, context=4)
    chosen, reasons = decided(by_rule((small, PREMIUM)), (small, PREMIUM), rows(8))
    assert chosen == [True] * 8
    assert reasons == {"rule:hard": 2, "guard:context": 6}


def test_all_policies_lie_between_their_limits():
    course = next(courses(by_rule(), TIERS, rows(), "p"))
    found = {one.name: one for one in replay(rows(), list(limits(rows(), course)))}
    assert found["all cheap"].cost.value == 1
    assert found["all premium"].saving.value == 0
    assert found["oracle"].quality.value == 1
    assert found["lottery"].escalation.value == 0.25
    assert found["lottery"].quality.value == pytest.approx(0.75 + 0.25 * 0.25)


def test_intervals_hold_the_value_and_are_wider_where_conversations_are_long():
    table = rows(200)
    course = Course("p", np.array([float(n // 2 % 2) for n in range(200)]))
    [pairs] = replay(table, [course])
    alone = [GradedRow(prompt="x", cheap=r.cheap, premium=r.premium) for r in table]
    [single] = replay(alone, [course])
    widths = []
    for found in (pairs, single):
        low, high = found.escalation.low, found.escalation.high
        assert low is not None
        assert high is not None
        assert low < 0.5 < high
        widths.append(high - low)
    assert widths[0] > 1.2 * widths[1]


def test_the_interval_holds_the_truth_as_often_as_it_says():
    draw = np.random.default_rng(5)
    held = 0
    for seed in range(200):
        grades = draw.random(150) < 0.7
        table = [GradedRow(prompt="x", cheap=float(g), premium=1.0) for g in grades]
        [found] = replay(table, [Course("p", np.zeros(150))], times=300, seed=seed)
        assert found.quality.low is not None
        assert found.quality.high is not None
        held += found.quality.low <= 0.7 <= found.quality.high
    assert held >= 180  # 95 % less three standard errors, and the percentile's own shortfall


def test_without_costs_there_is_no_bill():
    table = [*rows(4), GradedRow(prompt="x", cheap=1, premium=1)]
    [found] = replay(table, [Course("p", np.zeros(5))])
    assert (found.cost.value, found.saving.value) == (None, None)
    assert found.quality.value == 0.8


def test_a_learned_router_is_replayed_at_its_threshold():
    artifact = small_artifact()
    table = rows(10)
    all_of_them = scored(learned(artifact, "v", threshold=0.0), table, "r")
    none_of_them = scored(learned(artifact, "v", threshold=1.1), table, "r")
    assert all_of_them.premium.tolist() == [1.0] * 10
    assert none_of_them.premium.tolist() == [0.0] * 10


def test_a_policy_is_told_what_the_gateway_would_tell_it():
    row = GradedRow(prompt="Why?", system="S", category="c", route="r", turns=3, cheap=0, premium=1)
    ask = ask_of(row)
    assert ask.headers == {"x-headgate-category": "c", "x-headgate-route": "r"}
    assert (ask.last_user, ask.system, ask.turns, ask.tokens) == ("Why?", "S", 3, 2)


def test_nothing_cannot_be_replayed():
    with pytest.raises(ValueError, match="no rows"):
        replay([], [])
