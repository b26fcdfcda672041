"""model: the golden numbers to the cent, and what must hold of every bill."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.model import evaluate
from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.values import nano_from_usd
from tests.costs.cards import FLASH, HAIKU, SONNET, card, mission


def usd(amount: str) -> int:
    return nano_from_usd(amount)


def retrying(**more):
    return mission(tiers=(Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate="0.08")), **more)


def test_all_premium_and_all_cheap_cost_their_golden_numbers():
    naive = evaluate(mission()).naive
    assert naive.all_premium.total == usd("270.00")
    assert naive.all_cheap.total == usd("90.00")


def test_the_routed_bill_has_its_golden_lines():
    routed = evaluate(mission()).naive.routed
    assert [(line.name, line.nano) for line in routed.lines] == [
        ("classifier", usd("4.20")),
        ("cheap", usd("72.00")),
        ("premium", usd("54.00")),
        ("retries", 0),
        ("overhead", 0),
    ]
    assert routed.total == usd("130.20")
    assert [line.share for line in routed.lines[:3]] == [1, Decimal("0.8"), Decimal("0.2")]


@pytest.mark.parametrize(
    ("escalation", "total", "saving"),
    [("0.2", "130.20", "51.8"), ("0.5", "184.20", "31.8"), ("1", "274.20", "-1.6")],
)
def test_each_escalation_rate_has_its_golden_bill_and_saving(escalation, total, saving):
    naive = evaluate(mission(escalation)).naive
    assert naive.routed.total == usd(total)
    assert naive.saving is not None
    assert round(naive.saving * 100, 1) == Decimal(saving)


def test_routing_pays_until_the_golden_crossover():
    crossover = evaluate(mission()).naive.crossover
    assert crossover.pays == "below"
    assert crossover.rate is not None
    assert crossover.headroom is not None
    assert round(crossover.rate * 100, 3) == Decimal("97.667")
    assert round(crossover.headroom * 100, 1) == Decimal("77.7")


@pytest.mark.parametrize("rate", ["0", "0.2", "0.5", "1"])
def test_the_saving_at_a_rate_is_that_of_the_scenario_at_that_rate(rate):
    rate = Decimal(rate)
    scenario = retrying(escalation="0.3")
    stress = replace(scenario.stress, escalation=rate)
    moved = evaluate(replace(scenario, escalation=rate, stress=stress))
    for here, there in zip(evaluate(scenario).columns, moved.columns, strict=True):
        assert here.saving_at(rate) == there.saving


def test_a_point_of_escalation_has_its_golden_price():
    naive = evaluate(mission()).naive
    assert naive.point_nano == usd("1.80")
    assert naive.point_saving is not None
    assert round(naive.point_saving * 100, 3) == Decimal("0.667")


def test_the_same_classifier_call_on_the_premium_model_costs_eight_and_a_half_times_as_much():
    dear = evaluate(mission(classifier=Classifier(SONNET))).naive.routed.nano("classifier")
    cheap = evaluate(mission()).naive.routed.nano("classifier")
    assert dear == usd("36.00")
    assert round(Decimal(dear) / cheap, 2) == Decimal("8.57")


def test_ten_times_the_traffic_costs_ten_times_as_much():
    naive = evaluate(mission().at_traffic(10)).naive
    assert (naive.routed.total, naive.all_premium.total) == (usd("1302.00"), usd("2700.00"))


def test_the_fixed_cost_does_not_grow_with_the_traffic():
    bill = evaluate(mission(overhead_usd="25").at_traffic(10)).realistic.routed
    assert bill.nano("overhead") == usd("25")
    assert bill.total == usd("1327.00")


def test_retries_are_a_line_of_their_own_and_only_in_the_realistic_column():
    breakdown = evaluate(retrying())
    # 54 dollars of premium calls, each tried again 0.08 + 0.08² times
    assert breakdown.realistic.routed.nano("retries") == usd("4.6656")
    assert breakdown.realistic.routed.total == usd("134.8656")
    assert breakdown.realistic.all_premium.nano("retries") == usd("23.328")
    assert breakdown.naive.routed == evaluate(mission()).naive.routed


def test_the_realistic_column_of_a_plain_scenario_is_the_naive_one():
    breakdown = evaluate(mission())
    assert breakdown.realistic.routed == breakdown.naive.routed
    assert breakdown.realistic.singles == breakdown.naive.singles


def test_a_prompt_cache_changes_the_tiers_and_not_their_retries():
    tiers = (
        Tier("cheap", HAIKU),
        Tier("premium", SONNET, retry_rate="0.08", cache_hit_rate="0.4"),
    )
    cached = evaluate(mission(tiers=tiers, stable_prefix="0.5")).realistic.routed
    # the formula: 1,000·[0.5·3 + 0.5·(0.4·0.3 + 0.6·3.75)] + 400·15 = 8,685 microdollars
    assert cached.nano("premium") == usd("52.11")
    assert cached.nano("retries") == usd("4.6656")


def test_without_a_classifier_there_is_no_such_line_and_routing_never_costs_more():
    naive = evaluate(mission(classifier=None)).naive
    assert naive.routed.nano("classifier") == 0
    assert naive.routed.lines[0].name == "cheap"
    assert naive.crossover.pays == "always"
    assert naive.crossover.rate is naive.crossover.headroom is None


def test_the_same_model_on_both_tiers_without_a_classifier_can_flip_nothing():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    naive = evaluate(mission(tiers=tiers, classifier=None)).naive
    assert naive.crossover.pays == "equal"
    assert naive.saving == 0


def test_a_classifier_between_equal_models_never_pays():
    tiers = (Tier("cheap", SONNET), Tier("premium", SONNET))
    assert evaluate(mission(tiers=tiers)).naive.crossover.pays == "never"


def test_a_cheap_tier_that_is_dearer_than_premium_never_pays():
    tiers = (Tier("cheap", SONNET), Tier("premium", HAIKU))
    naive = evaluate(mission(tiers=tiers, classifier=None)).naive
    assert naive.crossover.pays == "never"
    assert naive.saving is not None
    assert naive.saving < 0


def test_free_models_have_no_saving_to_speak_of():
    free = card("free", 0, 0)
    tiers = (Tier("cheap", free), Tier("premium", free))
    naive = evaluate(mission(tiers=tiers, classifier=None)).naive
    assert naive.saving is None
    assert naive.point_saving is None
    assert naive.crossover.pays == "equal"


def test_three_tiers_each_have_a_line_and_an_alternative():
    tiers = (
        Tier("small", FLASH, share="0.5"),
        Tier("middle", HAIKU, share="0.3"),
        Tier("large", SONNET, share="0.2"),
    )
    naive = evaluate(Scenario(tiers)).naive
    assert [line.name for line in naive.routed.lines[:3]] == ["small", "middle", "large"]
    assert [bill.name for bill in naive.singles] == ["all small", "all middle", "all large"]
    assert naive.routed.nano("middle") == usd("27.00")
    assert naive.all_premium.total == usd("270.00")


def test_tiers_with_other_shapes_keep_them_when_one_model_answers_everything():
    tiers = (
        Tier("cheap", HAIKU, input_tokens=1000, output_tokens=400),
        Tier("premium", SONNET, input_tokens=2000, output_tokens=800),
    )
    naive = evaluate(mission(tiers=tiers)).naive
    # 80 % of requests at $0.009 and 20 % at $0.018
    assert naive.all_premium.total == usd("324.00")
    assert naive.routed.nano("premium") == usd("108.00")


def test_the_report_reads_requests_escalation_and_lines():
    breakdown = evaluate(retrying())
    assert breakdown.requests == 30_000
    assert breakdown.escalation == Decimal("0.2")
    assert [column.name for column in breakdown.columns] == [
        "naive",
        "realistic",
        "worst case",
    ]
    assert breakdown.realistic.routed.nano("retries") == usd("4.6656")
    assert breakdown.realistic.routed.nano("no such line") == 0


# ---- what holds of every scenario

prices = st.integers(0, 10**8)
shares = st.decimals(0, 1, places=5)


@st.composite
def scenarios(draw):
    count = draw(st.integers(2, 4))
    tiers = [
        Tier(
            f"t{number}",
            card(f"m{number}", draw(prices), draw(prices), cache_read=draw(st.none() | prices)),
            input_tokens=draw(st.integers(1, 10**5)),
            output_tokens=draw(st.integers(0, 10**5)),
            retry_rate=draw(shares),
            attempts=draw(st.integers(1, 6)),
            cache_hit_rate=draw(shares),
        )
        for number in range(count)
    ]
    return Scenario(
        tiers,
        escalation=draw(shares),
        classifier=draw(st.none() | st.just(Classifier(FLASH))),
        requests_per_day=draw(st.integers(1, 10**6)),
        stable_prefix=draw(shares),
        overhead_usd=draw(st.integers(0, 1000)),
    )


@given(scenarios())
def test_lines_add_up_to_totals_and_the_total_is_right_within_their_roundings(scenario):
    for column in evaluate(scenario).columns:
        for bill in (column.routed, *column.singles):
            assert bill.total == sum(line.nano for line in bill.lines)
            assert all(line.nano >= 0 for line in bill.lines)
    naive = evaluate(scenario).naive
    exact = Fraction(0)
    for tier, share in zip(scenario.tiers, scenario.shares, strict=True):
        rates = tier.card.rates
        call = rates.input * Fraction(tier.input_tokens) + rates.output * Fraction(
            tier.output_tokens
        )
        exact += Fraction(share) * call
    if scenario.classifier is not None:
        exact += 300 * 300_000 + 20 * 2_500_000
    exact *= Fraction(scenario.requests)
    assert abs(naive.routed.total * 1000 - exact) <= 500 * len(naive.routed.lines)


@given(scenarios(), shares)
def test_a_crossover_is_a_root_and_the_ranking_flips_there(scenario, other):
    crossover = evaluate(scenario).realistic.crossover
    if crossover.rate is None:
        at = evaluate(replace(scenario, escalation=other)).realistic
        difference = at.routed.total - at.all_premium.total
        slack = len(at.routed.lines) + 2  # roundings of single lines
        if crossover.pays == "always":
            assert difference <= slack
        elif crossover.pays == "never":
            assert difference >= -slack
        else:
            assert abs(difference) <= slack
        return
    assert 0 < crossover.rate < 1
    sides = []
    for rate in (crossover.rate / 2, crossover.rate, (1 + crossover.rate) / 2):
        at = evaluate(replace(scenario, escalation=rate)).realistic
        sides.append(at.routed.total - at.all_premium.total)
    below, root, above = sides
    assert abs(root) <= 12
    assert (
        (below <= 12 and above >= -12)
        if crossover.pays == "below"
        else (below >= -12 and above <= 12)
    )


@given(scenarios(), st.integers(0, 3), st.integers(1, 10**7))
def test_a_dearer_price_never_makes_a_bill_smaller(scenario, which, more):
    tiers = list(scenario.tiers)
    position = which % len(tiers)
    tier = tiers[position]
    rates = tier.card.rates
    dearer = card(
        tier.card.name, rates.input + more, rates.output + more, cache_read=rates.cache_read
    )
    tiers[position] = replace(tier, card=dearer)
    before, after = evaluate(scenario), evaluate(replace(scenario, tiers=tuple(tiers)))
    for old, new in zip(before.columns, after.columns, strict=True):
        assert new.routed.total >= old.routed.total
        assert new.all_premium.total >= old.all_premium.total


@given(scenarios())
def test_evaluating_twice_gives_the_same(scenario):
    assert evaluate(scenario) == evaluate(scenario)
