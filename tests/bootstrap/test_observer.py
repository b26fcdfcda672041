"""observer: what the pages show is what the ledger adds up to."""

import threading
import time
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
from msgspec.structs import replace

from headgate.bootstrap import observer as observing
from headgate.bootstrap.book import book_of
from headgate.bootstrap.observer import MOST_KEPT, LedgerObserver, _Rested
from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER, Found, Mark, Outcome, Search, Window
from headgate.monitor.merged import merged
from headgate.monitor.report import report
from headgate.web.observer import Seen
from headgate.web.period import period_of
from tests.ledger.samples import NOON_US, entry
from tests.web.ledgers import SETTINGS, observer, store


def seen(**query: str) -> Seen:
    return observer().look(period_of({"since": "all", **query}, NOON_US))


def test_the_report_is_the_reports_own():
    shown = seen().report
    own = report(store().tiers(), store().requests())
    assert shown.requests == own.requests
    assert shown.saving.saved_nano == own.saving.saved_nano
    assert shown.bill.actual_nano == own.bill.actual_nano
    assert shown.escalation.escalated == own.escalation.escalated


def test_hours_add_up_to_the_report():
    found = seen()
    assert sum(hour.served for hour in found.hours) == found.report.escalation.served
    assert sum(hour.escalated for hour in found.hours) == found.report.escalation.escalated
    assert sum(hour.paid_nano for hour in found.hours) == found.report.saving.paid_nano
    assert list(found.hours) == sorted(found.hours, key=lambda hour: hour.hour)


def test_narrowed_to_each_key_the_parts_add_up_to_the_whole():
    whole = seen()
    parts = [seen(key=group.name) for group in whole.groups["key"]]
    assert len(parts) == 3
    assert sum(part.report.requests for part in parts) == whole.report.requests
    assert sum(part.report.bill.actual_nano for part in parts) == whole.report.bill.actual_nano
    assert sum(part.report.saving.paid_nano for part in parts) == whole.report.saving.paid_nano


def test_two_dimensions_narrow_together():
    entries = [
        one for one in store().entries() if one.key == "k_search" and one.route == "/v1/messages"
    ]
    found = seen(key="k_search", route="/v1/messages")
    assert found.report.requests == len({one.request_id for one in entries})
    assert found.report.bill.actual_nano == sum(one.cost_nano or 0 for one in entries)


def test_narrowed_to_a_model_are_the_requests_that_it_answered_and_its_own_calls():
    whole = seen()
    names = [group.name for group in whole.groups["model"]]
    assert set(names) == {"claude-haiku-4-5", "claude-sonnet-4-6"}
    parts = [seen(model=name) for name in names]
    assert sum(part.report.requests for part in parts) == whole.report.requests
    assert sum(part.report.saving.paid_nano for part in parts) == whole.report.saving.paid_nano
    for name, part in zip(names, parts, strict=True):
        own = [one for one in store().entries() if one.model_asked == name]
        assert part.report.bill.actual_nano == sum(one.cost_nano or 0 for one in own)
        assert part.report.requests == len({one.request_id for one in own if one.served})


def test_a_model_and_a_key_narrow_together():
    found = seen(model="claude-haiku-4-5", key="k_batch")
    own = [
        one
        for one in store().entries()
        if one.model_asked == "claude-haiku-4-5" and one.key == "k_batch" and one.served
    ]
    assert found.report.requests == len({one.request_id for one in own})


def test_retries_are_those_of_the_ledger_and_no_model_is_taken_for_their_reason():
    tiers = seen().retries.tiers
    assert sum(tier.retries for tier in tiers) == sum(
        total.attempts for total in store().tiers() if total.role == "retry" and total.routed
    )
    assert all(tier.reasons == () for tier in tiers)


def test_groups_are_told_for_what_has_names_only():
    groups = seen().groups
    assert set(groups) == {"route", "key", "team", "policy", "model"}
    assert sum(group.requests for group in groups["route"]) == seen().report.requests


def test_tiers_health_counts_failures_and_has_latencies():
    timings = {one.tier: one for one in seen().timings}
    assert set(timings) == {"cheap", "premium"}
    for one in timings.values():
        entries = [e for e in store().entries() if e.tier == one.tier]
        assert one.attempts == len(entries)
        assert one.failed == sum(not e.served for e in entries)
        p50, p95, p99 = one.first_us
        assert p50 is not None
        assert p95 is not None
        assert p99 is not None
        assert p50 < p95 < p99


