"""scenario: numbers of every kind are taken exactly, and every wrong one is named."""

from dataclasses import FrozenInstanceError, replace
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from headgate.costs.scenario import Classifier, Misrouting, Scenario, Stress, Tier
from headgate.errors import ConfigError
from tests.costs.cards import FLASH, HAIKU, SONNET, card, mission


def faults(build) -> dict[str, str]:
    with pytest.raises(ConfigError) as caught:
        build()
    return {str(fault.field): f"{fault.message} {fault.fix}" for fault in caught.value.faults}


def three(*shares, **more):
    names = ("small", "middle", "large")
    tiers = [
        Tier(name, of, share=share)
        for name, of, share in zip(names, (FLASH, HAIKU, SONNET), shares, strict=True)
    ]
    return Scenario(tiers, **more)


@pytest.mark.parametrize("number", ["0.2", 0.2, Decimal("0.2")])
def test_a_number_is_taken_as_it_is_written(number):
    assert mission(number).escalation_rate == Decimal("0.2")


def test_a_month_is_requests_a_day_times_days():
    assert mission(requests_per_day=1500, days="30.5").requests == Decimal(45750)


def test_two_tiers_share_by_the_escalation_rate():
    assert mission("0.3").shares == (Decimal("0.7"), Decimal("0.3"))


def test_more_tiers_state_their_shares():
    scenario = three("0.5", "0.3", "0.2")
    assert scenario.shares == (Decimal("0.5"), Decimal("0.3"), Decimal("0.2"))
    assert scenario.escalation_rate == Decimal("0.2")


def test_another_escalation_rate_leaves_the_other_tiers_their_proportions():
    scenario = three("0.6", "0.2", "0.2", escalation="0.6")
    assert scenario.shares == (Decimal("0.3"), Decimal("0.1"), Decimal("0.6"))


def test_shares_that_are_thirds_are_mended_to_add_to_one():
    scenario = three("0.333333", "0.333333", "0.333334")
    assert sum(scenario.shares) == 1
    assert sum(three("0.3333333", "0.3333333", "0.3333333").shares) == 1


@given(
    st.decimals("0", "1", places=6),
    st.decimals("0", "1", places=6),
    st.decimals("0", "1", places=6),
)
def test_shares_and_weights_always_add_to_exactly_one(small, middle, escalation):
    scenario = three(small, middle, None, escalation=escalation)
    assert sum(scenario.shares) == 1
    assert sum(scenario.weights) == 1
    assert all(share >= 0 for share in scenario.shares)
    assert scenario.shares[-1] == escalation


def test_tiers_without_shares_share_alike_what_is_not_escalated():
    assert three(None, None, None, escalation=0).shares == (Decimal("0.5"), Decimal("0.5"), 0)


def test_traffic_grows_by_a_factor():
    assert mission().at_traffic(3).requests == 90_000
    assert mission().at_traffic("0.5") == mission(requests_per_day=500)


def test_a_scenario_cannot_be_changed_but_a_changed_copy_is_easily_made():
    scenario = mission()
    with pytest.raises(FrozenInstanceError):
        scenario.days = Decimal(31)  # type: ignore[misc]
    assert replace(scenario, days=Decimal(31)).requests == 31_000
    assert replace(scenario, escalation=Decimal("0.5")).shares[1] == Decimal("0.5")


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("escalation", "1.5", "1.5 (150 %) is too high. Give a share of 0 to 1."),
        ("escalation", -0.1, "-0.1 (-10 %) is too low."),
        ("escalation", float("nan"), "'NaN' is not a number."),
        ("escalation", float("inf"), "Infinity is too high."),
        ("escalation", True, "'True' is not a number."),
        ("escalation", "", "'' is not a number."),
        ("requests_per_day", 0, "0 is too low. Give a number above 0"),
        ("requests_per_day", "many", "'many' is not a number."),
        ("requests_per_day", 10**12, "is too high."),
        ("days", 0, "above 0 to 366"),
        ("days", 367, "367 is too high."),
        ("stable_prefix", 2, "2 (200 %) is too high."),
        ("overhead_usd", -1, "-1 is too low."),
        ("split_loss", "1.5", "Give a share of 0 to 1."),
        ("batch_share", "x", "'x' is not a number."),
        ("direct", -1, "-1 (-100 %) is too low."),
        ("cache_life", "2h", '\'2h\' is no cache life. Give "5m" or "1h".'),
    ],
)
def test_a_number_out_of_range_is_named_with_what_is_allowed(field, value, says):
    assert says in faults(lambda: mission(**{field: value}))[field]


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("input_tokens", -1, "-1 is too low."),
        ("output_tokens", 10**9, "is too high."),
        ("retry_rate", "1.01", "Give a probability of 0 to 1."),
        ("cache_hit_rate", "x", "'x' is not a number."),
        ("text_factor", 0, "Give a factor above 0 to 100."),
        ("attempts", 0, "0 attempts are not possible."),
        ("attempts", 101, "Give a whole number of 1 to 100"),
        ("attempts", True, "True attempts are not possible."),
    ],
)
def test_a_tiers_number_out_of_range_is_named_with_its_tier(field, value, says):
    tiers = (Tier("cheap", HAIKU, **{field: value}), Tier("premium", SONNET))
    assert says in faults(lambda: mission(tiers=tiers))[f"tiers.cheap.{field}"]


