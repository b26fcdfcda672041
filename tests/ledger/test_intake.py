"""intake: what stands in a segment reaches the store, but for the rows that never fit."""

from pathlib import Path

import pytest

from headgate.ledger.intake import (
    GROUP_SECONDS,
    TRIAL_BYTES,
    Intake,
    append_prompts,
    recover,
)
from headgate.ledger.journal import Journal
from headgate.ledger.memory import MemoryStore
from headgate.ledger.segment import leftovers
from headgate.ledger.store import RowRejectedError, StoreError
from headgate.ledger.url import open_store
from tests.ledger.moods import Moody, Watch
from tests.ledger.samples import answers, entry, prompt, questions


def test_recover_brings_in_what_a_dead_gateway_left_and_spares_a_living_one(url, tmp_path):
    dead = Journal(tmp_path / "ledger.db.journal")
    dead.append(entry(request_id="dead"))
    dead.close()
    alive = Journal(tmp_path / "ledger.db.journal")
    alive.append(entry(request_id="alive"))
    store = open_store(url)
    assert recover(url, store) == (1, 0)
    assert recover(url, store) == (0, 0)
    assert [row.request_id for row in store.entries()] == ["dead"]
    store.close()
    alive.close()


def test_recover_has_nothing_to_do_in_memory_or_without_a_journal(url):
    assert recover("memory:", MemoryStore()) == (0, 0)
    assert recover(url, MemoryStore()) == (0, 0)


def test_rows_stay_where_they_are_when_recovery_fails(url, tmp_path):
    dead = Journal(tmp_path / "ledger.db.journal")
    dead.append(entry())
    dead.close()
    store = Moody()
    store.away = True
    with pytest.raises(StoreError):
        recover(url, store)
    store.away = False
    assert recover(url, store) == (1, 0)


def written(directory: Path, rows: int) -> Journal:
    journal = Journal(directory)
    for row in answers(rows):
        journal.append(row)
    return journal


def test_a_group_says_how_far_it_went_and_what_it_stored(tmp_path):
    journal, store = written(tmp_path / "j", 5), Moody()
    store.cannot_hold = {"r1"}
    (segment,) = journal.segments()
    assert Intake(store, Watch().monotonic).group(segment) == (segment.size, 4, 1)
    assert segment.path.with_suffix(".damaged").exists()
    segment.take(segment.size)
    assert Intake(store, Watch().monotonic).group(segment) == (0, 0, 0)
    journal.close()


def test_after_a_failure_groups_are_small_and_grow_again(tmp_path):
    journal, store = written(tmp_path / "j", 300), Moody()
    (segment,) = journal.segments()
    intake = Intake(store, Watch().monotonic)
    store.away = True
    with pytest.raises(StoreError):
        intake.group(segment)
    intake.failed()
    store.away = False
    ends = []
    while not segment.empty:
        ends.append(intake.group(segment).end)
        segment.take(ends[-1])
    assert ends[0] <= TRIAL_BYTES < ends[1] <= 2 * TRIAL_BYTES < ends[2]
    assert sum(store.groups) == 300
    journal.close()


def test_a_store_that_is_slow_is_not_held_for_long(tmp_path):
    watch = Watch()

    class Slow(Moody):
        row_seconds = 0.0

        def append(self, entries):
            watch.now += len(entries) * self.row_seconds
            return super().append(entries)

    journal, store = written(tmp_path / "j", 5000), Slow()
    (segment,) = journal.segments()
    intake = Intake(store, watch.monotonic)
    while store.groups[-1:] < [500]:  # it is fast, and what comes is more each time
        segment.take(*intake.group(segment))
    store.row_seconds = 0.002
    held = []
    while not segment.empty:
        before = watch.now
        segment.take(*intake.group(segment))
        held.append(watch.now - before)
    assert held[0] > 2 * GROUP_SECONDS, "nobody could know"
    assert max(held[1:]) < 1.5 * GROUP_SECONDS
    assert sum(held[1:-1]) > 0.5 * GROUP_SECONDS * len(held[1:-1]), "nor is it asked for each row"
    assert sum(store.groups) == 5000
    journal.close()


