"""store: the contract that every store keeps, whatever it is made of."""

import random
import threading
from itertools import pairwise
from typing import Any

import msgspec
import pytest

from headgate.ledger.answers import PAGE_ROWS
from headgate.ledger.event import Event
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER, MOST_KEPT, MOST_STORED, RowRejectedError, Timed, Window
from headgate.values import Usage
from tests.ledger.samples import NOON_US, answers, entry, traffic

HOUR_US = 3_600_000_000


def test_entries_come_back_as_they_were_stored(store):
    rows = traffic(random.Random(2), 40)
    random.Random(3).shuffle(rows)
    assert store.append(rows) == len(rows)
    back = list(store.entries())
    assert sorted(back, key=_key) == sorted(rows, key=_key)
    assert all(type(row.routed) is bool and type(row.usage) is Usage for row in back)


def test_entries_come_in_order_of_request_time_request_and_attempt(store):
    store.append(
        [
            entry(request_id="b", attempt=1, at_us=NOON_US + 5),
            entry(request_id="a", attempt=0, at_us=NOON_US + 3),
            entry(request_id="b", attempt=0, at_us=NOON_US + 1),
        ]
    )
    assert [_key(row) for row in store.entries()] == [("b", 0), ("b", 1), ("a", 0)]


def test_one_request_is_found_by_its_id_with_its_attempts_in_order(store):
    store.append([entry(request_id="b", attempt=1), entry(request_id="a"), entry(request_id="b")])
    assert [_key(row) for row in store.request("b")] == [("b", 0), ("b", 1)]
    assert store.request("B") == []
    assert store.request("x' OR '1'='1") == []


def test_the_answers_that_providers_have_stored_are_found_by_their_ids(store):
    rows = [
        entry(request_id="a", answer_id="resp_1", key="k1"),
        entry(request_id="b", at_us=NOON_US + 5, answer_id="resp_1", key="k2"),
        entry(request_id="c", answer_id="resp_2"),
        entry(request_id="d"),
    ]
    store.append(rows)
    assert store.stored("resp_1") == [rows[1], rows[0]]
    assert store.stored("resp_2") == [rows[2]]
    assert store.stored("RESP_2") == store.stored("' OR 1=1 --") == store.stored("\ud800") == []


def test_so_many_with_one_id_are_found_and_no_more(store):
    rows = [entry(request_id=f"r{at:02}", at_us=NOON_US + at, answer_id="r") for at in range(20)]
    store.append(rows)
    assert store.stored("r") == rows[: -MOST_STORED - 1 : -1]


TIMED: list[dict[str, Any]] = [
    {"key": "k1", "first_token_us": 5, "total_us": 50, "queue_us": 1},
    {"key": "k2", "team": "t", "total_us": 60},
    {"key": "k1", "served": False, "error": "timeout", "queue_us": 2},
    {"key": "k1", "attempt": 1, "cause": "retry", "model_asked": "big", "queue_us": 9},
    {"key": "k1", "attempt": 1, "served": False, "error": "status"},
    {"key": "k1", "attempt": 1000, "purpose": "shadow", "served": False},
    {"route": "/v1/messages", "policy": "p", "queue_us": None},
]


@pytest.mark.parametrize(
    ("only", "numbers"),
    [
        ({}, [6, 3, 2, 1, 0]),
        ({"key": "k1"}, [3, 2, 0]),
        ({"key": "k1", "model": "big"}, [3]),
        ({"team": "t"}, [1]),
        ({"route": "/v1/messages"}, [6]),
        ({"policy": "p"}, [6]),
        ({"key": "' OR 1=1 --"}, []),
    ],
)
def test_the_times_of_answers_and_first_attempts_can_be_narrowed(store, only, numbers):
    rows = [
        entry(request_id=f"r{number}", at_us=NOON_US + number, **changes)
        for number, changes in enumerate(TIMED)
    ]
    store.append(rows)
    expected = [
        Timed(
            row.attempt == 0,
            row.served,
            row.tier,
            row.provider,
            row.model_asked,
            row.first_token_us,
            row.total_us,
            row.queue_us,
        )
        for row in (rows[number] for number in numbers)
    ]
    assert store.timed(EVER, only, read=99, most=99) == expected
    assert store.timed(EVER, only, read=99, most=1) == expected[:1]
    assert store.timed(EVER, only, read=4, most=99) == [
        one for one, number in zip(expected, numbers, strict=True) if number >= 3
    ]
    assert store.timed(Window(NOON_US, NOON_US + 2), only, read=99, most=99) == [
        one for one, number in zip(expected, numbers, strict=True) if number < 2
    ]


