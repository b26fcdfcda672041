"""Known providers: priced, in order, and valid settings each."""

from __future__ import annotations

from datetime import date

import pytest

from headgate.prices.book import Book
from headgate.settings.fields import PROVIDERS
from headgate.settings.kinds import Refusal
from headgate.settings.providers import KNOWN, known_value
from headgate.values import ModelRef, Usage

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


@pytest.mark.parametrize("name", KNOWN)
def test_every_suggested_model_has_a_price_and_premium_is_dearer(name: str):
    known = KNOWN[name]
    cheap, premium = (input_and_output(name, model) for model in (known.cheap, known.premium))
    assert sum(cheap) < sum(premium)
    input_and_output(name, known.classifier)


def test_the_provider_whose_classifier_costs_least_comes_first():
    costs = []
    for name, known in KNOWN.items():
        dear_in, dear_out = input_and_output(name, known.classifier)
        costs.append(300 * dear_in + 20 * dear_out)
    assert costs == sorted(costs)


def test_nothing_is_known_of_a_stranger():
    assert known_value("stranger", "dialect") is None
    assert known_value("openai", "headers") is None
