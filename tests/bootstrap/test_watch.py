"""watch: a ledger is looked at again and again, and only what is new is read."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta

from headgate.bootstrap.book import book_of
from headgate.bootstrap.watch import PIECE, Watch, own_budgets
from headgate.ledger.memory import MemoryStore
from headgate.ledger.sqlite import SqliteStore
from headgate.ledger.store import EVER, Outcome, Store, StoreError
from headgate.monitor import account
from headgate.monitor.feedback import signal_event
from headgate.monitor.mishaps import mishap_event
from headgate.monitor.quality import comparison_event
from headgate.settings import Settings, read
from tests.known import known
from tests.ledger.samples import NOON_US, answers, entry
from tests.monitor.test_feedback import signal
from tests.monitor.test_quality import compared
from tests.settings.files import TIERS

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def settings(*sets: str) -> Settings:
    return read(None, env={}, sets=sets)


def watch(store: Store, *sets: str) -> Watch:
    chosen = settings(*sets)
    return Watch(store, chosen, book_of(chosen))


def test_plan_budget_and_headroom_come_from_the_settings():
    store = MemoryStore()
    long_ago = NOON_US - 3 * 86_400 * 1_000_000
    store.append([entry(request_id="before", at_us=long_ago), *answers(300)])
    found = watch(store, "escalation.budget=0.3", "escalation.window=2d").look(NOON, EVER)
    assert found.escalation.budget == 0.3
    assert found.escalation.slow.span_seconds == 2 * 86_400
    assert found.report.planned_requests_per_month == 30_000
    assert known(found.headroom).assumed == ("premium", "classifier")
    assert known(found.month.planned_nano) > 0


def test_without_settings_it_is_counted_and_not_judged():
    store = MemoryStore()
    store.append(answers(300))
    found = Watch(store, None, None).look(NOON, EVER)
    assert found.escalation.served == 300
    assert (found.escalation.budget, found.headroom, found.month.planned_nano) == (None, None, None)


def test_a_second_look_reads_what_is_new_and_nothing_else():
    read_rows: list[int] = []

    def count(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        read_rows.append(0)
        for outcome in outcomes:
            read_rows[-1] += 1
            yield outcome

    store = MemoryStore()
    store.append(answers(50))
    watched = Watch(store, None, None, follow=count)
    watched.look(NOON, EVER)
    store.append([entry(request_id="late", at_us=NOON_US - 3_600_000_000), *answers(60)])
    found = watched.look(NOON + timedelta(seconds=5), EVER)
    assert read_rows == [50, 11]
    assert found.escalation.served == 61


def test_what_ends_is_looked_for_in_the_settings_and_in_the_calls_of_a_day():
    store = MemoryStore()
    hour, day = 3_600_000_000, 86_400_000_000
    store.append(
        [
            entry(
                request_id="a", at_us=NOON_US - hour, provider="openai", model_asked="gpt-5-nano"
            ),
            entry(
                request_id="b", at_us=NOON_US - hour, provider="openai", model_asked="gpt-5-nano"
            ),
            entry(request_id="c", at_us=NOON_US - 2 * day, provider="openai", model_asked="gpt-5"),
        ]
    )
    flash, nano = watch(store).look(NOON, EVER).ends
    assert (flash.model, flash.used_by) == ("google/gemini-2.5-flash", ("classifier",))
    assert (nano.model, nano.calls, nano.used_by) == ("openai/gpt-5-nano", 2, ())
    (alone,) = Watch(store, None, None).look(NOON, EVER).ends
    assert (alone.model, alone.month_nano) == ("openai/gpt-5-nano", None)


def test_looks_at_one_moment_are_equal():
    store = MemoryStore()
    store.append(answers(200))
    watched = watch(store)
    assert watched.look(NOON, EVER) == watched.look(NOON, EVER)


def test_budgets_of_the_settings_are_what_scopes_are_held_to(tmp_path):
    text = TIERS + '[escalation_budgets.a]\nmatch = "hg_1"\nkind = "key"\nbudget = 0.1\n'
    file = tmp_path / "headgate.toml"
    file.write_text(text)
    assert own_budgets(read(file, env={})) == {("key", "hg_1"): 0.1}


def test_comparisons_and_feedback_are_read_once_each_also_when_they_come_late():
    store = MemoryStore()
    store.append(answers(10))
    store.note([comparison_event(compared(number)) for number in range(5)])
    store.note([signal_event(signal(1, tier="cheap"))])
    watched = watch(store, "quality.floor=0.9")
    first = watched.look(NOON, EVER)
    assert known(first.quality).floor == 0.9
    assert known(first.quality).all.decided == 5
    assert [tier.rated for tier in first.feedback] == [1]
    late = compared(99, at_us=NOON_US - 60_000_000)
    store.note([comparison_event(late), signal_event(signal(2, 0.0, tier="cheap"))])
    second = watched.look(NOON + timedelta(minutes=1), EVER)
    assert known(second.quality).all.decided == 6
    assert [tier.rated for tier in second.feedback] == [2]


def test_where_nothing_is_compared_nothing_is_said_of_quality():
    store = MemoryStore()
    store.append(answers(10))
    assert watch(store).look(NOON, EVER).quality is None


def test_after_a_restart_only_what_came_since_the_account_was_kept_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(account, "LEAST", 100)
    store = SqliteStore(tmp_path / "l.db")
    store.append(answers(130))
    first = watch(store)
    first.look(NOON, EVER)
    store.append([entry(request_id="late", at_us=NOON_US - 3_600_000_000), *answers(150)])
    read_rows: list[Outcome] = []

    def told(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            read_rows.append(outcome)
            yield outcome

    chosen = settings()
    again = Watch(store, chosen, book_of(chosen), follow=told).look(NOON, EVER)
    assert len(read_rows) == 21
    assert again.escalation == first.look(NOON, EVER).escalation
    assert again.escalation.served == 151
    store.close()


def test_other_budgets_are_judged_over_all_of_the_past(monkeypatch):
    monkeypatch.setattr(account, "LEAST", 100)
    store, fresh = MemoryStore(), MemoryStore()
    for one in (store, fresh):
        one.append(answers(300))
    watch(store, "escalation.budget=0.9").look(NOON, EVER)
    found, alone = (watch(one, "escalation.budget=0.05").look(NOON, EVER) for one in (store, fresh))
    assert found.escalation == alone.escalation
    assert found.escalation.budget == 0.05


def test_a_ledger_that_keeps_no_account_is_watched_all_the_same(monkeypatch):
    class Shut(MemoryStore):
        def keep(self, name: str, sequence: int, state: bytes) -> None:
            raise StoreError("The ledger does not answer.")

    monkeypatch.setattr(account, "LEAST", 100)
    store = Shut()
    store.append(answers(300))
    assert watch(store).look(NOON, EVER).escalation.served == 300


def test_what_befell_the_process_beside_is_told_for_a_day():
    store = MemoryStore()
    store.note([mishap_event("ended", "signal 9", NOON_US - 3_600_000_000)])
    looking = watch(store)
    told = known(looking.look(NOON, EVER).beside)
    assert (told.silent, told.ended, told.last, told.why) == (0, 1, "ended", "signal 9")
    assert looking.look(NOON + timedelta(days=1), EVER).beside is None


def test_a_watch_that_rests_sees_the_same_and_never_reads_long():
    store = MemoryStore()
    store.append(answers(300))
    read: list[int] = []

    def follow(outcomes: Iterable[Outcome]) -> Iterator[Outcome]:
        for outcome in outcomes:
            read.append(outcome.sequence)
            yield outcome

    rests: list[int] = []
    chosen = settings()
    looking = Watch(
        store, chosen, book_of(chosen), follow=follow, rest=lambda: rests.append(len(read))
    )
    found = looking.look(NOON, EVER)
    assert found.escalation == watch(store).look(NOON, EVER).escalation
    assert rests == list(range(PIECE, 301, PIECE))


def test_a_watch_that_keeps_nothing_writes_nothing_and_sees_the_same(monkeypatch):
    class Untouched(MemoryStore):
        def keep(self, name: str, sequence: int, state: bytes) -> None:
            raise AssertionError("it writes")

    monkeypatch.setattr(account, "LEAST", 100)
    store, free = Untouched(), MemoryStore()
    for one in (store, free):
        one.append(answers(300))
    chosen = settings()
    found = Watch(store, chosen, book_of(chosen), keeps=False).look(NOON, EVER)
    assert found.escalation == watch(free).look(NOON, EVER).escalation
