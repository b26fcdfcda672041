"""tripwire: a break-even is a root, the ranking does flip there, and everything else is said."""

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given, settings

from headgate.costs.model import evaluate
from headgate.costs.parameters import parameters
from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.costs.tripwire import Alternative, alternative, difference, tripwire, tripwires
from headgate.errors import ConfigError
from headgate.prices.card import Rates
from tests.costs.cards import FLASH, HAIKU, SONNET, card, mission
from tests.costs.test_columns import busy
from tests.costs.test_model import scenarios


def test_escalation_has_its_golden_break_even_and_headroom():
    wire = tripwire(mission(), column="naive")
    (point,) = wire.break_evens
    assert round(point.at * 100, 3) == Decimal("97.667")
    assert round(point.headroom * 100, 1) == Decimal("77.7")
    assert (point.cheaper_below, point.cheaper_above) == ("routed", "all premium")
    assert (wire.cheaper, wire.dearer, wire.verdict) == ("routed", "all premium", "flips")
    assert (wire.a_nano, wire.b_nano) == (130_200_000_000, 270_000_000_000)


def test_the_price_ratio_may_fall_to_where_the_saving_pays_for_deciding():
    (point,) = tripwire(mission(), "price_ratio", column="naive").break_evens
    # 0.8 · $0.003 · ratio = 0.8 · $0.003 + $0.00014
    assert round(point.at, 12) == 1 + round(Decimal("0.00014") / Decimal("0.0024"), 12)
    assert point.cheaper_above == "routed"


def test_the_classifier_may_cost_what_routing_saves():
    (point,) = tripwire(mission(), "classifier_usd", column="naive").break_evens
    assert round(point.at, 20) == Decimal("0.0048")


def test_fixed_cost_and_traffic_meet_at_the_same_ratio():
    scenario = mission(overhead_usd=30)
    (fixed,) = tripwire(scenario, "overhead_usd").break_evens
    assert round(fixed.at, 12) == Decimal("139.8")
    (traffic,) = tripwire(scenario, "requests_per_day").break_evens
    assert round(traffic.at, 12) == round(1000 * Decimal(30) / Decimal("139.8"), 12)
    assert traffic.headroom < 0


def test_retries_of_premium_alone_are_a_curve_and_its_root_is_found():
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET))
    wire = tripwire(mission("0.9", tiers=tiers), "retry_rate.cheap")
    assert wire.verdict == "flips"
    gap = difference(
        parameters(mission("0.9"))["retry_rate.cheap"],
        alternative(mission("0.9"), "routed"),
        alternative(mission("0.9"), "single:premium"),
        "realistic",
    )
    assert abs(gap(wire.break_evens[0].at)) < Decimal("1e-9")


def test_without_a_crossing_in_range_that_is_the_verdict():
    wire = tripwire(mission(classifier=None), "output_tokens")
    assert (wire.verdict, wire.break_evens, wire.nearest) == ("no break-even", (), None)
    assert wire.cheaper == "routed"


def test_with_identical_prices_nothing_can_flip():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    wire = tripwire(mission(tiers=tiers, classifier=None))
    assert (wire.verdict, wire.cheaper, wire.break_evens) == ("equal", None, ())
    assert tripwire(mission(), a="single:cheap", b="single:cheap").verdict == "equal"


@pytest.mark.parametrize(
    ("interval", "fragile"),
    [(("0.9", "0.99"), True), (("0.1", "0.3"), False), (None, None)],
)
def test_an_interval_that_holds_the_break_even_makes_the_verdict_fragile(interval, fragile):
    assert tripwire(mission(), interval=interval).fragile is fragile


def test_any_two_alternatives_can_be_compared():
    scenario = mission(verifier=Classifier(FLASH))
    wire = tripwire(scenario, "verifier_usd", a="cascade", b="routed")
    assert wire.cheaper == "routed"
    opus = Alternative(
        "all Opus", scenario, "single", Tier("Opus", card("o", 5_000_000, 25_000_000))
    )
    assert tripwire(scenario, a="routed", b=opus).b_nano == 450_000_000_000


