"""search: every store finds what fits, in order, page by page, however many share a moment."""

import random
from collections.abc import Iterator
from itertools import groupby

import pytest
from msgspec.structs import replace

from headgate.ledger.entry import Entry
from headgate.ledger.search import fits
from headgate.ledger.store import EVER, Found, Mark, Search, Store, Window
from tests.ledger.samples import NOON_US, entry, traffic

SECOND_US = 1_000_000
ASKED: list[dict[str, str]] = [
    {},
    {"text": "00000"},
    {"tier": "premium"},
    {"tier": "premium", "reason": "class"},
    {"model": "HAIKU"},
    {"model": "anthropic/claude"},
    {"outcome": "served"},
    {"outcome": "escalated"},
    {"outcome": "failed"},
    {"outcome": "retried"},
    {"outcome": "retried", "tier": "cheap"},
    {"key": "k0"},
    {"route": "/v1/messages"},
]
NOTHING = [{"key": "' OR 1=1 --"}, {"text": "%"}, {"reason": "_"}, {"model": "%"},
           {"text": "a\0b"}, {"key": "\ud800"}, {"tier": "\0"}, {"model": "\udcff"}]  # fmt: skip


def crowd() -> list[Entry]:
    """Requests of every outcome, many at the same moment, with keys and routes."""
    rows = traffic(random.Random(7), 60)
    numbers = {name: n for n, name in enumerate(sorted({row.request_id for row in rows}))}
    return [
        replace(
            row,
            at_us=NOON_US + (row.at_us - NOON_US) // (7 * SECOND_US) * 7 * SECOND_US,
            key=f"k{numbers[row.request_id] % 3}",
            route="/v1/messages" if numbers[row.request_id] % 4 == 0 else row.route,
            cause="retry" if row.purpose == "answer" and row.attempt > 1 else "first",
        )
        for row in rows
    ]


def begun(rows: list[Entry]) -> list[list[Entry]]:
    """Whole requests, the latest first."""
    rows = sorted(rows, key=lambda row: (row.request_id, row.attempt))
    whole = [list(own) for _, own in groupby(rows, key=lambda row: row.request_id)]
    return sorted(whole, key=place, reverse=True)


def place(entries: list[Entry]) -> Mark:
    return Mark(entries[0].at_us, entries[0].request_id)


@pytest.mark.parametrize("asked", ASKED, ids=str)
def test_what_fits_is_found_whole_and_the_latest_first(store, asked):
    rows = crowd()
    store.append(rows)
    search = Search(window=EVER, most=1000, **asked)
    expected = [entries for entries in begun(rows) if fits(entries, search)]
    assert len(expected) > 0
    assert store.search(search, read=10_000) == Found(expected)


@pytest.mark.parametrize("asked", NOTHING, ids=str)
def test_what_is_asked_is_a_value_and_no_pattern(store, asked):
    store.append(crowd())
    assert store.search(Search(window=EVER, **asked), read=10_000) == Found([])


@pytest.mark.parametrize("asked", [{}, {"tier": "premium"}], ids=str)
def test_pages_hold_everything_once_both_ways(store, asked):
    rows = crowd()
    store.append(rows)
    search = Search(window=EVER, most=7, **asked)
    expected = [entries for entries in begun(rows) if fits(entries, search)]
    back = [one for page in pages(store, search, "before", None) for one in page]
    assert back == expected
    oldest = Mark(0, "")
    on = [one for page in pages(store, search, "after", oldest) for one in reversed(page)]
    assert on == expected[::-1]


def pages(store: Store, search: Search, way: str, at: Mark | None) -> Iterator[list[list[Entry]]]:
    while True:
        found = store.search(replace(search, **{way: at}), read=10_000)
        if not found.requests:
            return
        yield [list(one) for one in found.requests]
        at = place(list(found.requests[-1 if way == "before" else 0]))


def test_the_window_holds_requests_by_their_first_attempt_and_shows_all_of_each(store):
    rows = [
        entry(request_id="early", at_us=NOON_US - 1),
        entry(request_id="early", attempt=1, at_us=NOON_US + 2, cause="retry"),
        entry(request_id="in", at_us=NOON_US, served=False),
        entry(request_id="in", attempt=1, at_us=NOON_US + 9, cause="retry"),
        entry(request_id="late", at_us=NOON_US + 5),
    ]
    store.append(rows)
    found = store.search(Search(window=Window(NOON_US, NOON_US + 5)), read=99)
    assert [[row.attempt for row in one] for one in found.requests] == [[0, 1]]
    inside = Search(window=Window(NOON_US, None), after=Mark(0, ""))
    assert [one[0].request_id for one in store.search(inside, read=99).requests] == ["late", "in"]


def test_where_the_first_attempt_is_not_there_the_first_that_is_stands_for_the_request(store):
    store.append([entry(request_id="a", attempt=n, at_us=NOON_US + n) for n in (2, 3)])
    (found,) = store.search(Search(window=EVER), read=99).requests
    assert [row.attempt for row in found] == [2, 3]


@pytest.mark.parametrize(
    ("way", "at", "third", "last"),
    [
        ("before", Mark(NOON_US + 99, ""), 7, 0),
        ("after", Mark(NOON_US - 1, ""), 2, 9),
    ],
)
def test_it_says_how_far_it_read_where_that_ended_it(store, way, at, third, last):
    store.append([entry(request_id=f"r{n}", at_us=NOON_US + n) for n in range(10)])
    asked = Search(window=EVER, text="no", **{way: at})
    assert store.search(asked, read=3) == Found([], Mark(NOON_US + third, f"r{third}"))
    assert store.search(asked, read=10) == Found([], Mark(NOON_US + last, f"r{last}"))
    assert store.search(asked, read=11) == Found([])


def test_who_has_found_enough_does_not_say_how_far_it_read(store):
    store.append([entry(request_id=f"r{n}", at_us=NOON_US + n) for n in range(10)])
    found = store.search(Search(window=EVER, most=2), read=3)
    assert [one[0].request_id for one in found.requests] == ["r9", "r8"]
    assert found.reached is None


def test_a_model_is_looked_for_in_small_or_capital_letters_in_the_rows_too(store):
    store.append([entry(model_asked="Qwen3-Next"), entry(request_id="other")])
    (found,) = store.search(Search(window=EVER, model="qwen3-NEXT"), read=9).requests
    assert [row.model_asked for row in found] == ["Qwen3-Next"]


def test_a_name_that_not_every_database_can_hold_is_found_by_itself(store):
    store.append([entry(request_id="odd", model_asked="a\0b"), entry(request_id="even")])
    found = store.search(Search(window=EVER, model="a\0b"), read=10)
    assert [whole[0].request_id for whole in found.requests] == ["odd"]


@pytest.mark.parametrize("cause", ["retry", "fallback"])
def test_a_fallback_is_a_retry_too(store, cause):
    store.append([entry(attempt=0, served=False), entry(attempt=1, cause=cause)])
    store.append([entry(request_id="other", cause="escalation")])
    (found,) = store.search(Search(window=EVER, outcome="retried"), read=9).requests
    assert [row.cause for row in found] == [found[0].cause, cause]


def test_the_tier_is_that_of_the_attempt_that_was_served_though_others_came_after_it(store):
    rows = [entry(tier="cheap", served=True), entry(attempt=1, tier="premium", served=False)]
    store.append(rows)
    assert store.search(Search(window=EVER, tier="cheap"), read=9) == Found([rows])
    assert store.search(Search(window=EVER, tier="premium"), read=9) == Found([])


def test_an_empty_store_finds_nothing(store):
    assert store.search(Search(window=EVER), read=9) == Found([])
