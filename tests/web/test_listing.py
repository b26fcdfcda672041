"""listing: pages follow one another without a gap, and lead back to the first."""

import pytest

from headgate.errors import ConfigError
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER, Found, Mark, Search
from headgate.web.listing import link, listed, search_of
from tests.ledger.samples import NOON_US, entry


def store(count: int = 10) -> MemoryStore:
    made = MemoryStore()
    made.append(
        [entry(request_id=f"r{n}", at_us=NOON_US + n // 3, premium=n == 0) for n in range(count)]
    )
    return made


def page(of: MemoryStore, read: int = 99, **asked) -> tuple[list[str], Mark | None, Mark | None]:
    found = listed(
        Search(window=EVER, **asked), lambda search: of.search(search, read=read), size=4
    )
    return [one[0].request_id for one in found.requests], found.newer, found.older


def test_one_goes_back_to_the_oldest_and_forth_to_the_newest_over_the_same_requests():
    ids, newer, older = page(store())
    assert ids == ["r9", "r8", "r7", "r6"]
    assert newer is None
    ids, newer, older = page(store(), before=older)
    assert ids == ["r5", "r4", "r3", "r2"]
    ids, newer, older = page(store(), before=older)
    assert ids == ["r1", "r0"]
    assert older is None
    ids, newer, older = page(store(), after=newer)
    assert ids == ["r5", "r4", "r3", "r2"]
    assert older == Mark(NOON_US, "r2")
    ids, newer, older = page(store(), after=newer)
    assert ids == ["r9", "r8", "r7", "r6"]
    assert newer is None


def test_a_page_that_would_not_be_full_at_the_newest_end_is_the_first_page():
    ids, newer, older = page(store(), after=Mark(NOON_US + 2, "r7"))
    assert ids == ["r9", "r8", "r7", "r6"]
    assert newer is None
    assert older == Mark(NOON_US + 2, "r6")


def test_a_search_that_read_enough_goes_on_where_it_ended():
    ids, _, older = page(store(), read=3, text="r0")
    assert ids == []
    assert older == Mark(NOON_US + 2, "r7")
    seen = []
    while older is not None:
        ids, _, older = page(store(), read=3, text="r0", before=older)
        seen += ids
    assert seen == ["r0"]


def test_an_empty_page_in_between_leads_on_both_ways_and_skips_nothing():
    ids, newer, older = page(store(), read=3, text="r9", before=Mark(NOON_US + 2, "r6"))
    assert (ids, newer, older) == ([], Mark(NOON_US + 2, ""), Mark(NOON_US + 1, "r3"))
    assert page(store(), read=9, text="r9", after=newer)[0] == ["r9"]
    ids, newer, older = page(store(), read=3, text="r0", after=Mark(NOON_US, "r0"))
    assert (ids, newer, older) == ([], Mark(NOON_US + 1, "r3"), Mark(NOON_US + 1, ""))
    assert page(store(), read=9, text="r0", before=older)[0] == ["r0"]


def test_a_link_keeps_what_was_asked_but_for_the_place():
    query = {"tier": "cheap", "since": "", "before": "1.a", "after": "2.b"}
    assert link("/requests", query) == "/requests?tier=cheap"
    assert link("/requests", query, "after", Mark(5, "x&y")).endswith("?tier=cheap&after=5.x%26y")


def test_a_place_in_a_url_comes_back_as_it_was_written():
    mark = Mark(-5, "r.1 é")
    assert search_of({"before": "-5.r.1 é"}, EVER).before == mark
    assert search_of({"after": "-5.r.1 é"}, EVER).after == mark
    both = search_of({"before": "1.a", "after": "2.b"}, EVER)
    assert (both.before, both.after) == (Mark(1, "a"), None)


@pytest.mark.parametrize("text", ["x", "1", "1,a", ".a", "1e9.a", "²³.a", "9" * 30 + ".a"])
def test_a_place_that_is_none_is_told(text):
    with pytest.raises(ConfigError) as told:
        search_of({"before": text}, EVER)
    assert "no place in the list" in told.value.faults[0].message


def test_an_outcome_that_is_none_asks_nothing_and_spaces_around_a_word_are_not_asked():
    search = search_of({"outcome": "x", "key": " k ", "text": "a" * 999}, EVER)
    assert (search.outcome, search.key, len(search.text)) == ("", "k", 200)


def test_nothing_has_no_links():
    assert listed(Search(window=EVER), lambda _: Found([])) == ([], None, None, None)