def test_a_dead_processs_segment_does_not_hold_the_store_for_long_either(tmp_path):
    watch = Watch()

    class Slow(Moody):
        def append(self, entries):
            watch.now += len(entries) * 0.002
            return super().append(entries)

    written(tmp_path / "j", 4000).close()
    store = Slow()
    assert recover("", store, journal=tmp_path / "j", monotonic=watch.monotonic) == (4000, 0)
    assert max(store.groups[1:]) * 0.002 < 1.5 * GROUP_SECONDS
    assert list((tmp_path / "j").iterdir()) == []


def test_what_is_left_when_it_is_to_end_is_somebody_elses(tmp_path):
    journal, store = written(tmp_path / "j", 3000), Moody()
    journal.close()
    (segment,) = leftovers(tmp_path / "j")
    intake = Intake(store, Watch().monotonic)
    found = intake.take_over(segment, going_on=lambda: not store.groups)
    assert 0 < found.rows < 3000
    assert recover("", store, journal=tmp_path / "j") == (3000 - found.rows, 0)


def test_prompts_of_a_dead_process_that_never_fit_are_told_of_once(tmp_path, caplog):
    journal, store = Journal(tmp_path / "j"), Moody()
    for one in questions(5):
        journal.append_prompt(one)
    journal.close()
    store.cannot_hold = {"r0", "r1", "r3"}
    assert recover("", store, journal=tmp_path / "j") == (0, 0)
    assert [one.request_id for one in store.prompts()] == ["r2", "r4"]
    assert caplog.messages == ["ledger.prompt_dropped: the store can never hold 3 of them"]


def test_prompts_that_are_dropped_are_told_of_though_the_store_fails_after_them(tmp_path, caplog):
    for one in questions(2):
        journal = Journal(tmp_path / "j")
        journal.append_prompt(one)
        journal.close()
    asked: list[int] = []

    class Failing(Moody):
        def keep_prompts(self, prompts):
            asked.append(len(prompts))
            if len(asked) > 1:
                raise StoreError("it is gone")
            raise RowRejectedError("never")

    with pytest.raises(StoreError):
        recover("", Failing(), journal=tmp_path / "j")
    assert caplog.messages == ["ledger.prompt_dropped: the store can never hold 1 of them"]


def test_a_prompt_that_never_fits_is_dropped_and_the_others_are_kept():
    store = Moody()
    store.cannot_hold = {"r1", "r3"}
    assert append_prompts(store, questions(5)) == 2
    assert [one.request_id for one in store.prompts()] == ["r0", "r2", "r4"]
    assert append_prompts(store, []) == 0


def test_nothing_of_a_dropped_prompt_is_set_aside(tmp_path):
    journal, store = written(tmp_path / "j", 1), Moody()
    store.cannot_hold = {"r1"}
    for one in questions(2):
        journal.append_prompt(one)
    (segment,) = journal.segments()
    assert Intake(store, Watch().monotonic).group(segment) == (segment.size, 1, 0)
    assert not segment.path.with_suffix(".damaged").exists()
    assert [one.request_id for one in store.prompts()] == ["r0"]
    journal.close()


def test_a_segment_whose_prompts_the_store_does_not_take_stays_until_it_does(tmp_path):
    dead = Journal(tmp_path / "j")
    dead.append(answers(1)[0])
    dead.append_prompt(prompt())
    dead.close()
    store = Moody()
    store.away = True
    with pytest.raises(StoreError):
        recover("", store, journal=tmp_path / "j")
    store.away = False
    assert recover("", store, journal=tmp_path / "j") == (1, 0)
    assert store.prompt("r0") == prompt()
    assert list((tmp_path / "j").iterdir()) == []


def test_prompts_of_a_dead_gateway_are_in_the_database_after_recovery(tmp_path):
    url = f"sqlite:///{tmp_path}/l.db"
    dead = Journal(tmp_path / "l.db.journal")
    for one in questions(3):
        dead.append_prompt(one)
    dead.close()
    store = open_store(url)
    assert recover(url, store) == (0, 0)
    assert list(store.prompts()) == questions(3)
    store.close()
