"""docs/ends.md: the table is that of the package, and its sentences are those that are printed."""

from __future__ import annotations

import re
from datetime import date

from headgate.bootstrap.book import book_of
from headgate.bootstrap.ends import planned_endings
from headgate.bootstrap.scenario import WhatIf
from headgate.monitor.endings import ending_words
from headgate.prices.ends import Ends
from headgate.settings import read
from tests.docs.pages import page


def table() -> str:
    """Every announcement, by provider and day."""
    heads = ("Provider", "Models", "End", "In their place", "Announced", "Read")
    rows = [f"| {' | '.join(heads)} |", "|---|---|---|---|---|---|"]
    for end in Ends.shipped().all:
        models = ", ".join(f"`{name}`" for name in end.models)
        place = "" if end.successor is None else f"`{end.successor}`"
        place += ", which answers by itself" if end.answers else ""
        read_on = f"[{end.read}]({end.source})"
        cells = (end.provider, models, end.day, place, end.announced or "", read_on)
        rows.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(rows)


def test_the_table_of_the_page_is_that_of_the_package():
    assert table() in page("ends.md"), f"the table should be:\n\n{table()}\n"


def test_the_sentences_of_the_page_are_those_that_are_printed():
    settings = read(None, env={})
    book, day = book_of(settings), date(2026, 11, 28)
    tried = WhatIf(
        cheap="openai/gpt-5-mini", premium="openai/gpt-5", classifier="openai/gpt-5-nano"
    )
    said = [
        ending_words(one)
        for changes in (None, tried)
        for one in planned_endings(settings, book, day, date(2027, 1, 1), changes)
    ]
    told = " ".join(page("ends.md").split())
    assert said[0] in told
    assert re.search(r"openai/gpt-5-mini ends on .*?%\.", told)[0] in said  # type: ignore[index]
