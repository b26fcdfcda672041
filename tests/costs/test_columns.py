"""columns: what naive takes away, what the worst case adds, driver by driver."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.columns import COLUMNS, DRIVERS, at_column, escalated, naive, worst
from headgate.costs.formula import Month, total
from headgate.costs.model import evaluate
from headgate.costs.scenario import Misrouting, Stress, Tier
from tests.costs.cards import HAIKU, SONNET, mission

shares = st.decimals(0, 1, places=4)


def busy(**more):
    tiers = (
        Tier("cheap", HAIKU, retry_rate="0.1", cache_hit_rate="0.4"),
        Tier("premium", SONNET, retry_rate="0.3", cache_hit_rate="0.5"),
    )
    given = {"tiers": tiers, "stable_prefix": "0.5", "overhead_usd": 20, "split_loss": 1}
    return mission(**{**given, **more})


def routed(x):
    return total(Month(x).routed())


def test_naive_takes_away_retries_cache_and_overhead_and_nothing_else():
    assert routed(naive(busy().inputs)) == routed(mission().inputs)


def test_the_columns_come_in_their_order():
    assert COLUMNS == ("naive", "realistic", "worst case")
    assert at_column(busy(), "realistic") is not None


def test_the_worst_case_takes_the_higher_of_plan_and_stress():
    scenario = busy(stress=Stress(escalation="0.1", retry_rate="0.2"))
    x = worst(scenario.inputs, scenario)
    assert x.rate == Decimal("0.2")  # the plan's own is higher
    assert [tier.retry for tier in x.tiers] == [Decimal("0.2"), Decimal("0.3")]


def test_without_other_word_the_worst_case_escalates_twice_as_much_and_never_more_than_all():
    assert worst(mission().inputs, mission()).rate == Decimal("0.4")
    assert worst(mission("0.7").inputs, mission("0.7")).rate == 1


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver_alone_makes_the_bill_dearer(driver):
    scenario = busy(stress=Stress(retry_rate="0.5"))
    assert routed(worst(scenario.inputs, scenario, [driver])) > routed(scenario.inputs)


def test_a_stress_that_asks_for_nothing_changes_nothing():
    calm = Stress(escalation=0, retry_rate=0, output_factor=1, cold_cache=False)
    breakdown = evaluate(busy(stress=calm))
    assert breakdown.worst.routed == breakdown.realistic.routed


@given(shares)
def test_another_escalation_rate_is_met_exactly_by_the_matrix(rate):
    scenario = busy(
        escalation=None, misrouting=Misrouting(hard="0.25", caught="0.75", wasted="0.1")
    )
    moved = escalated(scenario.inputs, rate)
    assert abs(moved.rate - rate) < Decimal("1e-20")
    assert moved.matrix is not None
    assert all(-Decimal("1e-20") <= part <= 1 + Decimal("1e-20") for part in moved.matrix)
