"""scenario: what the settings plan for, and the changes tried out on them."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import WhatIf, caveats, scenario_of
from headgate.costs.model import evaluate
from headgate.errors import ConfigError
from headgate.settings import read
from headgate.values import nano_from_usd

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


def test_a_price_of_the_files_own_is_used_and_marked(tmp_path):
    own = '\n[prices."anthropic/claude-haiku-4-5"]\ninput = "0.5"\noutput = "2.5"\n'
    scenario = planned(settings(tmp_path, THREE + own))
    assert scenario.tiers[1].card.overridden
    assert scenario.tiers[1].card.rates.input == 500_000
