"""scenario: what the settings plan for, and the changes tried out on them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import WhatIf, calls_per_month, caveats, deciders, scenario_of
from headgate.costs.model import evaluate
from headgate.errors import ConfigError
from headgate.routing.artifact import dump
from headgate.routing.router import Head
from headgate.settings import read
from headgate.values import nano_from_usd
from tests.routing.routers import small_artifact

TODAY = date(2026, 11, 20)

THREE = """
[tiers.small]
model = "google/gemini-2.5-flash"
share = 0.5
[tiers.middle]
model = "anthropic/claude-haiku-4-5"
share = 0.3
[tiers.large]
model = "anthropic/claude-sonnet-4-6"
share = 0.2
attempts = 2
retry_rate = 0.1
"""


def settings(tmp_path: Path | None = None, text: str = ""):
    path = None
    if tmp_path is not None:
        path = tmp_path / "headgate.toml"
        path.write_text(text)
    return read(path, env={}, need_providers=False)


def planned(configured, **changes: str):
    return scenario_of(configured, book_of(configured), TODAY, WhatIf(**changes))


def test_the_built_in_example_is_the_missions_scenario():
    naive = evaluate(planned(settings())).naive
    assert naive.routed.total == nano_from_usd("130.20")
    assert naive.all_premium.total == nano_from_usd("270.00")


def test_the_files_tiers_shares_and_retries_are_taken(tmp_path):
    scenario = planned(settings(tmp_path, THREE))
    assert [tier.name for tier in scenario.tiers] == ["small", "middle", "large"]
    assert scenario.shares == (Decimal("0.5"), Decimal("0.3"), Decimal("0.2"))
    assert (scenario.tiers[2].attempts, scenario.tiers[2].retry_rate) == (2, Decimal("0.1"))


def test_with_three_tiers_escalation_may_still_be_tried_out(tmp_path):
    scenario = planned(settings(tmp_path, THREE), escalation="0.6")
    assert scenario.shares == (Decimal("0.25"), Decimal("0.15"), Decimal("0.6"))


def test_no_classifier_model_means_that_deciding_costs_nothing(tmp_path):
    assert planned(settings(tmp_path, THREE)).classifier is None
    assert planned(settings(), classifier="none").classifier is None


def test_a_file_without_a_classifier_is_said_to_send_everything_to_premium(tmp_path):
    (caveat,) = caveats(settings(tmp_path, THREE))
    assert "would send every request to large" in caveat
    assert caveats(settings()) == []
    assert caveats(settings(tmp_path, THREE), WhatIf(classifier="openai/gpt-4o-mini")) == []


def test_every_change_reaches_the_scenario():
    scenario = planned(
        settings(),
        escalation="0.4",
        premium="anthropic/claude-opus-4-5",
        cheap="openai/gpt-4o-mini",
        classifier="openai/gpt-4.1-nano",
        requests_per_day="5000",
        days="31",
        input_tokens="2000",
        output_tokens="300",
        retry_rate="0.05",
        stable_prefix="0.6",
        cache_hit_rate="0.7",
        overhead_usd="20",
    )
    cheap, premium = scenario.tiers
    assert (cheap.card.model, premium.card.model) == ("gpt-4o-mini", "claude-opus-4-5")
    assert scenario.classifier is not None
    assert scenario.classifier.card.model == "gpt-4.1-nano"
    assert scenario.classifier.input_tokens == 300
    assert scenario.escalation_rate == Decimal("0.4")
    assert scenario.requests == 155_000
    assert (scenario.stable_prefix, scenario.overhead_usd) == (Decimal("0.6"), 20)
    for tier in scenario.tiers:
        assert (tier.input_tokens, tier.output_tokens) == (2000, 300)
        assert (tier.retry_rate, tier.cache_hit_rate) == (Decimal("0.05"), Decimal("0.7"))


def test_the_cache_hit_rate_is_an_assumption_where_none_is_given():
    assert planned(settings()).tiers[0].cache_hit_rate == Decimal("0.4")


@pytest.mark.parametrize("field", ["escalation", "requests_per_day", "input_tokens"])
def test_an_empty_change_is_a_fault_and_not_the_files_value(field):
    with pytest.raises(ConfigError, match="'' is not a number"):
        planned(settings(), **{field: ""})


@pytest.mark.parametrize("field", ["premium", "cheap", "classifier"])
def test_a_model_without_its_provider_is_named_with_the_change(field):
    with pytest.raises(ConfigError) as caught:
        planned(settings(), **{field: "gpt-4o"})
    assert [fault.field for fault in caught.value.faults] == [field]
    assert "provider/model" in str(caught.value)


def test_models_without_a_price_hide_no_number_that_is_wrong_beside_them(tmp_path):
    text = THREE.replace("google/gemini-2.5-flash", "google/nothing") + (
        '[plan]\nverifier = "no/body"\n[traffic]\nbatch_share = 0.5\n'
    )
    with pytest.raises(ConfigError) as caught:
        planned(settings(tmp_path, text), premium="gpt-4o", days="900", input_tokens="-1")
    fields = [fault.field for fault in caught.value.faults]
    assert fields[:3] == ["tiers.small.model", "premium", "plan.verifier"]
    assert {"days", "tiers.small.input_tokens", "tiers.large.input_tokens"} <= set(fields)
    assert all("stand" not in str(fault) for fault in caught.value.faults[3:])


def test_a_model_without_a_price_is_told_with_who_names_it(tmp_path):
    with pytest.raises(ConfigError) as caught:
        planned(settings(tmp_path, THREE), classifier="openai/nothing")
    (fault,) = caught.value.faults
    assert (fault.field, "No price is known for openai/nothing" in fault.message) == (
        "classifier",
        True,
    )
    assert '[prices."openai/nothing"]' in fault.fix


def test_a_price_of_the_files_own_is_used_and_marked(tmp_path):
    own = '\n[prices."anthropic/claude-haiku-4-5"]\ninput = "0.5"\noutput = "2.5"\n'
    scenario = planned(settings(tmp_path, THREE + own))
    assert scenario.tiers[1].card.overridden
    assert scenario.tiers[1].card.rates.input == 500_000


FULL = """
[traffic]
calls_per_request = 2.5
stable_prefix = 0.5
cache_life = "1h"
batch_share = 0.25
[tiers.small]
model = "openai/gpt-4.1-mini"
input_tokens = 500
cache_hit_rate = 0.6
[tiers.large]
model = "openai/gpt-4.1"
output_tokens = 900
text_factor = 1.2
[escalation]
low = 0.1
high = 0.35
[plan]
overhead_usd = 12.5
split_loss = 0.5
verifier = "openai/gpt-4.1-nano"
verifier_input_tokens = 700
verifier_output_tokens = 5
direct_share = 0.1
worst_retry_rate = 0.3
worst_output_factor = 3.0
"""


def test_every_planned_figure_of_the_file_reaches_the_scenario(tmp_path):
    scenario = planned(settings(tmp_path, FULL))
    small, large = scenario.tiers
    assert scenario.requests_per_day == 2500
    assert (scenario.stable_prefix, scenario.cache_life) == (Decimal("0.5"), "1h")
    assert (small.input_tokens, small.output_tokens) == (500, 400)
    assert (large.input_tokens, large.output_tokens) == (1000, 900)
    assert (small.cache_hit_rate, large.cache_hit_rate) == (Decimal("0.6"), Decimal("0.4"))
    assert large.text_factor == Decimal("1.2")
    assert (scenario.batch_share, scenario.split_loss) == (Decimal("0.25"), Decimal("0.5"))
    assert small.batch_card is not None
    assert 2 * (small.batch_card.rates.input or 0) == small.card.rates.input
    assert scenario.overhead_usd == Decimal("12.5")
    assert scenario.verifier is not None
    assert scenario.verifier.card.model == "gpt-4.1-nano"
    assert (scenario.verifier.input_tokens, scenario.verifier.output_tokens) == (700, 5)
    assert scenario.direct == Decimal("0.1")
    assert scenario.stress.escalation == Decimal("0.35")
    assert scenario.stress.retry_rate == Decimal("0.3")
    assert scenario.stress.output_factor == 3


def test_without_an_interval_the_worst_case_takes_the_budget_and_a_rate_tried_out_neither():
    assert planned(settings()).stress.escalation == Decimal("0.25")
    assert planned(settings(), escalation="0.4").stressed_escalation == Decimal("0.8")


def test_the_rate_follows_from_the_share_of_hard_requests_where_that_is_given(tmp_path):
    text = THREE.replace("share", "#share").partition("[tiers.large]")[0] + (
        "[plan]\nhard_share = 0.2\ntrue_positive_rate = 0.9\nfalse_positive_rate = 0.05\n"
    )
    scenario = planned(settings(tmp_path, text))
    assert scenario.misrouting is not None
    assert scenario.escalation_rate == Decimal("0.22")
    assert planned(settings(tmp_path, text), escalation="0.5").misrouting is None


def test_a_service_tier_has_its_own_prices(tmp_path):
    tiers = '[tiers.a]\nmodel = "openai/gpt-5-mini"\n{}\n[tiers.b]\nmodel = "openai/gpt-5"\n'
    plain = planned(settings(tmp_path, tiers.format(""))).tiers[0].card
    flex = planned(settings(tmp_path, tiers.format('service_tier = "flex"'))).tiers[0].card
    assert "service_tier=flex" in flex.id
    assert (flex.rates.input or 0) < (plain.rates.input or 0)


def test_a_service_tier_without_prices_is_told(tmp_path):
    text = THREE + 'service_tier = "flex"\n'
    with pytest.raises(ConfigError, match="no price of anthropic/claude-sonnet-4-6 for service"):
        planned(settings(tmp_path, text))


def test_calls_a_request_do_not_hide_that_the_requests_are_no_number(tmp_path):
    with pytest.raises(ConfigError, match="'many' is not a number"):
        planned(settings(tmp_path, FULL), requests_per_day="many")


def test_a_request_of_several_calls_is_said_to_be_counted_by_its_calls(tmp_path):
    (note, *_) = caveats(settings(tmp_path, FULL))
    assert note.startswith("A request leads to 2.5 model calls")


def test_small_models_of_other_providers_could_decide():
    configured = settings()
    cards = deciders(configured, book_of(configured), TODAY)
    assert len(cards) >= 5
    assert all(card.rates.input is not None for card in cards)


CASCADE = '[classifier]\nkind = "cascade"\njudge_model = "google/gemini-2.5-flash"\n'


def test_a_configured_cascade_is_pointed_out_and_its_judge_is_priced(tmp_path):
    configured = settings(tmp_path, CASCADE + THREE)
    (note,) = caveats(configured)
    assert "a cascade" in note
    verifier = planned(configured).verifier
    assert verifier is not None
    assert verifier.card.model == "gemini-2.5-flash"


def test_a_verifier_of_the_plan_stands_before_the_configured_judge(tmp_path):
    plan = '[plan]\nverifier = "anthropic/claude-haiku-4-5"\n'
    verifier = planned(settings(tmp_path, CASCADE + THREE + plan)).verifier
    assert verifier is not None
    assert "haiku" in verifier.card.model


def test_a_month_has_every_call_of_every_request(tmp_path):
    assert calls_per_month(settings()) == 30_000
    busy = "[traffic]\nrequests_per_day = 101\ndays_per_month = 20\ncalls_per_request = 1.5\n"
    assert calls_per_month(settings(tmp_path, busy + THREE)) == 3030


def test_a_router_with_embeddings_is_planned_as_a_classifier_that_answers_nothing(tmp_path):
    head = Head("openai/text-embedding-3-small", "endpoint", (1.0,))
    (tmp_path / "r.headgate").write_bytes(dump(small_artifact(head=head)))
    text = '[classifier]\nkind = "learned"\nrouter = "r.headgate"\ninput_tokens = 500\n' + THREE
    scenario = planned(settings(tmp_path, text))
    assert scenario.classifier is not None
    assert scenario.classifier.card.model == "text-embedding-3-small"
    assert (scenario.classifier.input_tokens, scenario.classifier.output_tokens) == (500, 0)
    assert scenario.classifier.pico == 500 * 20_000
    configured = settings(tmp_path, text)
    assert deciders(configured, book_of(configured), TODAY) == []
    (tmp_path / "r.headgate").write_bytes(dump(small_artifact()))
    assert planned(settings(tmp_path, text)).classifier is None
