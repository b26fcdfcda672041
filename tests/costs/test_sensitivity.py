"""sensitivity: ranges, swings, maps, the joint shift, and draws that repeat."""

import random
from decimal import Decimal

import pytest

from headgate.costs.parameters import parameters
from headgate.costs.scenario import Misrouting, Tier
from headgate.costs.sensitivity import joint_shift, ranges, saving_map, simulate, tornado
from headgate.costs.tripwire import Alternative, tripwire
from headgate.errors import ConfigError
from tests.costs.cards import SONNET, mission
from tests.costs.test_columns import busy


def test_a_range_is_the_one_stated_or_twenty_percent_either_way():
    found = ranges(mission(), {"escalation": ("0.15", "0.3")})
    assert found["escalation"] == (Decimal("0.15"), Decimal("0.3"))
    assert found["input_tokens"] == (Decimal(800), Decimal(1200))
    assert "overhead_usd" not in found  # at 0 there is nothing to take a fifth of


def test_a_range_never_leaves_what_is_possible():
    assert ranges(mission("0.9"))["escalation"] == (Decimal("0.72"), Decimal(1))


def test_what_only_moves_others_has_no_range_of_its_own():
    scenario = busy(escalation=None, misrouting=Misrouting(hard="0.2", caught="0.9"))
    found = ranges(scenario)
    assert "escalation" not in found
    assert "cache_hit_rate" not in found
    assert {"hard", "caught", "cache_hit_rate.premium"} <= set(found)


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        ({"nonsense": (0, 1)}, "no parameter 'nonsense'"),
        ({"escalation": ("0.3", "0.1")}, "0.3 to 0.1 is no range"),
        ({"escalation": ("nan", "0.1")}, "nan to 0.1 is no range"),
        ({"escalation": (0, 2)}, "0 to 2 is out of range"),
        ({"input_tokens": (-1, 2)}, "-1 to 2 is out of range"),
    ],
)
def test_a_range_that_is_none_is_told(stated, says):
    with pytest.raises(ConfigError, match=says):
        ranges(mission(), stated)


def test_the_tornado_names_the_largest_swing_first_and_is_exact():
    swings = tornado(mission(), stated={"escalation": ("0.1", "0.5")}, column="naive")
    assert [swing.size for swing in swings] == sorted((s.size for s in swings), reverse=True)
    escalation = next(swing for swing in swings if swing.parameter == "escalation")
    # 270 − 112.20 and 270 − 184.20
    assert (escalation.saving_low, escalation.saving_high) == (157_800_000_000, 85_800_000_000)
    assert escalation.size == 72_000_000_000


def test_a_map_agrees_with_the_tripwires_on_its_edges():
    found = saving_map(mission(), "escalation", "price_ratio", cells=(10, 4), column="naive")
    assert len(found.across_values) == 11
    assert len(found.saving) == 5
    (flip,) = tripwire(mission(), column="naive").break_evens
    now = found.down_values.index(min(found.down_values, key=lambda value: abs(value - 3)))
    for value, saving in zip(found.across_values, found.saving[now], strict=True):
        assert (saving > 0) == (value < flip.at)


def test_a_map_needs_two_parameters_that_there_are():
    with pytest.raises(ConfigError, match="needs two"):
        saving_map(mission(), "escalation", "escalation")
    with pytest.raises(ConfigError, match="no parameter 'x'"):
        saving_map(mission(), "escalation", "x")


def test_the_joint_shift_ends_where_both_cost_the_same():
    scenario = mission()
    found = joint_shift(scenario)
    assert found is not None
    known, x = parameters(scenario), scenario.inputs
    for shift in found.shifts:
        x = known[shift.parameter].set(x, Decimal(shift.to))
    routed = Alternative("routed", scenario, "routed")
    premium = Alternative("all premium", scenario, "single", scenario.tiers[-1])
    assert abs(routed.nano(moved=x) - premium.nano(moved=x)) < 1000
    assert found.shifts[0].steps == max((s.steps for s in found.shifts), key=abs)


def test_the_joint_shift_is_no_longer_than_any_single_one():
    scenario = mission("0.9")
    found = joint_shift(scenario)
    assert found is not None
    limits = ranges(scenario)
    for name, (low, high) in limits.items():
        for point in tripwire(scenario, name).break_evens:
            alone = abs(point.headroom) / ((high - low) / 2)
            assert found.distance <= float(alone) + 1e-6


def test_where_nothing_flips_there_is_no_joint_shift():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    alike = mission(tiers=tiers, classifier=None)
    assert joint_shift(alike, a="single:cheap", b="single:cheap") is None


def test_draws_repeat_with_their_seed_and_differ_with_another():
    one, same, other = (simulate(mission(), random.Random(seed), draws=200) for seed in (1, 1, 2))
    assert one == same
    assert one != other
    assert one.a_bill.p5 < one.a_bill.p50 < one.a_bill.p95


def test_the_share_of_draws_comes_with_its_interval():
    found = simulate(
        mission(), random.Random(1), draws=400, shape="uniform", stated={"escalation": (0, 1)}
    )
    assert found.pays.low < 0.9767 < found.pays.high  # it pays below 97.7 %


@pytest.mark.parametrize("shape", ["triangular", "uniform", "normal"])
def test_the_middle_draw_is_near_the_plan(shape):
    found = simulate(mission(), random.Random(3), draws=2000, shape=shape, column="naive")
    assert found.a_bill.p50 == pytest.approx(130_200_000_000, rel=0.03)


def test_a_point_range_draws_the_plan_itself():
    still = {name: (one.now, one.now) for name, one in parameters(mission()).items()}
    found = simulate(mission(), random.Random(1), draws=3, stated=still, column="naive")
    assert found.a_bill.p5 == found.a_bill.p95 == 130_200_000_000


@pytest.mark.parametrize("draws", [0, -1, 10**7])
def test_an_absurd_number_of_draws_is_refused(draws):
    with pytest.raises(ConfigError, match="draws are not possible"):
        simulate(mission(), random.Random(1), draws=draws)


def test_two_scenarios_are_moved_together():
    there = mission(classifier=None)
    swings = tornado(mission(), b=Alternative("b", there, "routed"), column="naive")
    assert next(s for s in swings if s.parameter == "escalation").size == 0


def test_the_worst_column_can_be_asked_too():
    found = simulate(mission(), random.Random(1), draws=50, column="worst case")
    assert found.a_bill.p50 > 200_000_000_000


def test_a_model_of_its_own_can_be_drawn_against():
    scenario = mission()
    outside = Tier("other", SONNET, text_factor="1.5")
    other = Alternative("all other", scenario, "single", outside)
    found = simulate(scenario, random.Random(1), draws=20, b=other, column="naive")
    assert found.b_bill.p50 == pytest.approx(405_000_000_000, rel=0.1)
