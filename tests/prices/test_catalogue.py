"""catalogue: a model is found by what one remembers of its name, and its past prices are listed."""

from datetime import date
from fractions import Fraction

import pytest

from headgate.prices.book import Book, Override
from headgate.prices.card import Rates
from headgate.prices.catalogue import Filters, Mix, blended, history, search
from headgate.values import ModelRef
from tests.prices.feeds import TODAY, model, table


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.shipped()


def names(found):
    return [f"{one.card.provider}/{one.card.model}" for one in found]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("sonnet 4.6", "anthropic/claude-sonnet-4-6"),
        ("Claude Haiku 4.5", "anthropic/claude-haiku-4-5"),
        ("anthropic/claude-haiku-4-5", "anthropic/claude-haiku-4-5"),
        ("gpt-4o-mini", "openai/gpt-4o-mini"),
        ("claude-sonett-4-6", "anthropic/claude-sonnet-4-6"),
    ],
)
def test_the_makers_model_comes_first(book, text, first):
    assert names(search(book, text, TODAY))[0] == first


def test_every_word_must_occur(book):
    for name in names(search(book, "gemini flash lite", TODAY)):
        assert all(word in name.lower() for word in ("gemini", "flash", "lite"))


def test_nothing_fits_nonsense(book):
    assert search(book, "zzzz qqqq", TODAY) == []


def test_no_text_lists_every_priced_model_once(book):
    found = names(search(book, "", TODAY))
    assert len(found) == len(set(found)) > 2000


def test_a_provider_a_price_and_a_context_narrow_it_down(book):
    filters = Filters(provider="anthropic", dearest=3_000_000, window=200_000)
    found = search(book, "", TODAY, filters=filters)
    assert found
    for one in found:
        assert one.card.provider == "anthropic"
        assert (one.blended or 0) <= 3_000_000
        assert (one.card.context_window or 0) >= 200_000
    assert len(found) < len(search(book, "", TODAY, filters=Filters(provider="anthropic")))


def test_deprecated_models_can_be_left_out(book):
    kept = search(book, "", TODAY, filters=Filters(deprecated=False))
    assert kept
    assert not any(one.card.deprecated for one in kept)


def test_the_order_is_what_was_asked_for(book):
    by_price = [one.blended or 0 for one in search(book, "claude", TODAY, order="price")]
    assert by_price == sorted(by_price)
    assert names(search(book, "claude", TODAY, order="name")) == sorted(
        names(search(book, "claude", TODAY))
    )
    windows = [
        one.card.context_window or 0 for one in search(book, "claude", TODAY, order="window")
    ]
    assert windows == sorted(windows, reverse=True)


def test_a_blend_is_the_average_price_of_a_token():
    rates = Rates(input=1_000_000, output=5_000_000)
    assert blended(rates, Mix(1000, 400)) == Fraction(3_000_000_000, 1400)
    assert blended(rates, Mix(0, 1)) == 5_000_000
    assert blended(Rates(input=1), Mix(1, 0)) == 1
    assert blended(Rates(input=1), Mix(1, 1)) is None
    assert blended(rates, Mix(0, 0)) is None


def test_the_mix_decides_which_of_two_is_cheaper(tmp_path):
    models = (
        model({"input_mtok": 1, "output_mtok": 9}, id="reader"),
        model({"input_mtok": 2, "output_mtok": 3}, id="writer"),
    )
    book = Book(table(tmp_path, *models))
    for mix, first in ((Mix(1000, 10), "p/reader"), (Mix(10, 1000), "p/writer")):
        assert names(search(book, "", TODAY, mix=mix, order="price"))[0] == first


def test_own_prices_stand_in_the_place_of_the_lists_and_own_models_come_too(book):
    own = [
        Override(model=ModelRef.parse(name), rates=Rates(input=7, output=7), source="own.toml")
        for name in ("anthropic/claude-haiku-4-5", "acme/claude-llama")
    ]
    found = {
        name: one for one in search(Book(book.table, own), "claude", TODAY) for name in names([one])
    }
    assert found["anthropic/claude-haiku-4-5"].card.overridden
    assert found["acme/claude-llama"].card.overridden
    assert not found["anthropic/claude-sonnet-4-6"].card.overridden


def test_a_history_has_no_gap(book):
    _, entry = book.find(ModelRef.parse("anthropic/claude-sonnet-4-6"))
    first, second = history(entry)
    assert (first.start, first.end) == (None, date(2026, 3, 12))
    assert (second.start, second.end) == (date(2026, 3, 13), None)
    assert first.dated.tiers
    assert not second.dated.tiers
