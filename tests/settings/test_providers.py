"""Known providers: priced, in order, and valid settings each."""

from __future__ import annotations

from datetime import date

import pytest

from headgate.prices.book import Book
from headgate.settings.fields import PROVIDERS
from headgate.settings.kinds import Refusal
from headgate.settings.providers import KNOWN, SUGGESTED, known_value
from headgate.values import ModelRef, Usage
from tests.settings.files import TIERS, Desk

DAY = date(2026, 11, 23)
BOOK = Book.shipped()


def input_and_output(name: str, model: str) -> tuple[int, int]:
    card = BOOK.card(ModelRef(name, model), DAY, prices_of=KNOWN[name].prices)
    assert card, (name, model)
    rates = card.rates_for(Usage(input=300).total_input)
    assert rates.input is not None
    assert rates.output is not None
    return rates.input, rates.output


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_of_a_provider_is_a_valid_setting(name: str):
    for key in ("dialect", "base_url", "api_key_env", "prices"):
        field = PROVIDERS.field(key)
        value = known_value(name, key)
        assert field is not None
        assert value is None or not isinstance(field.kind.check(value), Refusal)


@pytest.mark.parametrize("name", SUGGESTED)
def test_every_suggested_model_has_a_price_and_premium_is_dearer(name: str):
    known = SUGGESTED[name]
    cheap, premium = (input_and_output(name, model) for model in (known.cheap, known.premium))
    assert sum(cheap) < sum(premium)
    input_and_output(name, known.classifier)


def test_the_provider_whose_classifier_costs_least_comes_first():
    costs = []
    for name, known in SUGGESTED.items():
        dear_in, dear_out = input_and_output(name, known.classifier)
        costs.append(300 * dear_in + 20 * dear_out)
    assert costs == sorted(costs)


def test_a_misspelt_name_is_guessed_among_all_that_are_known(desk: Desk):
    text = TIERS.replace("[providers.a]", "[providers.togehter]").replace('"a/', '"togehter/')
    faults = desk.faults("\n".join(text.splitlines()[:5]))
    assert any("together" in fault.fix for fault in faults)


def test_a_server_on_this_machine_is_sent_no_key(desk: Desk):
    text = "\n".join(TIERS.splitlines()[:4]).replace('"a/', '"ollama/') + "\n[providers.ollama]\n"
    (entry,) = desk.read(text).settings.providers
    assert entry.api_key_env is None
    assert entry.base_url == "http://127.0.0.1:11434/v1"


def test_nothing_is_known_of_a_stranger():
    assert known_value("stranger", "dialect") is None
    assert known_value("openai", "headers") is None
    assert known_value("openai", "count") is None
