"""book: the card that holds at a moment, overrides on top, near names when there is none."""

import doctest
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

import headgate.prices.book
from headgate.prices.book import CACHED_ANSWERS, Book, Override
from headgate.prices.card import Rates
from headgate.values import ModelRef

TODAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def book():
    return Book.shipped()


def look(book, name, at=TODAY, **how):
    return book.card(ModelRef.parse(name), at, **how)


def own(model, source="headgate.toml", **rates):
    return Override(model=ModelRef.parse(model), rates=Rates(**rates), source=source)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.prices.book).failed == 0


@pytest.mark.parametrize(
    ("model", "dollars_in", "dollars_out"),
    [
        ("anthropic/claude-sonnet-4-6", 3, 15),
        ("anthropic/claude-haiku-4-5", 1, 5),
        ("google/gemini-2.5-flash", 0.3, 2.5),
    ],
)
def test_the_three_models_of_the_example_have_their_list_prices(
    book, model, dollars_in, dollars_out
):
    rates = look(book, model).rates
    assert (rates.input, rates.output) == (dollars_in * 10**6, dollars_out * 10**6)


def test_a_dated_model_name_finds_its_card(book):
    assert look(book, "anthropic/claude-haiku-4-5-20251001") == look(
        book, "anthropic/claude-haiku-4-5"
    )


def test_the_price_of_a_day_is_the_last_that_had_begun(book):
    before = look(book, "anthropic/claude-sonnet-4-6", date(2026, 3, 12))
    after = look(book, "anthropic/claude-sonnet-4-6", date(2026, 3, 13))
    assert before.id == "anthropic/claude-sonnet-4-6@undated"
    assert before.valid_from is None
    assert before.tiers[0][0] == 200_000
    assert after.id == "anthropic/claude-sonnet-4-6@2026-03-13"
    assert after.valid_from == date(2026, 3, 13)
    assert after.tiers == ()


def test_a_card_says_who_states_it_and_what_it_leaves_out(book):
    card = look(book, "anthropic/claude-sonnet-4-6")
    assert card.source == book.source
    assert book.source.startswith("genai-prices ")
    assert card.left_out == ("web_searches_kcount",)
    assert (card.name, card.context_window, card.deprecated) == (
        "Claude Sonnet 4.6",
        1_000_000,
        False,
    )


def test_where_the_price_depends_on_the_hour_a_moment_gets_its_own(book):
    cheap = look(book, "deepseek/deepseek-chat", datetime(2026, 11, 20, 0, 29, tzinfo=UTC))
    dear = look(book, "deepseek/deepseek-chat", datetime(2026, 11, 20, 0, 30, tzinfo=UTC))
    assert (cheap.rates.input, dear.rates.input) == (135_000, 270_000)
    at = datetime(2026, 11, 20, 16, 30, tzinfo=UTC).replace(tzinfo=None)  # no zone: UTC
    assert look(book, "deepseek/deepseek-chat", at) == cheap
    assert dear.id == f"{cheap.id}+00:30"


def test_where_the_price_depends_on_the_hour_a_day_gets_the_dearest(book):
    assert look(book, "deepseek/deepseek-chat").rates.input == 270_000


def test_a_moment_with_a_zone_is_taken_in_utc(book):
    east = timezone(timedelta(hours=9))
    early = datetime(2026, 3, 13, 8, 0, tzinfo=east)  # the evening of the 12th in UTC
    assert look(book, "anthropic/claude-sonnet-4-6", early).valid_from is None


def test_a_batch_has_its_own_card_from_the_day_the_source_knows_it(book):
    batch = look(book, "anthropic/claude-haiku-4-5", variant="processing=batch")
    assert (batch.rates.input, batch.rates.output) == (500_000, 2_500_000)
    assert batch.id == "anthropic/claude-haiku-4-5@2026-10-14+processing=batch"
    early = date(2026, 10, 13)
    assert look(book, "anthropic/claude-haiku-4-5", early, variant="processing=batch") is None


def test_a_variant_that_the_source_does_not_know_has_no_card(book):
    assert look(book, "anthropic/claude-haiku-4-5", variant="service_tier=gold") is None


def test_a_provider_of_another_name_says_whose_list_holds(book):
    assert look(book, "work/claude-haiku-4-5") is None
    card = look(book, "work/claude-haiku-4-5", prices_of="anthropic")
    assert card.id == "anthropic/claude-haiku-4-5@undated"


def test_a_reseller_without_a_price_of_its_own_has_the_makers(book):
    assert look(book, "azure/gpt-4o").provider == "openai"


