"""parameters: setting a value is reading it back, and nothing else moves."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.columns import naive
from headgate.costs.formula import Month, total
from headgate.costs.parameters import parameters
from headgate.costs.quantities import as_floats
from headgate.costs.scenario import Classifier, Misrouting, Tier
from tests.costs.cards import FLASH, HAIKU, SONNET, mission
from tests.costs.test_columns import busy
from tests.costs.test_model import scenarios

FULL = busy(
    escalation=None,
    misrouting=Misrouting(hard="0.25", caught="0.75", wasted="0.1"),
    verifier=Classifier(FLASH),
    direct="0.1",
)


def bills(x):
    month = Month(x)
    return (
        total(month.routed()),
        total(month.cascade()),
        total(month.cascade(behind_router=True)),
        total(month.single(0)),
        total(month.single(1)),
    )


def test_what_there_is_to_move_follows_from_the_scenario():
    assert list(parameters(mission())) == [
        "escalation",
        "retry_rate.cheap",
        "retry_rate.premium",
        "input_tokens",
        "output_tokens",
        "text_factor",
        "price_ratio",
        "classifier_usd",
        "verifier_usd",
        "requests_per_day",
        "overhead_usd",
    ]
    assert {"hard", "caught", "wasted", "direct", "cache_hit_rate", "split_loss"} <= set(
        parameters(FULL)
    )


@pytest.mark.parametrize("name", list(parameters(FULL)))
def test_setting_a_parameter_to_what_it_is_changes_no_bill(name):
    parameter = parameters(FULL)[name]
    if name == "cache_hit_rate":  # sets all tiers to the mean of theirs
        return
    moved = parameter.set(FULL.inputs, parameter.now)
    for before, after in zip(bills(FULL.inputs), bills(moved), strict=True):
        assert abs(after - before) < Decimal("1e-9")


@pytest.mark.parametrize("name", list(parameters(FULL)))
def test_a_parameter_lies_within_its_range_and_moves_some_bill(name):
    parameter = parameters(FULL)[name]
    assert parameter.low <= parameter.now <= parameter.high
    ends = {bills(parameter.set(FULL.inputs, end)) for end in (parameter.low, parameter.high)}
    assert len(ends) == 2


@given(scenarios())
def test_every_parameter_reads_and_writes_floats_as_well(scenario):
    x = as_floats(scenario.inputs)
    exact = parameters(scenario)
    for name, parameter in parameters(scenario, x).items():
        assert isinstance(parameter.now, float)
        assert parameter.now == pytest.approx(float(exact[name].now))
        one = total(Month(parameter.set(x, parameter.high)).routed())
        other = total(Month(exact[name].set(scenario.inputs, exact[name].high)).routed())
        assert one == pytest.approx(float(other), rel=1e-9, abs=1e-6)


def test_the_price_ratio_moves_the_premium_price_alone():
    scenario = mission()
    moved = parameters(scenario)["price_ratio"].set(scenario.inputs, 6)
    month = Month(naive(moved))
    assert total(month.single(1)) == 540 * 10**9
    assert total(month.single(0)) == 90 * 10**9


def test_tokens_of_all_kinds_grow_alike():
    tiers = (Tier("cheap", HAIKU, input_tokens=500), Tier("premium", SONNET, input_tokens=2000))
    scenario = mission("0.2", tiers=tiers)
    tokens = parameters(scenario)["input_tokens"]
    assert tokens.now == 800
    assert [tier.reads for tier in tokens.set(scenario.inputs, 1600).tiers] == [1000, 4000]


@given(st.decimals(0, 1, places=3))
def test_a_share_that_is_set_is_there(value):
    for name in ("hard", "caught", "wasted"):
        matrix = parameters(FULL)[name].set(FULL.inputs, value).matrix
        assert matrix is not None
        assert getattr(matrix, name) == value