def test_a_model_of_its_own_fails_and_is_cached_as_premium_is():
    scenario = busy()
    same = Alternative("all other", scenario, "single", Tier("other", SONNET))
    assert same.nano() == alternative(scenario, "single:premium").nano()


def test_two_scenarios_are_moved_together():
    here, there = mission(), mission(classifier=None)
    wire = tripwire(here, a="routed", b=Alternative("routed by b", there, "routed"))
    assert (wire.verdict, wire.cheaper) == ("no break-even", "routed by b")


def test_what_only_one_scenario_has_stays_in_the_other():
    other = Scenario((Tier("small", HAIKU), Tier("big", SONNET)), escalation="0.5", classifier=None)
    wire = tripwire(mission(), "retry_rate.cheap", b=Alternative("b", other, "routed"))
    assert wire.verdict == "flips"


def test_a_price_that_jumps_with_the_context_is_found_as_a_jump():
    tiered = msgspec.structs.replace(
        HAIKU, tiers=((50_000, Rates(input=9_000_000, output=45_000_000)),)
    )
    tiers = (Tier("cheap", tiered), Tier("premium", SONNET))
    (point,) = tripwire(mission(tiers=tiers, classifier=None), "input_tokens").break_evens
    assert point.jump
    assert abs(point.at - 50_000) < Decimal("0.001")


def test_parameters_that_move_nothing_are_left_out_of_all():
    names = {wire.parameter for wire in tripwires(mission())}
    assert "verifier_usd" not in names
    assert {"escalation", "price_ratio", "classifier_usd", "overhead_usd"} <= names


@pytest.mark.parametrize("asked", ["nonsense", "single:nobody", "all"])
def test_an_unknown_alternative_is_told_with_those_there_are(asked):
    with pytest.raises(ConfigError, match="routed, cascade, routed-cascade, single:cheap"):
        tripwire(mission(), a=asked)


def test_an_unknown_parameter_is_told_with_those_there_are():
    with pytest.raises(ConfigError, match="Choose among escalation, retry"):
        tripwire(mission(), "nonsense")


@settings(max_examples=25)
@given(scenarios())
def test_every_break_even_is_a_root_and_the_ranking_flips_there(scenario):
    one, other = alternative(scenario, "routed"), alternative(scenario, "single:t0")
    known = parameters(scenario)
    for wire in tripwires(scenario, a=one, b=other):
        gap = difference(known[wire.parameter], one, other, "realistic")
        ends = [wire.low, *(point.at for point in wire.break_evens), wire.high]
        for place, point in enumerate(wire.break_evens):
            before, at, after = ends[place], point.at, ends[place + 2]
            assert wire.low <= at <= wire.high
            slack = max(abs(gap(wire.low)), abs(gap(wire.high)), Decimal(1)) * Decimal("1e-6")
            assert point.jump or abs(gap(at)) <= slack
            left, right = gap((before + at) / 2), gap((at + after) / 2)
            if point.cheaper_below == one.name:
                left, right = -left, -right
            # between two roots of one grid cell the sign may change twice and go unseen
            if len(wire.break_evens) == 1 and not wire.parameter.startswith(("input", "retry")):
                assert left >= -slack
                assert right <= slack


@given(scenarios())
def test_the_escalation_wire_is_the_plans_crossover(scenario):
    column = evaluate(scenario).realistic
    wire = tripwire(scenario)
    if column.crossover.pays == "below":
        assert column.crossover.rate is not None
        assert any(
            abs(column.crossover.rate - point.at) < Decimal("1e-20") for point in wire.break_evens
        )
    assert (column.crossover.pays == "equal") == (wire.verdict == "equal")


def test_moving_a_scenario_by_hand_gives_the_bills_of_the_wire():
    (point,) = tripwire(mission()).break_evens
    at = evaluate(replace(mission(), escalation=point.at)).realistic
    assert abs(at.routed.total - at.all_premium.total) <= 3
