"""formula: cascades, matrices, shapes, splitting, batches; and a month that was really rolled."""

import random
from decimal import Decimal
from fractions import Fraction
from math import sqrt

import msgspec
import pytest
from hypothesis import given

from headgate.costs.call import prices_of
from headgate.costs.formula import Month, total
from headgate.costs.model import evaluate
from headgate.costs.quantities import as_floats
from headgate.costs.scenario import Classifier, Misrouting, Scenario, Tier
from headgate.prices.card import Rates
from headgate.values import nano_from_usd
from tests.costs.cards import FLASH, HAIKU, SONNET, card, mission
from tests.costs.test_model import scenarios, shares


def usd(amount: str) -> int:
    return nano_from_usd(amount)


# ---- cascades


def test_a_cascade_without_verifier_cost_has_its_golden_lines():
    cascade = evaluate(mission()).naive.cascade
    assert [(line.name, line.nano) for line in cascade.lines] == [
        ("cheap", usd("90.00")),
        ("premium", usd("54.00")),
        ("verifier", 0),
        ("retries", 0),
        ("overhead", 0),
    ]
    assert cascade.total == usd("144.00")


def test_every_draft_is_judged_and_the_last_answer_is_not():
    cascade = evaluate(mission(verifier=Classifier(FLASH))).naive.cascade
    assert cascade.nano("verifier") == usd("4.20")
    assert cascade.total == usd("148.20")


def test_in_a_longer_cascade_a_request_pays_for_every_tier_up_to_its_own():
    tiers = (
        Tier("small", FLASH, share="0.5"),
        Tier("middle", HAIKU, share="0.3"),
        Tier("large", SONNET, share="0.2"),
    )
    cascade = evaluate(Scenario(tiers, verifier=Classifier(FLASH))).naive.cascade
    # all draft on small ($0.0013), half of them again on middle, a fifth on large
    assert cascade.nano("small") == usd("39.00")
    assert cascade.nano("middle") == usd("45.00")
    assert cascade.nano("large") == usd("54.00")
    assert cascade.nano("verifier") == usd("6.30")  # 1.5 drafts a request at $0.00014


def test_behind_a_router_what_goes_straight_to_premium_is_neither_drafted_nor_judged():
    bill = evaluate(mission(verifier=Classifier(FLASH), direct="0.15")).naive.routed_cascade
    assert bill is not None
    assert bill.nano("classifier") == usd("4.20")
    assert bill.nano("cheap") == usd("76.50")
    assert bill.nano("premium") == usd("54.00")
    assert bill.nano("verifier") == usd("3.57")


def test_no_more_goes_straight_to_premium_than_premium_answers():
    bill = evaluate(mission("0.2", direct="0.9")).naive.routed_cascade
    assert bill is not None
    assert bill.total == usd("130.20")


@given(scenarios())
def test_a_cascade_never_costs_less_than_routing_for_nothing(scenario):
    month = Month(scenario.inputs)
    free = total(month.routed()) - month.routed().classifier
    assert total(month.cascade()) - month.cascade().verifier >= free - Decimal("1e-20")


# ---- who goes where


def test_the_escalation_rate_follows_from_the_matrix():
    wrong = Misrouting(hard="0.25", caught="0.8", wasted="0.1")
    scenario = mission(None, misrouting=wrong)
    assert scenario.escalation_rate == Decimal("0.275")
    assert evaluate(scenario).naive.routed == evaluate(mission("0.275")).naive.routed


def test_a_misrouted_request_keeps_its_own_tokens():
    tiers = (
        Tier("cheap", HAIKU, input_tokens=1000, output_tokens=400),
        Tier("premium", SONNET, input_tokens=2000, output_tokens=800),
    )
    wrong = Misrouting(hard="0.2", caught="0.5", wasted="0.25")
    naive = evaluate(mission(None, tiers=tiers, misrouting=wrong)).naive
    # cheap: 60 % easy at $0.003 and 10 % hard at $0.006; premium: 20 % easy at $0.009, 10 % at .018
    assert naive.routed.nano("cheap") == usd("72.00")
    assert naive.routed.nano("premium") == usd("108.00")
    assert naive.all_premium.total == usd("324.00")  # the mix of requests is what it is


@given(shares, shares, shares)
def test_no_request_is_lost_or_doubled_by_misrouting(hard, caught, wasted):
    wrong = Misrouting(hard=hard, caught=caught, wasted=wasted)
    tiers = (
        Tier("cheap", SONNET, input_tokens=10, output_tokens=0),
        Tier("premium", SONNET, input_tokens=20, output_tokens=0),
    )
    naive = evaluate(mission(None, tiers=tiers, misrouting=wrong, classifier=None)).naive
    assert abs(naive.routed.total - naive.all_premium.total) <= 3


# ---- caches, batches, text