def test_storing_twice_leaves_one_row(store):
    rows = traffic(random.Random(4), 10)
    assert store.append(rows) == len(rows)
    assert store.append(rows) == 0
    assert store.append([*rows, entry(request_id="new")]) == 1
    assert len(list(store.entries())) == len(rows) + 1


def test_the_first_word_on_an_attempt_stands(store):
    store.append([entry(cost_nano=1)])
    store.append([entry(cost_nano=2), entry(cost_nano=3)])
    assert [row.cost_nano for row in store.entries()] == [1]


def test_an_empty_store_answers_with_nothing(store):
    assert store.append([]) == 0
    assert list(store.entries()) == []
    assert store.tiers() == []
    assert store.requests() == []
    assert store.check() == []


def test_an_unknown_cost_stays_unknown_and_a_cost_of_zero_stays_zero(store):
    store.append([entry(request_id="a", cost_nano=None), entry(request_id="b", cost_nano=0)])
    assert [row.cost_nano for row in store.entries()] == [None, 0]


def test_tier_totals_tell_answers_from_retries_and_priced_from_unpriced(store):
    store.append(
        [
            entry(
                attempt=0,
                purpose="classifier",
                tier="classifier",
                served=False,
                cost_nano=140_000,
                usage=Usage(300, 20),
            ),
            entry(attempt=1, served=False, cost_nano=1_000_000, usage=Usage(1000)),
            entry(attempt=2, served=False, cost_nano=None, usage=Usage(1000)),
            entry(attempt=3, tier="premium", premium=True, cost_nano=9_000_000),
            entry(request_id="r1", usage_source="estimated"),
        ]
    )
    assert [
        (t.role, t.tier, t.premium, t.priced, t.attempts, t.estimated, t.cost_nano, t.usage)
        for t in store.tiers()
    ] == [
        ("answer", "cheap", False, True, 1, 1, 3_000_000, Usage(1000, 400)),
        ("answer", "premium", True, True, 1, 0, 9_000_000, Usage(1000, 400)),
        ("classifier", "classifier", False, True, 1, 0, 140_000, Usage(300, 20)),
        ("retry", "cheap", False, False, 1, 0, 0, Usage(1000)),
        ("retry", "cheap", False, True, 1, 0, 1_000_000, Usage(1000)),
    ]


def test_request_totals_set_everything_paid_against_the_served_tokens_at_premium(store):
    store.append(
        [
            entry(attempt=0, purpose="classifier", served=False, cost_nano=10, premium_nano=None),
            entry(attempt=1, served=False, cost_nano=20, premium_nano=60),
            entry(attempt=2, served=True, cost_nano=30, premium_nano=90),
            entry(request_id="pinned", routed=False, premium=True, cost_nano=5, premium_nano=5),
        ]
    )
    pinned, routed = store.requests()
    assert (pinned.routed, routed.routed) == (False, True)
    assert (routed.requests, routed.served, routed.escalated, routed.comparable) == (1, 1, 0, 1)
    assert (routed.paid_nano, routed.baseline_nano) == (60, 90)
    assert (routed.paid_squared, routed.baseline_squared, routed.paid_baseline) == (
        3600.0,
        8100.0,
        5400.0,
    )
    assert (pinned.escalated, pinned.paid_nano) == (1, 5)
    assert (routed.first_us, routed.last_us) == (NOON_US, NOON_US)


@pytest.mark.parametrize(
    "unknown", [{"cost_nano": None}, {"premium_nano": None}, {"served": False, "cost_nano": None}]
)
def test_a_request_with_an_unknown_price_is_counted_and_not_compared(store, unknown):
    store.append([entry(request_id="a"), entry(request_id="b", **unknown)])
    (total,) = store.requests()
    assert (total.requests, total.comparable) == (2, 1)
    assert (total.paid_nano, total.baseline_nano) == (3_000_000, 9_000_000)


def test_an_unserved_request_is_paid_for_and_has_no_baseline(store):
    store.append([entry(served=False, premium_nano=9_000_000)])
    (total,) = store.requests()
    assert (total.requests, total.served, total.comparable) == (1, 0, 1)
    assert (total.paid_nano, total.baseline_nano) == (3_000_000, 0)