def test_failing_for_ever_without_a_limit_is_said_to_have_no_end():
    endless = (Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate=1, attempts=None))
    assert (
        "the bill has no end" in faults(lambda: mission(tiers=endless))["tiers.premium.retry_rate"]
    )


@pytest.mark.parametrize(
    ("stress", "field", "says"),
    [
        ({"escalation": 2}, "stress.escalation", "Give a share of 0 to 1."),
        ({"retry_rate": "nan"}, "stress.retry_rate", "is not a number"),
        ({"output_factor": "0.5"}, "stress.output_factor", "Give a factor of 1 to 100."),
    ],
)
def test_a_stress_out_of_range_is_named(stress, field, says):
    assert says in faults(lambda: mission(stress=Stress(**stress)))[field]


def test_a_stress_that_fails_for_ever_without_a_limit_has_no_end():
    endless = (Tier("cheap", HAIKU), Tier("premium", SONNET, attempts=None))
    found = faults(lambda: mission(tiers=endless, stress=Stress(retry_rate=1)))
    assert "the bill has no end" in found["stress.retry_rate"]


@pytest.mark.parametrize("field", ["hard", "caught", "wasted"])
def test_a_rate_of_the_misrouting_out_of_range_is_named(field):
    wrong = Misrouting(**{"hard": "0.2", field: "1.2"})
    assert (
        "1.2 (120 %) is too high."
        in faults(lambda: mission(None, misrouting=wrong))[f"misrouting.{field}"]
    )


def test_the_rate_and_the_misrouting_are_not_given_both():
    wrong = Misrouting(hard="0.2")
    assert "Give one of the two." in faults(lambda: mission("0.2", misrouting=wrong))["escalation"]


def test_a_verifier_is_checked_like_a_classifier():
    broken = Classifier(FLASH, output_tokens=-1)
    assert "verifier.output_tokens" in faults(lambda: mission(verifier=broken))


def test_batch_calls_without_a_batch_price_are_noted():
    (note, _) = mission(batch_share="0.5").notes()
    assert note.startswith("No batch price is known for Haiku 4.5")


def test_a_classifier_is_checked_like_a_tier():
    broken = Classifier(FLASH, input_tokens="NaN")
    assert "classifier.input_tokens" in faults(lambda: mission(classifier=broken))


def test_a_call_of_no_tokens_is_refused():
    empty = Classifier(FLASH, input_tokens=0, output_tokens=0)
    assert "no call" in faults(lambda: mission(classifier=empty))["classifier.input_tokens"]


@pytest.mark.parametrize(("reads", "writes", "kind"), [(None, 5, "input"), (5, None, "output")])
def test_a_card_without_a_price_is_refused(reads, writes, kind):
    tiers = (Tier("cheap", card("half", reads, writes)), Tier("premium", SONNET))
    assert f"no price for {kind} tokens" in faults(lambda: mission(tiers=tiers))["tiers.cheap"]


def test_all_faults_come_at_once():
    found = faults(lambda: mission("2", days=0, requests_per_day="x"))
    assert found.keys() == {"escalation", "days", "requests_per_day"}


@pytest.mark.parametrize("tiers", [(), (Tier("a", HAIKU),), (Tier("a", HAIKU), Tier("a", SONNET))])
def test_fewer_than_two_tiers_or_two_of_one_name_are_refused(tiers):
    assert "two or more" in faults(lambda: mission(tiers=tiers))["tiers"]


def test_shares_that_do_not_add_to_one_are_refused():
    assert "add to 0.9, not to 1" in faults(lambda: three("0.5", "0.3", "0.1"))["tiers"]


def test_a_tier_without_a_share_needs_the_escalation_rate():
    assert "escalation" in faults(lambda: three("0.5", None, "0.5"))
    assert "escalation" in faults(lambda: mission(None))


def test_what_is_allowed_but_doubtful_is_noted():
    small = msgspec.structs.replace(HAIKU, context_window=999, deprecated=True)
    scenario = mission(tiers=(Tier("cheap", small), Tier("premium", SONNET)))
    assert scenario.notes() == [
        "1,000 input tokens are more than Haiku 4.5 can read (999).",
        "Haiku 4.5 is deprecated by its provider.",
    ]
    assert mission().notes() == []
