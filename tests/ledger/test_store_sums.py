"""store: sums over attempts, requests, latencies and days, from rows or kept, are the same."""

import random

import msgspec
import pytest

from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import DAY_US, EVER, Window
from tests.ledger.samples import NOON_US, entry, shadowed, traffic

HOUR_US = 3_600_000_000


def _exact(total):
    return {name: value for name, value in msgspec.structs.asdict(total).items()
            if not isinstance(value, float)}  # fmt: skip


def _moments(total):
    return [total.paid_squared, total.baseline_squared, total.paid_baseline]


@pytest.mark.parametrize("seed", range(5))
def test_every_store_answers_like_the_twin_in_memory(store, seed):
    chance = random.Random(seed)
    rows = traffic(chance, 120)
    twin = MemoryStore()
    twin.append(rows)
    chance.shuffle(rows)
    store.append(rows)
    for since, until in [(None, None), (20, 90), (None, 33), (119, None)]:
        window = Window(*(None if s is None else NOON_US + s * 1_000_000 for s in (since, until)))
        assert store.tiers(window) == twin.tiers(window)
        assert list(map(_exact, store.requests(window))) == list(map(_exact, twin.requests(window)))
        for one, other in zip(store.requests(window), twin.requests(window), strict=True):
            assert _moments(one) == pytest.approx(_moments(other), rel=1e-12)


def test_days_are_sums_over_the_attempts_sent_on_each(store):
    midnight = NOON_US + 12 * HOUR_US
    store.append(
        [
            entry(request_id="a", at_us=midnight - 1, cost_nano=5),
            entry(request_id="a", attempt=1, at_us=midnight, cost_nano=7),
            entry(request_id="b", at_us=midnight + 1, cost_nano=None, routed=False),
            entry(request_id="c", at_us=midnight + DAY_US, cost_nano=11),
        ]
    )
    day = midnight // DAY_US
    first, second, third = store.days()
    assert (first.day, first.attempts, first.unpriced, first.cost_nano) == (day - 1, 1, 0, 5)
    assert (second.day, second.attempts, second.unpriced, second.cost_nano) == (day, 2, 1, 7)
    assert (third.day, third.cost_nano) == (day + 1, 11)
    assert store.days(Window(midnight, midnight + DAY_US)) == [second]


def test_all_stores_count_the_same_outcomes_and_days(store):
    rows = traffic(random.Random(11), 200)
    store.append(rows)
    plain = MemoryStore()
    plain.append(rows)
    assert [one[1:] for one in store.outcomes()] == [one[1:] for one in plain.outcomes()]
    assert store.days() == plain.days()


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({}, "answer"),
        ({"served": False, "error": "timeout"}, "retry"),
        ({"served": False, "error": None}, "retry"),
        ({"served": False, "error": "rejected"}, "draft"),
        ({"served": True, "error": "rejected"}, "answer"),
        ({"served": False, "purpose": "classifier"}, "classifier"),
        ({"served": False, "purpose": "verifier"}, "check"),
        ({"served": False, "purpose": "judge"}, "check"),
        ({"served": False, "purpose": "judge", "cause": "shadow"}, "shadow"),
        ({"served": False, "purpose": "shadow", "cause": "first"}, "shadow"),
        ({"purpose": "embedding"}, "answer"),
    ],
)
def test_every_attempt_has_the_role_that_its_purpose_and_its_end_give_it(store, changes, role):
    store.append([entry(**changes)])
    assert [total.role for total in store.tiers()] == [role]


def test_a_shadow_is_no_part_of_the_request_that_it_shadows(store):
    shadow = {"served": False, "purpose": "shadow", "tier": "premium", "premium": True}
    unpriced = {**shadow, "cost_nano": None}
    store.append([entry(), entry(attempt=1, cost_nano=9_000_000, **shadow)])
    store.append([entry(request_id=name, routed=name != "r1") for name in ("r1", "r2")])
    store.append([entry(request_id="r1", attempt=1, **{**shadow, "routed": False})])
    store.append([entry(request_id="r2", attempt=1, **unpriced)])
    pinned, routed = store.requests()
    assert (routed.requests, routed.comparable, routed.escalated) == (2, 2, 0)
    assert routed.paid_nano == 2 * 3_000_000
    assert (pinned.requests, pinned.paid_nano) == (1, 3_000_000)
    assert sum(total.attempts for total in store.tiers() if total.role == "shadow") == 3


