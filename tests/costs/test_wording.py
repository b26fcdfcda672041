"""wording: headlines that say who, until when, and how far away."""

import doctest
from decimal import Decimal

import pytest

import headgate.costs.wording
from headgate.costs.gap import bound, gap
from headgate.costs.scenario import Stress, Tier
from headgate.costs.tripwire import tripwire
from headgate.costs.wording import bound_sentence, gap_sentence, headline, room, written
from tests.costs.cards import SONNET, mission


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.costs.wording).failed == 0


@pytest.mark.parametrize(
    ("value", "unit", "text", "away"),
    [
        ("0.2", "share", "20 %", "20 points"),
        ("1000", "tokens", "1,000", "1,000 tokens"),
        ("1.5", "requests", "1.5", "1.5 requests"),
        ("3", "ratio", "3 ×", "3 ×"),
        ("0.00014", "usd", "$0.00014", "$0.00014"),
        ("12345.678", "usd", "$12,346", "$12,346"),
        ("0", "usd", "$0.00", "$0.00"),
        ("-0.00014", "usd", "-$0.00014", "$0.00014"),
    ],
)
def test_values_are_written_in_their_unit(value, unit, text, away):
    assert written(Decimal(value), unit) == text
    assert room(Decimal(value), unit) == away


def test_the_golden_headline():
    assert headline(tripwire(mission(), column="naive")) == (
        "Routed is cheaper than all premium until escalation reaches 97.7 % "
        "(now 20 %: 77.7 points of headroom)."
    )


def test_a_break_even_below_is_a_while():
    assert headline(tripwire(mission(), "price_ratio", column="naive")) == (
        "Routed is cheaper than all premium while the premium/cheap price ratio stays above "
        "1.06 × (now 3 ×: 1.94 × of headroom)."
    )


def test_the_present_loser_is_told_as_such():
    assert headline(tripwire(mission("0.99"), column="naive")).startswith(
        "All premium is cheaper than routed while escalation stays above 97.7 % (now 99 %: 1.3 "
    )


def test_a_break_even_just_below_all_is_not_rounded_up_to_it():
    cheap = mission(classifier=None, overhead_usd="0.001")
    assert "until escalation reaches 99.999 %" in headline(tripwire(cheap))


def test_no_break_even_and_nothing_to_flip_are_told():
    assert headline(tripwire(mission(classifier=None), "output_tokens")) == (
        "Routed is cheaper than all premium whatever the output length (now 400) is: "
        "no break-even from 1 to 40,000."
    )
    same = tripwire(mission(), a="single:cheap", b="single:cheap")
    assert headline(same) == (
        "All cheap and all cheap cost the same whatever escalation is: nothing can flip."
    )


def test_two_that_cost_the_same_just_now_are_told_so():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    wire = tripwire(mission(tiers=tiers, classifier=None), "price_ratio")
    assert headline(wire) == (
        "Routed and all premium cost the same while the premium/cheap price ratio is 1 ×."
    )


def test_a_fragile_verdict_says_why():
    text = headline(tripwire(mission(), column="naive", interval=("0.9", "0.99")))
    assert text.endswith("Fragile: the estimate of 90 % to 99 % holds the break-even.")


def test_the_gap_names_its_largest_driver():
    stressed = mission(stress=Stress(escalation="0.2", retry_rate=0))
    assert gap_sentence(gap(stressed)) == (
        "The worst case costs $84.00 more than the realistic one: longer answers are "
        "100 % of the gap."
    )
    calm = mission(stress=Stress(escalation="0.2", retry_rate=0, output_factor=1))
    assert gap_sentence(gap(calm)) == "The worst case costs no more than the realistic one."


def test_the_bound_tells_its_path():
    found = bound(mission(), input_tokens=1000, output_tokens=400)
    assert found is not None
    assert bound_sentence(found) == (
        "No request of 1,000 tokens in and at most 400 out can cost more than $0.0304: "
        "classifier, then premium 3 times, then cheap."
    )
