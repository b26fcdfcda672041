"""book: the file's own prices on top of the shipped ones, and errors that help."""

from datetime import date, timedelta

import pytest

from headgate.bootstrap.book import aged, book_of, card_of, doubts_about_prices, table_of
from headgate.errors import ConfigError
from headgate.prices.card import Rates
from headgate.prices.snapshots import Snapshots
from headgate.prices.table import Table
from headgate.settings.schema import (
    ClassifierSettings,
    LedgerSettings,
    PriceListSettings,
    PriceSettings,
    ProviderSettings,
    ResilienceSettings,
    ServerSettings,
    Settings,
    TierSettings,
    TrafficSettings,
)
from headgate.settings.watching import EscalationSettings
from headgate.values import ModelRef
from tests.prices.feeds import NOON, compiled, model

TODAY = date(2026, 11, 20)


def settings(
    *prices: PriceSettings,
    provider: str = "anthropic",
    listed: str | None = None,
    price_list: PriceListSettings | None = None,
):
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
        price_list=price_list or PriceListSettings(),
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


FILE = """
[[prices."anthropic/claude-haiku-4-5"]]
input = "0.80"
output = "4.00"

[[prices."anthropic/claude-haiku-4-5"]]
valid_from = 2026-11-01
input = "0.70"
output = "3.50"

[prices."acme/llama"]
input = "0.10"
output = "0.20"
"""


def with_file(tmp_path, *prices):
    path = tmp_path / "own.toml"
    path.write_text(FILE)
    return settings(*prices, price_list=PriceListSettings(file=str(path))), str(path)


def test_prices_of_an_own_file_hold_and_say_where_they_stand(tmp_path):
    configured, path = with_file(tmp_path)
    found = card(configured, "anthropic/claude-haiku-4-5")
    assert found.rates == Rates(input=700_000, output=3_500_000)
    assert (found.source, found.valid_from) == (path, date(2026, 11, 1))
    assert card(configured, "acme/llama").rates.input == 100_000


def test_a_price_of_the_settings_file_comes_before_that_of_an_own_file(tmp_path):
    configured, _ = with_file(
        tmp_path, PriceSettings(model="anthropic/claude-haiku-4-5", input="9", output="9")
    )
    assert card(configured, "anthropic/claude-haiku-4-5").source == "headgate.toml"


def test_an_own_file_that_is_not_there_is_an_error(tmp_path):
    missing = settings(price_list=PriceListSettings(file=str(tmp_path / "nowhere.toml")))
    with pytest.raises(ConfigError, match="cannot be read"):
        book_of(missing)


def fetched(directory, days):
    """A fetched list that is so many days newer than the shipped one."""
    day = Table.shipped().index.compiled + timedelta(days=days)
    snapshots = Snapshots(directory)
    snapshots.keep(snapshots.stage(compiled(model(), at=day).files), NOON)


def is_shipped(table):
    return table.index.source == "genai-prices"


def test_the_newest_list_counts_unless_the_shipped_one_is_asked_for(tmp_path):
    fetched(tmp_path / "headgate" / "prices", days=1)
    env = {"XDG_DATA_HOME": str(tmp_path)}
    assert not is_shipped(table_of(PriceListSettings(), env))
    assert is_shipped(table_of(PriceListSettings(shipped=True), env))
    assert is_shipped(table_of(PriceListSettings(), {}))
    assert not is_shipped(book_of(settings(), env=env).table)


def test_a_fetched_list_of_the_same_day_counts_and_an_older_one_does_not(tmp_path):
    for days, shipped in ((0, False), (-1, True)):
        fetched(tmp_path / str(days), days)
        chosen = PriceListSettings(directory=str(tmp_path / str(days)))
        assert is_shipped(table_of(chosen, {})) is shipped


def test_a_price_in_a_wrong_unit_is_doubted_with_its_place_and_both_numbers(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text('[prices."work/claude-haiku-4-5"]\ninput = "0.000001"\noutput = "5"\n')
    configured = settings(
        provider="work", listed="anthropic", price_list=PriceListSettings(file=str(path))
    )
    (doubt,) = doubts_about_prices(configured, book_of(configured), TODAY)
    assert (doubt.source, doubt.line) == (str(path), 1)
    assert doubt.field == 'prices."work/claude-haiku-4-5".input'
    assert "input is $0.000001 in" in doubt.message
    assert doubt.message.endswith(": 1,000,000 times less than the list.")
    assert doubt.fix.startswith("It looks like US dollars per token")


def test_a_list_is_pointed_out_once_it_is_older_than_stated():
    configured = settings(price_list=PriceListSettings(warn_after=10 * 86400.0))
    book = book_of(configured, env={})
    made = book.table.index.compiled
    assert list(aged(configured, book, made + timedelta(days=10))) == []
    (doubt,) = aged(configured, book, made + timedelta(days=11))
    assert "is 11 days old" in doubt.message
    assert "headgate prices update" in doubt.fix