def test_drafts_and_checks_are_paid_for_by_the_request(store):
    store.append(
        [
            entry(served=False, error="rejected", cost_nano=3, premium_nano=9),
            entry(attempt=1, purpose="judge", served=False, cost_nano=1, premium_nano=None),
            entry(attempt=2, tier="premium", premium=True, cost_nano=9, premium_nano=9),
        ]
    )
    (total,) = store.requests()
    assert (total.paid_nano, total.baseline_nano, total.escalated) == (13, 9, 1)


def test_sums_can_be_told_apart_by_hour_and_by_whom(store):
    later = NOON_US + HOUR_US
    store.append([entry(key="a"), entry(request_id="r1", key="b", at_us=later, error="x")])
    hour = NOON_US // HOUR_US
    totals = store.tiers(by=("hour", "key", "error", "model"))
    assert [total.of for total in totals] == [
        (hour, "a", "", "claude-haiku-4-5"),
        (hour + 1, "b", "x", "claude-haiku-4-5"),
    ]
    assert [total.of for total in store.requests(by=("hour", "key", "team"))] == [
        (hour, "a", ""),
        (hour + 1, "b", ""),
    ]


def test_requests_are_told_apart_by_the_model_that_answered_them(store):
    store.append(
        [
            entry(served=False, error="rejected"),
            entry(attempt=1, tier="premium", premium=True, model_asked="claude-sonnet-4-6"),
            entry(request_id="r1"),
            entry(request_id="r2", served=False, error="timeout"),
        ]
    )
    unanswered, cheap, dear = store.requests(by=("model",))
    assert (unanswered.of, unanswered.requests, unanswered.served) == (("",), 1, 0)
    assert (cheap.of, cheap.escalated, cheap.paid_nano) == (("claude-haiku-4-5",), 0, 3_000_000)
    assert (dear.of, dear.escalated, dear.paid_nano) == (("claude-sonnet-4-6",), 1, 6_000_000)


def test_latencies_are_histograms_of_the_served_answers(store):
    store.append([entry(), entry(request_id="r1", first_token_us=None, total_us=5)])
    store.append([entry(request_id="r2", served=False, total_us=10**9)])
    first, total = store.latencies(by=("tier",))
    assert (first.measure, first.of, first.buckets) == ("first", ("cheap",), ((197_403, 1),))
    assert (total.measure, total.buckets) == ("total", ((0, 1), (1_878_024, 1)))
    assert (first.answers, total.answers) == (1, 2)


@pytest.mark.parametrize("seed", range(3))
def test_whatever_is_summed_up_pruned_or_late_all_answers_are_those_of_the_rows(store, seed):
    """Rows come in any order over hours and days, sums are made at any time between."""
    chance = random.Random(seed)
    start = NOON_US - 9 * HOUR_US
    rows = [
        msgspec.structs.replace(row, request_id=f"{part}-{row.request_id}")
        for part, hour in enumerate((0, 0, 1, 2, 3, 5, 9, 30))
        for row in shadowed(chance, 12, start_us=start + hour * HOUR_US + chance.randrange(HOUR_US))
    ]
    chance.shuffle(rows)
    twin = MemoryStore()
    while rows:
        group = [rows.pop() for _ in range(min(len(rows), chance.randrange(1, 40)))]
        assert store.append(group) == twin.append(group)
        store.roll(start + chance.randrange(40) * HOUR_US)
        if chance.random() < 0.1:
            store.unroll()
        _same(store, twin, Window(*_ends(chance, start)))
    for window in (EVER, Window(start, None), Window(None, start + 3 * HOUR_US + 7)):
        _same(store, twin, window)
    store.roll(start + 100 * HOUR_US)
    assert store.roll(start + 100 * HOUR_US) == 0
    _same(store, twin, EVER)


