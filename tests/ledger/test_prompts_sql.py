"""prompts_sql: the part of the contract that is about prompts; every store keeps it."""

import pytest

from headgate.ledger.memory import MemoryStore
from headgate.ledger.prompts_memory import MOST_IN_MEMORY
from headgate.ledger.prompts_sql import PAGE_PROMPTS
from headgate.ledger.store import EVER, RowRejectedError, Window
from headgate.ledger.totals import HOUR_US
from tests.ledger.samples import NOON_US, answers, entry, prompt, questions


def test_a_prompt_comes_back_as_it_was_kept(store):
    kept = [prompt(), prompt(request_id="b", request="ä" * 300_000, answer="", form="parts")]
    assert store.keep_prompts(kept) == 2
    assert store.prompt("r0") == kept[0]
    assert store.prompt("b") == kept[1]
    assert list(store.prompts()) == [kept[1], kept[0]]


def test_what_was_not_kept_is_none(store):
    store.keep_prompts([prompt()])
    assert store.prompt("R0") is None
    assert store.prompt("x' OR '1'='1") is None


def test_the_first_word_on_a_request_stands(store):
    assert store.keep_prompts([prompt(answer="1")]) == 1
    assert store.keep_prompts([prompt(answer="2"), prompt(answer="3")]) == 0
    assert store.keep_prompts([prompt(request_id="n", answer=text) for text in "45"]) == 1
    assert [one.answer for one in store.prompts()] == ["4", "1"]
    assert store.keep_prompts([]) == 0


def test_prompts_come_in_the_order_of_time_and_id_however_many_there_are(store):
    many = questions(2 * PAGE_PROMPTS + 3)
    same = [prompt(request_id=f"s{number:03}") for number in range(PAGE_PROMPTS + 1)]
    store.keep_prompts([*reversed(many), *same])
    expected = sorted([*many, *same], key=lambda one: (one.at_us, one.request_id))
    assert list(store.prompts()) == expected
    window = Window(NOON_US + 1, NOON_US + 5)
    assert [one.request_id for one in store.prompts(window)] == ["r1", "r2", "r3", "r4"]
    assert store.count_prompts(window) == 4
    assert store.count_prompts() == len(expected)
    assert list(store.prompts(EVER)) == expected


def test_prompts_from_before_a_moment_are_deleted_and_rows_stay(store):
    store.append(answers(3))
    store.keep_prompts(questions(2 * PAGE_PROMPTS))
    assert sum(store.prune_prompts(NOON_US + PAGE_PROMPTS + 1)) == PAGE_PROMPTS + 1
    assert store.prompt(f"r{PAGE_PROMPTS}") is None
    assert store.prompt(f"r{PAGE_PROMPTS + 1}") is not None
    assert list(store.prune_prompts(NOON_US + PAGE_PROMPTS + 1)) == []
    assert len(list(store.entries())) == 3


def test_prompts_go_with_the_rows_that_are_pruned(store):
    if isinstance(store, MemoryStore):
        pytest.skip("memory is not pruned of rows")
    hours = range(3)
    store.append(
        [entry(request_id=f"r{hour}", at_us=NOON_US + hour * HOUR_US + 5) for hour in hours]
    )
    store.keep_prompts(
        [prompt(request_id=f"r{hour}", at_us=NOON_US + hour * HOUR_US) for hour in hours]
    )
    assert list(store.prune(NOON_US + HOUR_US)) == [1]
    assert [one.request_id for one in store.prompts()] == ["r1", "r2"]


def test_a_prompt_that_can_never_be_kept_takes_the_group_with_it(store):
    if isinstance(store, MemoryStore):
        pytest.skip("a dictionary holds anything")
    with pytest.raises(RowRejectedError):
        store.keep_prompts([prompt(), prompt(request_id="big", at_us=1 << 70)])
    with pytest.raises(RowRejectedError):
        store.keep_prompts([prompt(), prompt(request_id="half", request="\ud800")])
    assert store.count_prompts() == 0


def test_a_prompt_longer_than_it_says_is_unsound(store):
    store.keep_prompts([prompt()])
    assert store.check() == []
    if isinstance(store, MemoryStore):
        return
    store.keep_prompts([prompt(request_id="wrong", answer_bytes=3)])
    assert store.check() == ["The prompt of request wrong is longer than it says that it was."]


def test_memory_keeps_the_newest_of_them():
    store = MemoryStore()
    store.keep_prompts(questions(MOST_IN_MEMORY + 2))
    assert store.count_prompts() == MOST_IN_MEMORY
    assert store.prompt("r1") is None
    assert store.prompt("r2") is not None
