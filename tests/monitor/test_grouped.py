"""grouped: what fills a group is dealt with at once, the rest when asked, and all of it once."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from headgate.monitor.grouped import Grouped


class Dealt(list[list[int]]):
    """The groups, in their order."""

    def __call__(self, items: Iterator[int]) -> None:
        self.append(list(items))


def test_whoever_fills_a_group_deals_with_it():
    dealt = Dealt()
    grouped = Grouped(3, dealt)
    for number in range(7):
        grouped.put(number)
    assert dealt == [[0, 1, 2], [3, 4, 5]]
    grouped.empty()
    assert dealt[2:] == [[6]]


def test_nobody_waits_for_a_thread_that_deals():
    dealt = Dealt()
    grouped = Grouped(3, dealt)
    with grouped._dealing:  # as a thread that is at it has it
        for number in range(5):
            grouped.put(number)
    assert (len(grouped), dealt) == (5, [])
    grouped.put(5)
    assert (len(grouped), dealt) == (0, [[0, 1, 2, 3, 4, 5]])


def test_what_cannot_be_dealt_with_stops_no_other_group():
    def fail(items: Iterator[int]) -> None:
        if sum(items) == 1:
            raise ValueError("of no use")

    grouped = Grouped(2, fail)
    grouped.put(0)
    with pytest.raises(ValueError, match="no use"):
        grouped.put(1)
    grouped.put(2)
    grouped.put(3)
    assert len(grouped) == 0


def test_threads_lose_nothing_and_double_nothing():
    dealt = Dealt()
    grouped = Grouped(7, dealt)

    def work(first: int) -> None:
        for number in range(first, first + 2_000):
            grouped.put(number)
            if number % 100 == 0:
                grouped.empty()

    threads = [threading.Thread(target=work, args=(n * 2_000,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    grouped.empty()
    assert sorted(number for group in dealt for number in group) == list(range(8_000))
