"""plan: the sentences that every form of the plan shows."""

from dataclasses import replace

import pytest

from headgate.costs.model import evaluate
from headgate.costs.plan import assumptions, cards_of, headline
from headgate.costs.scenario import Misrouting, Scenario, Tier
from tests.costs.cards import FLASH, HAIKU, SONNET, mission


def retrying(**more) -> Scenario:
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate="0.08"))
    return mission(**{"tiers": tiers, **more})


def test_the_headline_says_until_when_routing_pays():
    assert headline(evaluate(mission())) == (
        "Routing pays until 97.7 % of requests escalate; now 20 %: 77.7 points of headroom."
    )


def test_a_realistic_crossover_that_differs_is_added():
    assert headline(evaluate(retrying())).endswith(
        "headroom. Realistic: until 97.9 %, 77.9 points of headroom."
    )


def test_a_router_that_does_not_pay_is_told_by_how_much_and_how_far_it_is():
    assert headline(evaluate(mission(1))) == (
        "Routing does not pay: it costs 1.6 % more than all premium. It would pay below 97.7 % "
        "escalation; now 100 %, 2.3 points away."
    )


def test_columns_that_disagree_are_both_told():
    text = headline(evaluate(mission(overhead_usd=150)))
    assert text.startswith("Routing pays until 97.7 % of requests escalate")
    assert "Realistic: routing does not pay: it costs 3.8 % more than all premium." in text


@pytest.mark.parametrize(
    ("tiers", "changes", "says"),
    [
        ((HAIKU, SONNET), {"classifier": None}, "Routing never costs more than all premium"),
        ((SONNET, SONNET), {}, "costs at least as much as all premium at every"),
        ((SONNET, SONNET), {"classifier": None}, "nothing can flip"),
    ],
)
def test_where_nothing_crosses_that_is_said(tiers, changes, says):
    cheap, premium = tiers
    scenario = mission(tiers=(Tier("cheap", cheap), Tier("premium", premium)), **changes)
    assert says in headline(evaluate(scenario))


def test_assumptions_name_what_each_column_takes_for_granted_and_what_none_has():
    told = assumptions(retrying())
    assert list(told) == ["naive", "realistic", "worst case", "left out"]
    assert "8 % of premium attempts fail (at most 3 attempts)" in told["realistic"]
    assert "40 % escalated" in told["worst case"]
    assert "discounts" in told["left out"]


def test_a_routers_errors_are_among_the_assumptions():
    wrong = replace(mission(), escalation=None, misrouting=Misrouting(hard="0.2", caught="0.9"))
    assert (
        "20 % of requests are hard; the router escalates 90 % of them"
        in assumptions(wrong)["realistic"]
    )


def test_each_card_is_named_once_the_classifiers_first():
    assert cards_of(mission()) == [FLASH, HAIKU, SONNET]
    same = replace(mission(), tiers=(Tier("cheap", SONNET), Tier("premium", SONNET)))
    assert cards_of(same) == [FLASH, SONNET]
