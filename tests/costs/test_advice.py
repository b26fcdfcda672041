"""advice: computed sentences, and targets that are met where they say."""

from decimal import Decimal

import pytest

from headgate.costs.advice import advice_of, solve
from headgate.costs.formula import Month, total
from headgate.costs.model import evaluate
from headgate.costs.parameters import parameters
from headgate.costs.scenario import Classifier, Tier
from headgate.errors import ConfigError
from tests.costs.cards import FLASH, HAIKU, SONNET, card, mission

NANO_MODEL = card("Nano", 50_000, 400_000)


def said(scenario, *candidates):
    return {advice.kind: advice.sentence for advice in advice_of(evaluate(scenario), candidates)}


def test_escalation_may_rise_to_its_golden_floor():
    assert "Escalation may rise to 52.7 % before the saving falls under 30 %." in said(
        mission()
    ).get("floor", "")


def test_a_saving_that_is_under_the_floor_has_no_room_left():
    assert "floor" not in said(mission("0.6"))


def test_routing_that_costs_more_is_advised_against():
    assert said(mission("1"))["do not route"] == (
        "Do not route: it costs $4.20 a month more than all premium does."
    )
    assert "do not route" not in said(mission())


def test_routing_that_gains_nothing_is_advised_against():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    advice = said(mission(tiers=tiers, classifier=None))
    assert advice["do not route"] == "Do not route: it costs what all premium costs."


def test_a_cascade_that_costs_more_is_advised_against():
    assert "$13.80 a month more than routing" in said(mission())["do not cascade"]


def test_a_cascade_that_saves_deciding_is_worth_a_word():
    dear = mission("0.02", classifier=Classifier(SONNET))
    assert "A cascade would cost $34.20 a month less" in said(dear)["cascade"]
    assert "if judging cost nothing" in said(dear)["cascade"]
    judged = mission("0.02", classifier=Classifier(SONNET), verifier=Classifier(FLASH))
    assert "if judging" not in said(judged)["cascade"]


def test_deciding_is_shown_as_a_share_and_on_cheaper_models():
    text = said(mission(), NANO_MODEL, SONNET, card("unpriced", None, None))["classifier"]
    # 300 · 0.05 + 20 · 0.4 = 23 microdollars a thousand, 30,000 times
    assert "Deciding is 3.2 % of the routed bill ($4.20 on Gemini 2.5 Flash)" in text
    assert "$0.69 on Nano" in text
    assert "Sonnet" not in text
    assert "up to 6.1 times less" in text


def test_without_a_cheaper_model_only_the_share_is_shown():
    assert said(mission())["classifier"] == (
        "Deciding is 3.2 % of the routed bill (Gemini 2.5 Flash)."
    )
    assert "classifier" not in said(mission(classifier=None))


@pytest.mark.parametrize("target", [{"saving": "0.4"}, {"bill_usd": 150}])
def test_a_solution_meets_its_target_exactly(target):
    scenario = mission()
    known = parameters(scenario)
    solutions = solve(scenario, **target)
    assert {solution.parameter for solution in solutions} == {
        "escalation",
        "price_ratio",
        "classifier_usd",
        "output_tokens",
    }
    for solution in solutions:
        for value in solution.values:
            month = Month(known[solution.parameter].set(scenario.inputs, value))
            routed, premium = total(month.routed()), total(month.single(1))
            wanted = 150 * 10**9 if "bill_usd" in target else premium * Decimal("0.6")
            assert abs(routed - wanted) < Decimal("1e-6")


def test_the_escalation_for_forty_percent_is_the_golden_one():
    (solution,) = solve(mission(), saving="0.4", names=["escalation"], column="naive")
    (value,) = solution.values
    assert round(value * 100, 3) == Decimal("37.667")
    assert solution.sentence == (
        "A saving of 40 % takes escalation of 37.7 % (now 20 %: 17.7 points away)."
    )


def test_a_target_out_of_reach_is_said_to_be():
    (solution,) = solve(mission(), saving="0.9", names=["escalation"])
    assert solution.values == ()
    assert solution.sentence == "No value of escalation (now 20 %) gives a saving of 90 %."


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ({"saving": 1}, "Give a share below 1"),
        ({"saving": "x"}, "Give a share below 1"),
        ({"saving": "nan"}, "Give a share below 1"),
        ({"bill_usd": 0}, "above 0"),
        ({"bill_usd": "inf"}, "above 0"),
        ({}, "Give one of the two"),
        ({"saving": "0.1", "bill_usd": 3}, "Give one of the two"),
    ],
)
def test_a_target_that_is_none_is_told(target, says):
    with pytest.raises(ConfigError, match=says):
        solve(mission(), **target)


def test_haiku_deciding_costs_more_than_flash_and_is_not_advised():
    assert "Haiku" not in said(mission(), HAIKU)["classifier"]