def test_a_model_that_is_unknown_and_a_model_without_a_price_are_told_apart(book):
    unknown, unpriced = ModelRef("openai", "gpt-nope"), ModelRef("openai", "whisper-1")
    assert book.card(unknown, TODAY) is None
    assert book.card(unpriced, TODAY) is None
    assert not book.knows(unknown)
    assert book.knows(unpriced)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("anthropic/claude-haiku-45", "anthropic/claude-haiku-4-5"),
        ("anthropic/sonnet-4.6", "anthropic/claude-sonnet-4-6"),
        ("google/gemini-flash-2.5", "google/gemini-2.5-flash"),
        ("openai/gpt-4o-minni", "openai/gpt-4o-mini"),
        ("OpenAI/GPT5", "OpenAI/gpt-5"),
    ],
)
def test_the_nearest_name_is_the_one_that_was_meant(book, typed, meant):
    assert book.near(ModelRef.parse(typed))[0] == meant


def test_an_unknown_provider_is_shown_the_lists_that_have_the_model(book):
    assert "anthropic/claude-sonnet-4-6" in book.near(ModelRef.parse("work/claude-sonnet-4-6"))


def test_near_names_are_few_and_all_have_a_price(book):
    names = book.near(ModelRef.parse("openai/gpt-4o-transcribee"), 5)
    assert 0 < len(names) <= 5
    assert all(look(book, name) is not None for name in names)


def test_nothing_is_near_to_nonsense(book):
    assert book.near(ModelRef.parse("acme/qqqqqqqqqqqq")) == []


def test_an_override_is_the_whole_card_and_says_which_file_it_stands_in(book):
    mine = Book(book.table, [own("anthropic/claude-haiku-4-5", input=900_000, output=4_500_000)])
    card = look(mine, "anthropic/claude-haiku-4-5")
    assert card.id == "anthropic/claude-haiku-4-5@override:headgate.toml"
    assert card.source == "headgate.toml"
    assert card.overridden
    assert card.rates == Rates(input=900_000, output=4_500_000)
    assert card.name == "Claude Haiku 4.5"


def test_an_override_holds_for_dated_spellings_too_and_for_no_other_provider(book):
    mine = Book(book.table, [own("anthropic/claude-haiku-4-5", input=1, output=1)])
    assert look(mine, "anthropic/claude-haiku-4-5-20251001").overridden
    assert not look(mine, "anthropic/claude-sonnet-4-6").overridden
    assert not look(mine, "google/claude-haiku-4-5").overridden


def test_an_override_gives_a_price_to_a_model_that_no_list_has(book):
    mine = Book(book.table, [own("acme/llama", source="prices.toml", input=5, output=7)])
    card = look(mine, "acme/llama")
    assert card.id == "acme/llama@override:prices.toml"
    assert (card.name, card.context_window) == ("llama", None)
    assert mine.near(ModelRef.parse("acme/lama")) == ["acme/llama"]


def test_of_several_overrides_the_first_counts(book):
    mine = Book(book.table, [own("acme/x", input=2), own("acme/x", input=1)])
    assert look(mine, "acme/x").rates.input == 2


def test_answers_for_made_up_names_do_not_pile_up():
    book = Book.shipped()
    for number in range(CACHED_ANSWERS + 10):
        look(book, f"acme/{number}")
    assert len(book._days) <= CACHED_ANSWERS


def test_a_dated_override_holds_from_its_day_on_and_before_it_the_next(book):
    later, first = date(2026, 12, 1), date(2026, 11, 1)
    model = ModelRef.parse("anthropic/claude-haiku-4-5")
    dated = [
        Override(model=model, rates=Rates(input=n), source="own.toml", valid_from=day)
        for n, day in ((2, later), (1, first))
    ]
    mine = Book(book.table, dated)
    found = [mine.card(model, day) for day in (date(2026, 10, 31), first, later)]
    assert [card.rates.input for card in found if card] == [1_000_000, 1, 2]
    assert found[2] is not None
    assert found[2].id == "anthropic/claude-haiku-4-5@override:own.toml+2026-12-01"
    assert found[2].valid_from == later


def test_what_the_list_says_can_be_asked_beside_an_override(book):
    mine = Book(book.table, [own("anthropic/claude-haiku-4-5", input=1, output=1)])
    listed = mine.listed(ModelRef.parse("anthropic/claude-haiku-4-5"), TODAY)
    assert listed is not None
    assert listed.rates.input == 1_000_000
    assert mine.listed(ModelRef.parse("acme/llama"), TODAY) is None


def test_an_entry_is_found_with_all_its_prices(book):
    shelf, model = book.find(ModelRef.parse("azure/gpt-4o"))
    assert (shelf, model.id) == ("openai", "gpt-4o") or shelf == "azure"
    assert book.find(ModelRef.parse("acme/llama")) is None