@pytest.mark.parametrize("more", [{}, {"model": "claude-haiku-4-5"}])
def test_narrowed_to_a_part_the_times_are_of_its_newest_answers(more: dict[str, str]):
    found = seen(key="k_batch", **more)
    own = [one for one in store().entries() if one.served and one.key == "k_batch"]
    own = [one for one in own if one.model_asked == more.get("model", one.model_asked)]
    assert found.newest == len(own)
    assert found.timings
    for timing in found.timings:
        times = sorted(one.total_us for one in own if one.tier == timing.tier)
        assert timing.total_us[0] == pytest.approx(times[len(times) // 2], rel=0.1)


def test_narrowed_to_a_part_the_waits_are_its_own():
    made = MemoryStore()
    rows = [("a", 10), ("b", 1000), ("a", 20), ("a", 30), ("b", 9000)]
    made.append(
        [
            entry(request_id=f"r{number}", at_us=NOON_US - 9 + number, key=key, queue_us=wait)
            for number, (key, wait) in enumerate(rows)
        ]
    )
    looker = observer(made)
    period = {"since": "all"}
    assert looker.look(period_of(period, NOON_US)).overhead_us == (30.0, 9000.0, 9000.0)
    narrowed = looker.look(period_of(period | {"key": "a"}, NOON_US))
    assert narrowed.overhead_us == (20.0, 30.0, 30.0)
    assert looker.look(period_of(period | {"key": "c"}, NOON_US)).overhead_us is None


def test_a_period_has_its_own_waits_whether_narrowed_or_not():
    made = MemoryStore()
    day = 86_400_000_000
    made.append(
        [
            entry(request_id="old", at_us=NOON_US - 3 * day, queue_us=500),
            entry(request_id="new", at_us=NOON_US - 1, queue_us=7),
        ]
    )
    looker = observer(made)
    for narrow in ({}, {"route": "/v1/chat/completions"}):
        now = looker.look(period_of({"since": "24h", **narrow}, NOON_US))
        assert (now.overhead_us, now.waited) == ((7.0, 7.0, 7.0), 1)
        then = {"from": "2026-11-20", "to": "2026-11-20", **narrow}
        old = looker.look(period_of(then, NOON_US))
        assert (old.overhead_us, old.waited) == ((500.0, 500.0, 500.0), 1)


def test_narrowed_to_a_model_alone_the_times_are_of_all_its_answers():
    found = seen(model="claude-haiku-4-5")
    whole = {one.model: one.total_us for one in seen().timings}
    assert found.newest is None
    assert [one.total_us for one in found.timings] == [whole[found.timings[0].model]]


def test_the_budgets_account_is_there_after_a_moment():
    looker = observer()
    period = period_of({"since": "all"}, NOON_US)
    found = looker.look(period)
    for _ in range(600):
        if found.escalation is not None:
            break
        time.sleep(0.1)
        found = looker.look(period)
    assert found.escalation is not None
    assert found.escalation.served == found.report.escalation.served


def test_a_page_does_not_wait_for_an_account_that_takes_long():
    go_on = threading.Event()

    class Long(MemoryStore):
        def outcomes(self, after: int = 0) -> Iterator[Outcome]:
            go_on.wait()
            return super().outcomes(after)

    looker = LedgerObserver(Long(), SETTINGS, book_of(SETTINGS, env={}), now_us=lambda: NOON_US)
    seen: list[Seen] = []
    page = threading.Thread(target=lambda: seen.append(looker.look(period_of({}, NOON_US))))
    page.start()
    page.join(60)
    assert len(seen) == 1, "it waits for the account"
    assert seen[0].escalation is None
    go_on.set()


def test_an_empty_ledger_is_seen_as_one():
    book = book_of(SETTINGS, env={})
    empty = LedgerObserver(MemoryStore(), SETTINGS, book, now_us=lambda: NOON_US)
    found = empty.look(period_of({}, NOON_US))
    assert found.report.requests == 0
    assert found.hours == ()
    assert empty.requests(Search(window=EVER)) == Found([])
    assert empty.request("x") == ()


def test_the_newest_requests_come_first_each_whole():
    found = observer().requests(Search(window=EVER, most=30)).requests
    assert len(found) == 30
    times = [entries[0].at_us for entries in found]
    assert times == sorted(times, reverse=True)
    newest = max(e.at_us for e in store().entries() if e.attempt == 0)
    assert times[0] == newest
    for entries in found:
        assert list(entries) == store().request(entries[0].request_id)


def test_a_search_that_asks_everything_finds_all_in_the_window():
    window = Window(NOON_US - 3 * 86_400_000_000, NOON_US)
    found = observer().requests(Search(window=window, most=10_000)).requests
    assert len(found) == sum(total.requests for total in store().requests(window))


def test_each_question_is_answered_by_what_fits_it():
    def found(**asked):
        return observer().requests(Search(window=EVER, most=5000, **asked)).requests

    whole = found()
    escalated = found(outcome="escalated")
    assert 0 < len(escalated) < len(whole)
    assert all(entries[-1].premium for entries in escalated)
    assert all(any(e.cause == "retry" for e in entries) for entries in found(outcome="retried"))
    assert found(outcome="failed") == []
    assert len(found(outcome="served")) == len(whole)
    assert len(found(tier="premium")) == len(escalated)
    assert len(found(model="SONNET")) == len(escalated)
    assert {entries[0].key for entries in found(key="k_batch")} == {"k_batch"}
    assert {e[0].route for e in found(route="/v1/messages")} == {"/v1/messages"}
    one = whole[0][0].request_id
    assert [entries[0].request_id for entries in found(text=one)] == [one]
    assert found(reason="rule:") == []


@pytest.mark.parametrize("place", ["before", "after"])
def test_a_search_that_finds_little_reads_on_and_says_how_far_it_came(monkeypatch, place):
    monkeypatch.setattr(observing, "READS", (2, 3, 4))
    made = MemoryStore()
    rows = [
        entry(request_id=f"r{n:02}", at_us=NOON_US + n, key="k" if n % 4 == 0 else None)
        for n in range(30)
    ]
    made.append(rows)
    begin = {"before": Mark(NOON_US + 99, ""), "after": Mark(NOON_US - 1, "")}[place]

    def found(begin: Mark) -> tuple[list[str], Mark | None]:
        asked = replace(Search(window=EVER, key="k"), **{place: begin})
        page = observer(made).requests(asked)
        return [entries[0].request_id for entries in page.requests], page.reached

    ids, reached = found(begin)
    assert ids == {"before": ["r28", "r24"], "after": ["r08", "r04", "r00"]}[place]
    assert reached is not None
    assert reached.request_id == {"before": "r21", "after": "r08"}[place]
    seen = [*ids]
    while reached is not None:
        ids, reached = found(reached)
        seen += ids
    assert sorted(seen) == [f"r{n:02}" for n in range(0, 30, 4)]


def test_a_request_that_nobody_answered_is_a_failed_one():
    made = MemoryStore()
    made.append([entry(request_id="f", served=False, status=503, error="status")])
    found = observer(made).requests(Search(window=EVER, outcome="failed")).requests
    assert [entries[0].request_id for entries in found] == ["f"]


def test_events_come_newest_first():
    times = [event.at_us for event in observer().events(EVER)]
    assert times == sorted(times, reverse=True)
    assert [event.kind for event in observer().events(EVER, ["key.created"])] == ["key.created"]


def test_merged_sums_are_those_that_were_never_told_apart():
    assert merged(store().requests(by=("hour", "key"))) == store().requests()


def test_measured_values_are_those_of_the_last_thirty_days():
    looker = observer()
    found = looker.measurement(SETTINGS, book_of(SETTINGS, env={}), date(2026, 11, 23))
    assert found.settings.escalation.rate > 0.15
    assert "routed requests" in found.sentence


def test_what_took_long_is_kept_for_a_while_and_what_is_quick_is_not():
    rested, made = _Rested(), []

    def slow():
        time.sleep(0.02)
        made.append("slow")
        return len(made)

    assert [rested("slow", slow) for _ in range(3)] == [1, 1, 1]
    assert rested("other", slow) == 2
    for number in range(MOST_KEPT + 5):
        rested(number, lambda: 0)
    assert len(rested._kept) <= MOST_KEPT


def test_changed_settings_are_looked_by_and_the_account_is_kept_meanwhile():
    one = observer()
    period = period_of({"since": "all"}, NOON_US)
    one.look(period)
    deadline = time.monotonic() + 60
    while (known := one.look(period).escalation) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert known is not None
    first, *others = SETTINGS.tiers
    renamed = msgspec.structs.replace(
        SETTINGS, tiers=(msgspec.structs.replace(first, name="low"), *others)
    )
    one.adopt(renamed, book_of(renamed, env={}))
    found = one.look(period)
    assert found.tiers == ("low", "premium")
    assert found.escalation is not None
    assert found.report.requests == seen().report.requests