def test_a_window_holds_its_first_microsecond_and_not_its_last(store):
    store.append(answers(5))
    window = Window(NOON_US + 1, NOON_US + 3)
    assert [row.request_id for row in store.entries(window)] == ["r1", "r2"]
    (total,) = store.requests(window)
    assert (total.requests, total.first_us, total.last_us) == (2, NOON_US + 1, NOON_US + 2)
    assert store.tiers(window)[0].attempts == 2
    assert store.tiers(Window(None, NOON_US)) == []
    assert store.requests(Window(NOON_US + 5, None)) == []


def test_a_request_over_the_edge_belongs_whole_to_where_it_began(store):
    store.append(
        [
            entry(attempt=0, purpose="classifier", served=False, at_us=NOON_US - 1),
            entry(attempt=1, at_us=NOON_US + 1),
        ]
    )
    before, after = Window(None, NOON_US), Window(NOON_US, None)
    assert len(list(store.entries(before))) == 2
    assert sum(total.attempts for total in store.tiers(before)) == 2
    assert store.requests(before)[0].served == 1
    assert list(store.entries(after)) == []
    assert store.tiers(after) == []
    assert store.requests(after) == []


def test_windows_side_by_side_add_up_to_the_whole(store):
    rows = traffic(random.Random(5), 200)
    store.append(rows)
    edges = [None, *(NOON_US + seconds * 1_000_000 for seconds in (17, 60, 61, 150)), None]
    windows = [Window(since, until) for since, until in pairwise(edges)]
    parts = [total for window in windows for total in store.tiers(window)]
    whole = store.tiers(EVER)
    assert sum(total.cost_nano for total in parts) == sum(total.cost_nano for total in whole)
    assert sum(total.attempts for total in parts) == len(rows)
    requests = [total for window in windows for total in store.requests(window)]
    assert sum(total.requests for total in requests) == 200


def test_months_of_large_bills_do_not_leave_the_integers(store):
    store.append(
        [
            entry(request_id=str(number), cost_nano=10**13, premium_nano=10**13)
            for number in range(200)
        ]
    )
    (total,) = store.requests()
    assert total.paid_nano == 200 * 10**13
    assert total.paid_squared == pytest.approx(200 * 1e26)


