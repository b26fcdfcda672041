"""book: the file's own prices on top of the shipped ones, and errors that help."""

from datetime import date

import pytest

from headgate.bootstrap.book import book_of, card_of
from headgate.errors import ConfigError
from headgate.prices.card import Rates
from headgate.settings.schema import (
    ClassifierSettings,
    EscalationSettings,
    LedgerSettings,
    PriceSettings,
    ProviderSettings,
    ResilienceSettings,
    ServerSettings,
    Settings,
    TierSettings,
    TrafficSettings,
)
from headgate.values import ModelRef

TODAY = date(2026, 11, 20)


def settings(*prices: PriceSettings, provider: str = "anthropic", listed: str | None = None):
    return Settings(
        traffic=TrafficSettings(),
        classifier=ClassifierSettings(),
        tiers=(TierSettings(name="only", model=f"{provider}/claude-haiku-4-5"),),
        escalation=EscalationSettings(),
        providers=(
            ProviderSettings(
                name=provider, dialect="anthropic", base_url="https://x", prices=listed
            ),
        ),
        prices=prices,
        resilience=ResilienceSettings(),
        server=ServerSettings(),
        ledger=LedgerSettings(),
        fingerprint="0" * 12,
    )


def card(configured, name):
    return card_of(book_of(configured), configured, ModelRef.parse(name), TODAY)


def test_without_overrides_the_shipped_prices_hold():
    assert card(settings(), "anthropic/claude-haiku-4-5").rates.input == 1_000_000


def test_an_override_is_read_as_dollars_per_million_and_marked():
    price = PriceSettings(
        model="anthropic/claude-haiku-4-5", input="0.90", output="4.5", cache_read="0.09"
    )
    found = card(settings(price), "anthropic/claude-haiku-4-5")
    assert found.rates == Rates(input=900_000, output=4_500_000, cache_read=90_000)
    assert found.overridden
    assert found.id == "anthropic/claude-haiku-4-5@override:headgate.toml"


def test_a_provider_may_name_the_list_that_holds_for_its_models():
    found = card(settings(provider="work", listed="anthropic"), "work/claude-haiku-4-5")
    assert found.id == "anthropic/claude-haiku-4-5@undated"


def test_every_override_that_is_no_price_is_named_with_its_field():
    bad = PriceSettings(model="a/b", input="three", output="-1", cache_read="0.0000001")
    with pytest.raises(ConfigError) as caught:
        book_of(settings(bad))
    fields = [fault.field for fault in caught.value.faults]
    assert fields == [f'prices."a/b".{kind}' for kind in ("input", "output", "cache_read")]
    assert "USD per million tokens" in str(caught.value)


def test_a_model_without_a_price_is_an_error_with_near_names_and_both_fixes():
    with pytest.raises(ConfigError) as caught:
        card(settings(), "anthropic/claude-haiku-45")
    text = str(caught.value)
    assert "No price is known for anthropic/claude-haiku-45 (genai-prices" in text
    assert "Did you mean anthropic/claude-haiku-4-5" in text
    assert '[prices."anthropic/claude-haiku-45"]' in text


def test_a_model_that_is_listed_without_a_price_per_token_is_said_to_be_so():
    with pytest.raises(ConfigError, match="has no price per token for openai/whisper-1"):
        card(settings(), "openai/whisper-1")


def test_where_nothing_is_near_no_guess_is_made():
    with pytest.raises(ConfigError) as caught:
        card(settings(), "acme/qqqqqqqqqqqq")
    assert "Did you mean" not in str(caught.value)
    assert "Correct the name, or state its price" in str(caught.value)
