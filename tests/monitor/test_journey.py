"""journey: what a request's rows and its answer make of its ending."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import Any

import pytest

from headgate.ledger.entry import Entry
from headgate.monitor.journey import CURRENT, Journey, is_shadow
from tests.ledger.samples import NOON_US, entry

FAILED = entry(served=False, error="timeout", status=None, cost_nano=1_000_000)
REFUSED = entry(served=False, error="status", status=429, cost_nano=0)


def journey(*entries: Entry, status: int | None = 200, code: str | None = None) -> Journey:
    ticks = count()
    made = Journey("POST", "/v1/messages", None, NOON_US, lambda: float(next(ticks)))
    for one in entries:
        made.note(one)
    made.status, made.code = status, code
    made.end()
    return made


@pytest.mark.parametrize(
    ("made", "ending", "error"),
    [
        (journey(entry()), "served", None),
        (journey(FAILED, entry()), "served", None),
        (journey(), "served", None),
        (journey(entry(error="reset", aborted=True)), "broken", "reset"),
        (journey(entry(error="caller-left", aborted=True)), "left", "caller-left"),
        (journey(entry(served=False, error="caller-left"), status=None), "left", "caller-left"),
        (journey(status=None), "left", "caller-left"),
        (journey(FAILED, status=504), "failed", "timeout"),
        (journey(REFUSED, status=429), "failed", "429"),
        (journey(status=503), "refused", "503"),
        (journey(status=401, code="invalid_api_key"), "refused", "invalid_api_key"),
    ],
)
def test_an_ending_is_told_by_the_rows_and_the_answer(made: Journey, ending: str, error: str):
    assert (made.ending, made.error) == (ending, error)


def test_a_defect_is_a_failure_and_no_refusal():
    made = journey(entry(served=False, error="internal"), status=500, code="internal")
    made.fault = True
    assert (made.ending, made.error) == ("failed", "internal")


def test_calls_are_counted_and_their_money_is_added_up():
    sorter: dict[str, Any] = {"purpose": "classifier", "tier": "classifier", "served": False}
    retry = entry(cause="retry", cost_nano=2_000_000)
    made = journey(entry(**sorter, cost_nano=5), FAILED, retry, entry(**sorter, cost_nano=7))
    assert (made.attempts, made.retries, made.cost_nano) == (4, 1, 3_000_012)
    assert made.last is retry
    assert made.request_id == "r0"


def test_one_unpriced_call_makes_the_cost_unknown_and_not_smaller():
    assert journey(entry(cost_nano=None), entry()).cost_nano is None


@pytest.mark.parametrize(
    "changes", [{"purpose": "shadow"}, {"purpose": "judge", "cause": "shadow"}]
)
def test_a_shadow_is_the_watchs_and_counts_for_nothing(changes: dict[str, Any]):
    shadow = entry(**changes, served=False, error="timeout", cost_nano=9)
    assert is_shadow(shadow)
    assert not is_shadow(entry())
    made = journey(entry(), shadow)
    assert (made.attempts, made.cost_nano, made.ending) == (1, 3_000_000, "served")


def test_its_time_is_from_its_arrival_to_its_end():
    assert journey().total_us == 1_000_000


def test_the_current_one_follows_a_task_and_those_it_begins_and_no_others():
    first, second = journey(), journey()

    async def current() -> Journey | None:
        await asyncio.sleep(0)
        return CURRENT.get()

    async def request(made: Journey) -> Journey | None:
        CURRENT.set(made)
        await asyncio.sleep(0)
        return await asyncio.ensure_future(current())

    async def main():
        both = [asyncio.ensure_future(request(made)) for made in (first, second)]
        return await asyncio.gather(*both, current())

    assert asyncio.run(main()) == [first, second, None]
