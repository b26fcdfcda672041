"""gap: the parts add up to the gap, and nothing a request can do costs more than its bound."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.call import prices_of
from headgate.costs.columns import DRIVERS
from headgate.costs.gap import bound, gap, shapley
from headgate.costs.model import evaluate
from headgate.costs.scenario import Classifier, Scenario, Stress, Tier
from headgate.routing.exchange import Exchange, Limits, Terms
from headgate.routing.signals import (
    Answered,
    Call,
    Classify,
    Ended,
    Failed,
    Finish,
    Start,
    Verdict,
    Wait,
    Woke,
)
from headgate.routing.tier import Tier as Rung
from headgate.values import ModelRef, nano_from_usd
from tests.costs.cards import FLASH, HAIKU, SONNET, mission
from tests.costs.test_columns import busy
from tests.costs.test_model import scenarios


def test_the_value_of_players_who_add_alike_is_shared_alike():
    assert shapley(["a", "b"], lambda group: 10 if len(group) == 2 else 0) == {"a": 5, "b": 5}


def test_a_player_who_adds_nothing_gets_nothing():
    worth = {(): 0, ("a",): 7, ("idle",): 0, ("a", "idle"): 7}
    assert shapley(["a", "idle"], lambda group: worth[tuple(group)]) == {"a": 7, "idle": 0}


def test_the_glove_game_has_its_known_value():
    # one left glove, two right ones; a pair is worth 6: the left hand gets 4, the others 1 each
    def pairs(group):
        return 6 if "left" in group and len(group) > 1 else 0

    assert shapley(["left", "right", "other"], pairs) == {"left": 4, "right": 1, "other": 1}


@given(st.lists(st.integers(-(10**12), 10**12), min_size=8, max_size=8))
def test_rounded_values_add_up_and_are_off_by_less_than_one(worths):
    players = ["a", "b", "c"]

    def value(group):
        return worths[sum(1 << players.index(player) for player in group)]

    parts = shapley(players, value)
    assert sum(parts.values()) == worths[7] - worths[0]
    a = Fraction(
        2 * (worths[1] - worths[0])
        + (worths[3] - worths[2])
        + (worths[5] - worths[4])
        + 2 * (worths[7] - worths[6]),
        6,
    )
    assert abs(parts["a"] - a) < 1


@given(scenarios())
def test_the_parts_add_up_to_the_gap_between_the_columns(scenario):
    found = gap(scenario)
    assert sum(nano for _, nano in found.parts) == found.nano
    assert {driver for driver, _ in found.parts} == set(DRIVERS)
    columns = evaluate(scenario)
    # the columns are sums of rounded lines, the gap is of whole bills
    lines = len(columns.worst.routed.lines)
    assert abs(found.nano - (columns.worst.routed.total - columns.realistic.routed.total)) <= lines


def test_the_largest_driver_comes_first_and_has_its_share():
    found = gap(busy(stress=Stress(escalation="0.2", retry_rate="0.3", output_factor=2)))
    assert found.largest is not None
    assert found.largest[0] == "longer answers"
    assert found.share("longer answers") == Decimal(found.largest[1]) / found.nano
    assert found.share("escalation") == 0


def test_without_any_stress_there_is_no_gap_and_no_largest_driver():
    calm = Stress(escalation=0, retry_rate=0, output_factor=1, cold_cache=False)
    found = gap(mission(stress=calm))
    assert (found.nano, found.largest, found.share("escalation")) == (0, None, None)


def test_the_bound_is_the_dearest_path_that_the_policy_allows():
    found = bound(mission(), input_tokens=1000, output_tokens=400)
    assert found is not None
    assert [(step.name, step.calls) for step in found.steps] == [
        ("classifier", 1),
        ("premium", 3),
        ("cheap", 1),
    ]
    # 1,300 tokens into the classifier and 20 out, 3 · $0.009, $0.003
    assert found.nano == nano_from_usd("0.00044") + nano_from_usd("0.03")


def test_a_tier_that_does_not_fall_back_ends_the_path():
    found = bound(
        mission(classifier=None),
        input_tokens=1000,
        output_tokens=400,
        falls_back={"premium": False, "cheap": False},
    )
    assert found is not None
    assert [(step.name, step.calls) for step in found.steps] == [("premium", 3)]


def test_the_bound_holds_for_the_longest_planned_request_under_stress():
    found = bound(mission(stress=Stress(output_factor=3)))
    assert found is not None
    assert found.input_tokens == 1000
    assert found.output_tokens == 1200


def test_nothing_bounds_a_request_without_a_limit_to_its_attempts():
    tiers = (Tier("cheap", HAIKU, attempts=None), Tier("premium", SONNET))
    assert bound(mission(tiers=tiers)) is None


def test_a_cascades_bound_has_both_tiers_attempts_and_everybody_who_is_asked_about_the_draft():
    found = bound(
        mission(classifier=None),
        input_tokens=1000,
        output_tokens=400,
        drafts="cheap",
        judges=[("judge", FLASH)],
    )
    assert found is not None
    assert [(step.name, step.calls) for step in found.steps] == [
        ("cheap", 3),
        ("judge", 1),
        ("premium", 3),
    ]
    # 3 · $0.003, the judge reads 1,400 tokens and writes 400, 3 · $0.009
    assert found.nano == nano_from_usd("0.009") + nano_from_usd("0.00142") + nano_from_usd("0.027")


def test_the_tiers_between_answer_once_behind_a_rejected_draft():
    tiers = (Tier("low", HAIKU), Tier("middle", HAIKU), Tier("high", SONNET))
    shares = Scenario(
        [
            replace_share(tier, share)
            for tier, share in zip(tiers, ("0.5", "0.3", "0.2"), strict=True)
        ]
    )
    found = bound(shares, drafts="low")
    assert found is not None
    assert [(step.name, step.calls) for step in found.steps] == [
        ("low", 3),
        ("high", 3),
        ("middle", 1),
    ]


def replace_share(tier: Tier, share: str) -> Tier:
    return Tier(tier.name, tier.card, share=share, attempts=3)


def test_a_premium_tier_drafts_nothing():
    plain = bound(mission())
    assert bound(mission(), drafts="premium", judges=[("judge", FLASH)]) == plain


class NoBrakes:
    """Lets every call and every retry pass: nothing but the policy itself bounds a request."""

    def may_call(self, model: ModelRef, at: float) -> bool:
        return True

    def may_retry(self, model: ModelRef, at: float) -> bool:
        return True

    def rests(self, model: ModelRef) -> bool:
        return False


FAILURES = st.sampled_from(
    [
        Failed("status", status=503),
        Failed("status", status=429, retry_after=1.0),
        Failed("timeout"),
        Failed("reset"),
        Failed("unusable"),
    ]
)


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.integers(0, 5000),
    st.integers(0, 5000),
    st.sampled_from([0, 1, None]),
    st.lists(FAILURES, max_size=20),
)
def test_no_request_through_the_gateways_own_policy_costs_more_than_the_bound(
    cheap, premium, reads, writes, verdict, failures
):
    """The exchange itself is walked through, with every failure that may befall it."""
    tiers = (Tier("cheap", HAIKU, attempts=cheap), Tier("premium", SONNET, attempts=premium))
    scenario = Scenario(tiers, escalation="0.2", classifier=Classifier(FLASH))
    found = bound(scenario, input_tokens=reads, output_tokens=writes)
    assert found is not None
    rungs = [
        Rung(name=tier.name, model=ModelRef("p", tier.name), attempts=tier.attempts or 1)
        for tier in tiers
    ]
    terms = Terms(tiers=rungs, safe=rungs[1], limits=Limits(), jitter=lambda: 0.0, gate=NoBrakes())
    exchange = Exchange(terms, None)
    ahead = list(failures)
    pico = 0
    command = exchange.step(Start(), 0.0)
    while not isinstance(command, Finish):
        match command:
            case Classify():
                pico += 300_000 * (300 + reads) + 2_500_000 * 20
                command = exchange.step(Verdict(verdict), 0.0)
            case Call(tier=rung):
                rates = prices_of(HAIKU.rates if rung.name == "cheap" else SONNET.rates)
                pico += rates.input * reads + rates.output * writes
                command = exchange.step(ahead.pop(0) if ahead else Answered(), 0.0)
            case Wait():
                command = exchange.step(Woke(), 0.0)
            case _:
                command = exchange.step(Ended(), 0.0)
    assert pico <= found.nano * 1000


def test_the_bound_is_reached_when_everything_fails():
    found = bound(mission(), input_tokens=1000, output_tokens=400)
    assert found is not None
    assert sum(step.calls for step in found.steps) == 1 + 3 + 1


@pytest.mark.parametrize("prefix", ["0", "0.5", "1"])
def test_the_bound_counts_cache_writes_where_there_are_any(prefix):
    found = bound(mission(stable_prefix=prefix), input_tokens=1000, output_tokens=0)
    assert found is not None
    premium = next(step for step in found.steps if step.name == "premium")
    assert premium.nano == 3 * (3_000_000 + round(750_000 * float(prefix)))
