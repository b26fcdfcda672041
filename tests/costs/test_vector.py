"""vector: what arrays give is what each scenario by itself gives, to the nano-dollar."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.columns import COLUMNS, at_column
from headgate.costs.formula import Month, total
from headgate.costs.parameters import parameters
from headgate.costs.scenario import Misrouting, Tier
from headgate.costs.vector import CHUNK, evaluate_many
from headgate.errors import ConfigError
from tests.costs.cards import HAIKU, SONNET, mission
from tests.costs.test_columns import busy
from tests.costs.test_model import scenarios

MOST_NANO = 10**14
"""A bill of 100,000 US dollars, up to which floats are right to the nano-dollar."""


def exactly(scenario, column, **values):
    """The routed and all-premium bills of one place, by the exact path."""
    known, x = parameters(scenario), scenario.inputs
    for name, value in values.items():
        x = known[name].set(x, value)
    month = Month(at_column(scenario, column, x))
    return total(month.routed()), total(month.single(len(x.tiers) - 1))


@given(
    scenarios(),
    st.sampled_from(COLUMNS),
    st.lists(st.decimals(0, 1, places=6), min_size=1, max_size=5),
)
def test_many_escalation_rates_cost_what_each_costs(scenario, column, rates):
    many = evaluate_many(scenario, {"escalation": [float(rate) for rate in rates]}, column=column)
    for place, rate in enumerate(rates):
        routed, premium = exactly(scenario, column, escalation=rate)
        if max(routed, premium) <= MOST_NANO:
            assert abs(round(many.routed[place]) - round(routed)) <= 1
            assert abs(round(many.all_premium[place]) - round(premium)) <= 1
        assert many.routed[place] == pytest.approx(float(routed), rel=1e-12, abs=1e-6)


@pytest.mark.parametrize("name", list(parameters(busy(direct="0.1"))))
@pytest.mark.parametrize("column", COLUMNS)
def test_every_parameter_can_be_an_array(name, column):
    scenario = busy(direct="0.1")
    parameter = parameters(scenario)[name]
    values = [parameter.low, parameter.now, parameter.high]
    many = evaluate_many(scenario, {name: [float(value) for value in values]}, column=column)
    for place, value in enumerate(values):
        routed, premium = exactly(scenario, column, **{name: value})
        assert many.routed[place] == pytest.approx(float(routed), rel=1e-12)
        assert many.all_premium[place] == pytest.approx(float(premium), rel=1e-12)


def test_several_arrays_and_a_single_number_go_together():
    scenario = mission()
    many = evaluate_many(
        scenario,
        {"escalation": [0.2, 0.5], "requests_per_day": [1000, 2000], "classifier_usd": 0},
        column="naive",
    )
    assert many.routed.round().tolist() == [126_000_000_000, 360_000_000_000]
    assert many.saving.round(4).tolist() == [0.5333, 0.3333]


def test_more_than_a_chunk_is_the_same_as_chunk_by_chunk():
    rates = np.linspace(0, 1, 2 * CHUNK + 7)
    many = evaluate_many(mission(), {"escalation": rates}, column="naive")
    assert many.routed.shape == rates.shape
    assert np.allclose(many.routed, 94.2e9 + 180e9 * rates, rtol=1e-14)


def test_the_rates_of_a_matrix_can_be_arrays_and_tokens_that_differ_too():
    tiers = (Tier("cheap", HAIKU, input_tokens=500), Tier("premium", SONNET))
    scenario = mission(None, tiers=tiers, misrouting=Misrouting(hard="0.2"))
    many = evaluate_many(scenario, {"hard": [0.1, 0.2], "wasted": [0.0, 0.1]})
    routed, _ = exactly(scenario, "realistic", hard=0, wasted=0)
    assert many.routed[0] > float(routed)


def test_without_arrays_there_is_one_scenario():
    assert evaluate_many(mission(), {}, column="naive").routed.tolist() == [130_200_000_000]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"nonsense": [1]}, "no parameter 'nonsense'"),
        ({"escalation": [0.2, 1.2]}, "shares of 0 to 1"),
        ({"escalation": [0.2, float("nan")]}, "shares of 0 to 1"),
        ({"input_tokens": [-1]}, "numbers of 0 or more"),
        ({"input_tokens": [float("inf")]}, "numbers of 0 or more"),
        ({"escalation": [[0.1], [0.2]]}, "in one row"),
        ({"escalation": [0.1, 0.2], "input_tokens": [1, 2, 3]}, "The arrays have 2, 3 values"),
    ],
)
def test_values_that_make_no_scenarios_are_told(values, says):
    with pytest.raises(ConfigError, match=says):
        evaluate_many(mission(), values)


def test_an_escalation_rate_that_follows_from_a_matrix_cannot_be_replaced():
    scenario = mission(None, misrouting=Misrouting(hard="0.2"))
    with pytest.raises(ConfigError, match="no parameter 'escalation' to replace"):
        evaluate_many(scenario, {"escalation": [0.2]})