def test_splitting_the_traffic_costs_hits_and_one_model_keeps_them():
    tiers = (Tier("cheap", HAIKU, cache_hit_rate=1), Tier("premium", SONNET, cache_hit_rate=1))
    kept = evaluate(mission(tiers=tiers, stable_prefix=1)).realistic
    lost = evaluate(mission(tiers=tiers, stable_prefix=1, split_loss=1)).realistic
    assert lost.all_premium == kept.all_premium
    # cheap hits 80 % of the time: 1,000 · (0.8 · 0.1 + 0.2 · 1.25) + 400 · 5 = 2,330 microdollars
    assert lost.routed.nano("cheap") == usd("55.92")
    # premium 20 %: 1,000 · (0.2 · 0.3 + 0.8 · 3.75) + 400 · 15 = 9,060
    assert lost.routed.nano("premium") == usd("54.36")


def test_a_share_of_calls_pays_batch_prices_where_there_are_any():
    late = card("Haiku batch", 500_000, 2_500_000)
    tiers = (Tier("cheap", HAIKU, batch_card=late), Tier("premium", SONNET))
    routed = evaluate(mission(tiers=tiers, batch_share="0.5")).naive.routed
    assert routed.nano("cheap") == usd("54.00")
    assert routed.nano("premium") == usd("54.00")


def test_a_model_that_makes_more_tokens_of_a_text_costs_as_much_more():
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET, text_factor="1.3"))
    naive = evaluate(mission(tiers=tiers)).naive
    assert naive.all_premium.total == usd("351.00")
    assert naive.all_cheap.total == usd("90.00")


def test_the_text_factor_counts_for_the_context_tier():
    tiered = msgspec.structs.replace(
        SONNET, tiers=((1000, Rates(input=6_000_000, output=30_000_000)),)
    )
    tiers = (Tier("cheap", HAIKU), Tier("premium", tiered, text_factor="1.1"))
    assert evaluate(mission(tiers=tiers)).naive.all_premium.total == usd("594.00")


@given(scenarios())
def test_floats_give_the_same_as_decimals_but_for_their_rounding(scenario):
    exact, plain = Month(scenario.inputs), Month(as_floats(scenario.inputs))
    for strategy in ("routed", "cascade"):
        one, other = (total(getattr(month, strategy)()) for month in (exact, plain))
        assert float(one) == pytest.approx(other, rel=1e-12, abs=1e-6)


# ---- a month of requests, each rolled


class Rolled:
    """Bills of single requests, by the plain rules of a request's life and exact fractions."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.dice = random.Random(seed)

    def request(self, *, cascade: bool) -> Fraction:
        """Pico-dollars of one request."""
        scenario = self.scenario
        bill = Fraction(0)
        place = self.dice.choices(
            range(len(scenario.tiers)), [float(share) for share in scenario.shares]
        )[0]
        kind = scenario.tiers[place]
        if cascade:
            path = scenario.tiers[: place + 1]
        else:
            path = (kind,)
            if scenario.classifier is not None:
                bill += Fraction(scenario.classifier.pico)
        for tier in path:
            bill += self.answer(tier, kind)
        return bill

    def answer(self, tier: Tier, kind: Tier) -> Fraction:
        """One tier answers, with as many attempts as it takes or as it has."""
        rates, bill = prices_of(tier.card.rates), Fraction(0)
        for attempt in range(tier.attempts or 10**9):
            reads, writes = Fraction(kind.input_tokens), Fraction(kind.output_tokens)
            cached = Fraction(0)
            if attempt == 0:
                held = reads * Fraction(self.scenario.stable_prefix)
                reads -= held
                hit = self.dice.random() < tier.cache_hit_rate
                cached = held * (rates.read if hit else rates.write)
            bill += rates.input * reads + cached + rates.output * writes
            if self.dice.random() >= tier.retry_rate:
                break
        return bill


@pytest.mark.parametrize("cascade", [False, True], ids=["routed", "cascade"])
def test_a_month_of_rolled_requests_agrees_with_the_realistic_column(cascade):
    tiers = (
        Tier("cheap", HAIKU, retry_rate="0.1", cache_hit_rate="0.4", output_tokens=300),
        Tier("premium", SONNET, retry_rate="0.35", cache_hit_rate="0.6", attempts=4),
    )
    scenario = mission("0.3", tiers=tiers, stable_prefix="0.5")
    month = Rolled(scenario, seed=7)
    bills = [float(month.request(cascade=cascade)) for _ in range(30_000)]
    mean = sum(bills) / len(bills)
    spread = sum((bill - mean) ** 2 for bill in bills) / (len(bills) - 1)
    error = sqrt(spread / len(bills))
    column = evaluate(scenario).realistic
    planned = (column.cascade if cascade else column.routed).total * 1000 / 30_000
    assert abs(mean - planned) < 3 * error
    assert error < planned / 100  # close enough to tell a wrong formula
