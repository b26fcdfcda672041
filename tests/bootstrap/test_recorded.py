"""pricer: models are found under the names that logs have for them."""

from datetime import date

import pytest

from headgate.bootstrap.recorded import pricer
from headgate.prices.book import Book
from headgate.settings import read_with_sources

DAY = date(2026, 11, 20)
FIND = pricer(
    read_with_sources(None, env={}, sets=(), need_providers=False).settings, Book.shipped(), DAY
)


@pytest.mark.parametrize(
    ("name", "provider"),
    [
        ("openai/gpt-4o-mini", "openai"),
        ("gpt-4o-mini", "openai"),
        ("claude-haiku-4-5-20251001", "anthropic"),
        ("gemini/gemini-2.5-flash", "google"),
        ("gcp.gemini/gemini-2.5-flash", "google"),
    ],
)
def test_a_model_is_found_by_the_name_that_a_log_has_for_it(name, provider):
    card = FIND(name)
    assert card is not None
    assert card.provider == provider


@pytest.mark.parametrize("name", ["", "/", "nobody/nothing", "no such model", "a b/c d"])
def test_what_no_list_has_is_unpriced(name):
    assert FIND(name) is None