def test_threads_may_share_a_store(store):
    rows = answers(400)
    threads = [threading.Thread(target=store.append, args=(rows[start::4],)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.requests()[0].requests == 400


def test_a_group_with_a_row_that_does_not_fit_is_rejected_whole(store, request):
    if isinstance(store, MemoryStore):
        pytest.skip("a dictionary holds any number")
    with pytest.raises(RowRejectedError, match="cannot be stored"):
        store.append([entry(request_id="good"), entry(request_id="bad", total_us=1 << 63)])
    assert list(store.entries()) == []
    assert store.append([entry(request_id="good")]) == 1


def test_a_model_that_is_spelled_with_a_nul_is_stored_all_the_same(store):
    assert store.append([entry(asked="gpt\0")]) == 1
    assert [row.cost_nano for row in store.entries()] == [3_000_000]


def test_check_finds_two_served_attempts_and_numbers_below_zero(store):
    if isinstance(store, MemoryStore):
        pytest.skip("what is in memory is not checked")
    store.append([entry(), entry(attempt=1), entry(request_id="r7", cost_nano=-1)])
    assert store.check() == [
        "Request r0 has 2 served attempts; a caller gets one answer.",
        "Attempt 0 of request r7 holds a number below zero.",
    ]


def _event(**changes):
    plain = Event(id="e1", at_us=NOON_US, kind="alarm.raised", subject="auto", detail='{"p":1}')
    return msgspec.structs.replace(plain, **changes)


def test_events_come_back_in_the_order_of_time(store):
    late, early = _event(id="late", at_us=NOON_US + 1), _event(id="early")
    assert store.note([late, early]) == 2
    assert store.events() == [early, late]


def test_an_event_is_kept_once_and_its_first_word_stands(store):
    assert store.note([_event(), _event(subject="other")]) == 1
    assert store.note([_event(detail="{}")]) == 0
    assert store.events() == [_event()]


def test_events_are_found_by_their_kind_and_by_a_window(store):
    store.note([_event(id=kind, kind=kind) for kind in ("a", "b", 'it\'s "c"')])
    store.note([_event(id="later", kind="a", at_us=NOON_US + 9)])
    assert [event.id for event in store.events(kinds=["a", 'it\'s "c"'])] == [
        "a",
        'it\'s "c"',
        "later",
    ]
    assert [event.id for event in store.events(Window(NOON_US + 1, NOON_US + 10))] == ["later"]
    assert store.events(Window(NOON_US + 1, NOON_US + 9)) == []
    assert store.events(Window(None, None), ["absent"]) == []


def test_an_event_that_does_not_fit_is_rejected_with_its_group(store):
    if isinstance(store, MemoryStore):
        pytest.skip("a dictionary holds any number")
    with pytest.raises(RowRejectedError):
        store.note([_event(), _event(id="e2", at_us=1 << 63)])
    assert store.events() == []


def _key(row):
    return row.request_id, row.attempt


def test_outcomes_are_the_served_routed_requests_in_the_order_stored(store):
    store.append(
        [
            entry(request_id="late", at_us=NOON_US + 9, tier="premium", premium=True),
            entry(request_id="failed", served=False),
            entry(request_id="pinned", routed=False),
            entry(
                request_id="early",
                at_us=NOON_US,
                reason="rule:code",
                config="abc",
                policy="careful",
                router="0f3a",
                category="code",
                key="key_1",
                score=0.25,
                usage=Usage(100, 20, 30, 40, 50),
            ),
        ]
    )
    late, early = store.outcomes()
    assert late == (
        late.sequence,
        NOON_US + 9,
        "/v1/chat/completions",
        "auto",
        "classifier",
        "anthropic/claude-haiku-4-5",
        "0123456789ab",
        True,
        "",
        None,
        None,
        None,
        None,
        1000,
    )
    assert early[8:] == ("careful", "0f3a", "code", "key_1", 0.25, 220)
    assert (early.at_us, early.reason, early.config) == (NOON_US, "rule:code", "abc")
    assert early.premium is False
    assert late.sequence < early.sequence


def test_an_outcome_of_estimated_tokens_says_nothing_of_its_length(store):
    store.append([entry(usage_source="estimated")])
    (found,) = store.outcomes()
    assert found.tokens == 0


def test_outcomes_go_on_after_a_sequence_number_and_miss_none_that_came_late(store):
    store.append([entry(request_id="b", at_us=NOON_US + 60_000_000)])
    (first,) = store.outcomes()
    store.append([entry(request_id="a", at_us=NOON_US)])
    store.append([entry(request_id="b", at_us=NOON_US + 60_000_000)])
    (second,) = store.outcomes(first.sequence)
    assert second.at_us == NOON_US
    assert list(store.outcomes(second.sequence)) == []


def test_a_row_that_is_given_twice_at_once_has_one_outcome(store):
    made = entry()
    store.append([made, made])
    store.append([made])
    (found,) = store.outcomes()
    assert list(store.outcomes(found.sequence)) == []


def test_outcomes_of_more_than_a_page_come_once_each_while_rows_are_added(store):
    store.append(answers(PAGE_ROWS + 7))
    found = store.outcomes()
    seen = [next(found).at_us]
    store.append([entry(request_id="new", at_us=NOON_US - 1)])
    seen += [outcome.at_us for outcome in found]
    assert seen[: PAGE_ROWS + 7] == [NOON_US + number for number in range(PAGE_ROWS + 7)]
    assert seen[PAGE_ROWS + 7 :] in ([], [NOON_US - 1])


def test_a_state_is_kept_under_its_name_and_the_one_that_came_farther_stays(store):
    store.append(answers(9))
    assert store.recall("a") is None
    store.keep("a", 5, b"five")
    store.keep("b", 1, b"\x00\xff")
    assert (store.recall("a"), store.recall("b")) == (b"five", b"\x00\xff")
    store.keep("a", 3, b"three")
    assert store.recall("a") == b"five"
    store.keep("a", 6, b"six")
    assert store.recall("a") == b"six"


def test_of_many_states_those_that_came_farthest_are_kept(store):
    store.append(answers(MOST_KEPT + 2))
    for number in range(1, MOST_KEPT + 3):
        store.keep(f"state {number}", number, b"x")
    kept = [number for number in range(1, MOST_KEPT + 3) if store.recall(f"state {number}")]
    assert kept == list(range(3, MOST_KEPT + 3))


def test_a_state_that_knows_of_rows_that_there_are_not_is_not_given_out(store):
    if isinstance(store, MemoryStore):
        pytest.skip("nothing in memory comes from a backup")
    store.append(answers(9))
    store.keep("a", 9_000_000, b"of another ledger")
    assert store.recall("a") is None


@pytest.mark.parametrize("text", ["a\0b", "\0", "\ud800", "' OR 1=1 --", "x" * 100_000])
def test_any_text_may_be_asked_for_and_is_not_there(store, text):
    store.append([entry()])
    assert store.request(text) == []
    assert store.prompt(text) is None
    assert store.recall(text) is None
    assert store.events(kinds=[text]) == []