def test_pruned_rows_leave_their_sums_and_late_rows_add_to_them(store):
    if isinstance(store, MemoryStore):
        pytest.skip("what is in memory is not pruned")
    chance = random.Random(5)
    start = NOON_US - 5 * HOUR_US
    rows = [
        msgspec.structs.replace(row, request_id=f"{hour}-{row.request_id}")
        for hour in range(5)
        for row in shadowed(chance, 20, start_us=start + hour * HOUR_US + HOUR_US // 2)
    ]
    twin = MemoryStore()
    twin.append(rows)
    store.append(rows)
    store.roll(NOON_US)
    gone = sum(store.prune(start + 2 * HOUR_US))
    left = [row.request_id[0] for row in store.entries()]
    assert gone == len(rows) - len(left)
    assert set(left) == set("234")
    whole = [EVER, Window(start + HOUR_US, None), Window(None, start + 3 * HOUR_US)]
    for window in whole:
        _same(store, twin, window)
    late = [entry(request_id="late", at_us=start + HOUR_US // 3, cost_nano=7)]
    store.append(late)
    twin.append(late)
    _same(store, twin, whole[0])
    store.roll(NOON_US)
    store.unroll()
    store.roll(NOON_US)
    for window in whole:
        _same(store, twin, window)
    assert sum(store.prune(start + 2 * HOUR_US)) == 0  # the row that came last stays
    store.append([entry(request_id="new", at_us=NOON_US)])
    twin.append([entry(request_id="new", at_us=NOON_US)])
    assert sum(store.prune(start + 2 * HOUR_US)) == 1
    assert sum(store.prune(start + 2 * HOUR_US)) == 0
    for window in whole:
        _same(store, twin, window)


def test_sums_are_not_told_apart_by_what_they_do_not_hold(store):
    if isinstance(store, MemoryStore):
        pytest.skip("what is in memory has any field")
    with pytest.raises(ValueError, match="no sums of attempts by session"):
        store.tiers(by=("session",))


def _ends(chance, start):
    ends = sorted(start + chance.randrange(40 * HOUR_US) for _ in range(2))
    return [chance.choice([None, end, end // HOUR_US * HOUR_US]) for end in ends]


def _same(store, twin, window):
    by = ("hour", "provider", "model", "route", "key", "team", "policy", "reason", "error")
    assert store.tiers(window) == twin.tiers(window)
    assert store.tiers(window, by) == twin.tiers(window, by)
    for further in ((), ("model",), ("hour", "route", "key", "team", "policy", "model")):
        ours, theirs = store.requests(window, further), twin.requests(window, further)
        assert list(map(_exact, ours)) == list(map(_exact, theirs))
        for one, other in zip(ours, theirs, strict=True):
            assert _moments(one) == pytest.approx(_moments(other), rel=1e-12)
    latencies = ("hour", "tier", "provider", "model")
    assert store.latencies(window) == twin.latencies(window)
    assert store.latencies(window, latencies) == twin.latencies(window, latencies)
    assert store.days(window) == twin.days(window)


def test_sums_that_are_not_those_of_their_rows_are_found(store):
    store.append([entry(at_us=NOON_US - 9 * HOUR_US), entry(request_id="r1")])
    store.roll(NOON_US)
    assert store.check_sums() == []
    if isinstance(store, MemoryStore):
        return
    with store._changing() as (_, write):
        hour = NOON_US // HOUR_US - 9
        write("roll_spend", [(hour, False, 1, 0, 10**6)])
    (wrong,) = store.check_sums()
    assert f"The sums of spend of hour {hour} are not those of its rows" in wrong
    store.unroll()
    store.roll(NOON_US)
    assert store.check_sums() == []


def test_sums_of_a_day_that_are_not_those_of_its_hours_are_found(store):
    if isinstance(store, MemoryStore):
        pytest.skip("what is in memory has no sums")
    day = NOON_US // DAY_US
    store.append([entry(), entry(request_id="r1", at_us=NOON_US + 3 * HOUR_US)])
    store.roll((day + 2) * DAY_US)
    assert store.check_sums() == []
    with store._changing() as (_, write):
        write("roll_day_requests", day=day)
    (wrong,) = store.check_sums()
    assert f"The sums of requests of day {day} are not those of its hours" in wrong
    store.unroll()
    store.roll((day + 2) * DAY_US)
    assert store.check_sums() == []


def test_names_with_signs_of_their_own_are_told_apart(store):
    """Whatever a dimension is told apart by, callers choose some of the names."""
    names = ["a", 'a","b', '"', "a\\", "a\\\\", "[]", "a,", "1", "true", "\u00e9", "e\u0301", "\t"]
    store.append(
        [
            entry(request_id=f"r{n}", route=one, policy=names[-1 - n], cost_nano=10**n)
            for n, one in enumerate(names)
        ]
    )
    found = {total.of: total.cost_nano for total in store.tiers(by=("route", "policy"))}
    assert found == {(one, names[-1 - n]): 10**n for n, one in enumerate(names)}


def test_a_request_whose_attempts_are_not_in_the_order_of_time_counts_whole_where_it_began(store):
    """As where a clock is set back between two attempts."""
    noon, end = Window(NOON_US, NOON_US + HOUR_US), NOON_US + HOUR_US
    store.append(
        [
            entry(request_id="late", at_us=end + 5, served=False),
            entry(request_id="late", attempt=1, at_us=end - 5),
            entry(request_id="early", at_us=NOON_US + 5, served=False),
            entry(request_id="early", attempt=1, at_us=NOON_US - 5),
        ]
    )
    assert sum(total.attempts for total in store.tiers(noon)) == 2
    assert [total.requests for total in store.requests(noon)] == [1]
    assert sum(total.attempts for total in store.tiers(Window(end, None))) == 0
