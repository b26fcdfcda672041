"""alternatives: a strategy, a tier by its name or its model, or any model with a price."""

from datetime import date

import pytest

from headgate.bootstrap.alternatives import alternative_of, check_single
from headgate.bootstrap.book import book_of
from headgate.bootstrap.scenario import WhatIf, scenario_of
from headgate.errors import ConfigError
from headgate.settings import read

TODAY = date(2026, 11, 20)


def found(text: str, **changes: str):
    configured = read(None, env={}, need_providers=False)
    book = book_of(configured)
    scenario = scenario_of(configured, book, TODAY, WhatIf(**changes))
    return alternative_of(configured, book, TODAY, scenario, text)


@pytest.mark.parametrize("strategy", ["routed", "cascade", "routed-cascade"])
def test_strategies_are_known_by_name(strategy):
    assert found(strategy).strategy == strategy.replace("-", " ")


@pytest.mark.parametrize(
    "text",
    [
        "single:premium",
        "single:claude-sonnet-4-6",
        "single:anthropic/claude-sonnet-4-6",
    ],
)
def test_a_tier_is_found_by_its_name_and_by_its_model(text):
    assert found(text).name == "all premium"
    assert found(text).nano("naive") == 270_000_000_000


def test_any_other_model_with_a_price_can_be_compared():
    other = found("single:openai/gpt-4.1")
    assert other.name == "all gpt 4.1"
    assert other.nano("naive") == 30_000 * (1000 * 2 + 400 * 8) * 1000


def test_a_model_of_a_tiers_provider_needs_no_provider():
    assert found("single:claude-opus-4-6").name == "all Claude Opus 4.6"


def test_a_model_that_was_exchanged_no_longer_stands_for_its_tier():
    other = found("single:claude-sonnet-4-6", premium="anthropic/claude-opus-4-6")
    assert other.nano("naive") == 270_000_000_000


@pytest.mark.parametrize("text", ["nonsense", "single:/x", "premium"])
def test_what_is_no_alternative_is_told_with_all_that_are(text):
    with pytest.raises(ConfigError, match="single:PROVIDER/MODEL, or name a settings file"):
        found(text)


def test_a_model_without_a_price_is_told_with_near_names():
    with pytest.raises(ConfigError, match="Did you mean"):
        found("single:claude-sonet-46")


@pytest.mark.parametrize(
    "wanted",
    [
        "premium",
        "claude-sonnet-4-6",
        "anthropic/claude-sonnet-4-6",
        "claude-opus-4-6",
        "openai/gpt-4.1",
        "no/body",
        "body",
    ],
)
def test_what_is_compared_with_can_be_judged_without_a_scenario(wanted):
    configured = read(None, env={}, need_providers=False)
    check_single(configured, book_of(configured), TODAY, wanted, tried=["no/body"])


@pytest.mark.parametrize("wanted", ["no/body", "nonsense", "/"])
def test_a_model_that_nobody_has_is_told_without_a_scenario(wanted):
    configured = read(None, env={}, need_providers=False)
    with pytest.raises(ConfigError):
        check_single(configured, book_of(configured), TODAY, wanted)
