"""ends: the shipped table holds together, and a model is found by every name people give it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from headgate.prices.book import Book
from headgate.prices.ends import End, Ends
from headgate.settings.providers import KNOWN, SUGGESTED
from headgate.values import ModelRef
from tests.known import known

ENDS = Ends.shipped()


@pytest.mark.parametrize("end", ENDS.all, ids=lambda end: f"{end.provider}/{end.models[0]}")
def test_every_line_names_a_known_provider_a_source_and_days_in_their_order(end: End):
    assert end.provider in KNOWN
    assert end.source.startswith("https://")
    assert end.through is None or end.through.startswith("https://")
    if end.announced is not None:
        assert end.announced < end.day
        assert end.announced <= end.read
    assert end.successor not in end.models
    assert end.successor is not None or not end.answers


def test_no_name_stands_in_two_lines():
    names = [(end.provider, name) for end in ENDS.all for name in end.models]
    assert len(names) == len(set(names))


def test_a_successor_has_a_price_that_a_plan_can_be_held_to():
    """But for pictures, whose prices are not by token alone."""
    book = Book.shipped()
    for end in ENDS.all:
        if end.successor is not None and "image" not in end.successor:
            ref = ModelRef(end.provider, end.successor)
            listed = KNOWN[end.provider].prices
            assert book.card(ref, end.day, prices_of=listed) is not None, str(ref)


@pytest.mark.parametrize(
    ("provider", "name", "day"),
    [
        ("google", "gemini-2.5-flash", "2026-12-01"),
        ("google", "models/gemini-2.5-flash", "2026-12-01"),
        ("openai", "GPT-5-nano", "2026-12-11"),
        ("openai", "gpt-5-nano-2025-08-07", "2026-12-11"),
        ("openai", "gpt-5-nano-20250807", "2026-12-11"),
        ("openai", "gpt-4o-2024-05-13", "2026-10-23"),  # a snapshot with a day of its own
        ("openai", "gpt-4o", "2027-01-14"),
        ("openai", "ft:gpt-4o-mini-2024-07-18:acme::abc", "2027-01-14"),
        ("anthropic", "claude-opus-4-0", "2026-06-15"),
        ("anthropic", "claude-opus-4-1-2025-08-05", "2026-08-05"),
    ],
)
def test_a_model_is_found_by_its_aliases_dates_and_tunings(provider: str, name: str, day: str):
    assert known(ENDS.find(provider, name)).day == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("google", "gemini-2.5-flash-lite"),
        ("openai", "gpt-5.2"),
        ("openai", "gpt-5-nano-2"),
        ("mistral", "mistral-medium-latest"),  # its provider moves it to newer ones
        ("openrouter", "google/gemini-2.5-flash"),  # a seller has days of its own
        ("aws", "gpt-5"),
        ("openai", "ft:"),
    ],
)
def test_nothing_is_said_of_what_is_not_announced(provider: str, name: str):
    assert ENDS.find(provider, name) is None


def test_what_init_suggests_has_not_ended_but_for_what_is_known_of():
    """Whoever adds an announcement changes the suggestions with it."""
    kept = {
        "google/gemini-2.5-flash",  # the example's, by which its figures are known
        "deepseek/deepseek-v4-pro",  # answered by the small one until the next large one
    }
    ending = {
        f"{provider}/{model}"
        for provider, models in SUGGESTED.items()
        for model in models
        if ENDS.find(provider, model) is not None
    }
    assert ending == kept


def test_the_table_is_as_old_as_the_page_that_was_read_last():
    old = End(provider="a", models=("b",), day=date(2026, 1, 1), source="", read=date(2025, 1, 1))
    assert Ends([old]).read == date(2025, 1, 1)
    assert ENDS.read - date(2026, 11, 28) >= timedelta(0)
