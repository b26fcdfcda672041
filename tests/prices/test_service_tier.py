"""served_card: a tier's own card or none, never the standard one in its place."""

from datetime import date

import pytest

from headgate.prices.book import Book, Override
from headgate.prices.card import Rates
from headgate.prices.service_tier import served_card
from headgate.values import ModelRef

DAY = date(2026, 11, 20)
MINI = ModelRef("openai", "gpt-5-mini")
HAIKU = ModelRef("anthropic", "claude-haiku-4-5")
BOOK = Book.shipped()


def test_the_standard_tier_has_the_models_own_card():
    assert served_card(BOOK, MINI, DAY, None) == BOOK.card(MINI, DAY)


@pytest.mark.parametrize(("tier", "times"), [("flex", 0.5), ("batch", 0.5), ("priority", 1.8)])
def test_a_tier_has_the_card_of_its_variant(tier, times):
    standard, found = BOOK.card(MINI, DAY), served_card(BOOK, MINI, DAY, tier)
    assert standard is not None
    assert standard.rates.output is not None
    assert found is not None
    assert found.rates.output == standard.rates.output * times
    assert found.id.endswith("+processing=batch" if tier == "batch" else f"+service_tier={tier}")


def test_the_fast_mode_is_a_variant_of_either_name():
    opus = served_card(BOOK, ModelRef("anthropic", "claude-opus-4-8"), DAY, "fast")
    assert opus is not None
    assert opus.id.endswith("+speed=fast")
    mini = served_card(BOOK, MINI, DAY, "fast")
    assert mini is not None
    assert mini.id.endswith("+service_tier=fast")


@pytest.mark.parametrize("tier", ["flex", "priority", "scale", "unknown", ""])
def test_a_tier_without_a_price_has_no_card(tier):
    assert served_card(BOOK, HAIKU, DAY, tier) is None


def test_an_own_price_holds_for_every_tier():
    own = Override(model=HAIKU, rates=Rates(input=1, output=2), source="headgate.toml")
    book = Book(BOOK.table, [own])
    found = [served_card(book, HAIKU, DAY, tier) for tier in (None, "priority", "batch")]
    assert {card.id for card in found if card} == {f"{HAIKU}@override:headgate.toml"}
    assert all(found)


def test_the_price_list_of_a_provider_with_another_name_is_followed():
    ref = ModelRef("mine", "gpt-5-mini")
    assert served_card(BOOK, ref, DAY, "flex") is None
    assert served_card(BOOK, ref, DAY, "flex", prices_of="openai") == served_card(
        BOOK, MINI, DAY, "flex"
    )


def test_the_source_calls_no_other_price_the_default_tier():
    """Its variant `service_tier=default` repeats the card itself, so the word needs no lookup."""
    seen = 0
    for shelf, model in BOOK.table.all():
        if "service_tier=default" in model.variants:
            ref = ModelRef(shelf, model.id)
            standard, named = BOOK.card(ref, DAY), served_card(BOOK, ref, DAY, "default")
            if standard is not None and named is not None:
                assert (named.rates, named.tiers) == (standard.rates, standard.tiers), model.id
                seen += 1
    assert seen > 10
