"""`python -m benchmarks.ledger [ROWS] [--url URL]`: rows a second in, seconds for a month's report.

Fills an empty ledger with requests (a classifier's call and an answer each, now and then a retry),
as dense as ten million rows in 30 days, in groups as the gateway's writer commits them, each on the
disk before the next. Hours are summed up meanwhile, as the gateway does. Then asks what a report
and a dashboard ask.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path

import msgspec

from headgate.ledger.entry import Entry
from headgate.ledger.journal import Journal
from headgate.ledger.store import DAY_US, REACH_US, Store, Window
from headgate.ledger.url import open_store
from headgate.ledger.writer import GROUP_ROWS, recover
from headgate.values import Usage

STEP_US = 30 * DAY_US * 21 // 100_000_000
"""Between two requests, 2.1 rows each: ten million rows in 30 days."""
START_US = 1_793_491_200_000_000
"""2026-11-01."""
KEYS = [f"key_{number}" for number in range(8)]

ANSWER = Entry(
    request_id="",
    attempt=1,
    at_us=0,
    purpose="answer",
    dialect_in="openai",
    dialect_out="anthropic",
    route="/v1/chat/completions",
    asked="auto",
    routed=True,
    tier="cheap",
    premium=False,
    provider="anthropic",
    model_asked="claude-haiku-4-5",
    model_answered="claude-haiku-4-5-20251001",
    reason="classifier",
    cause="first",
    served=True,
    status=200,
    usage_source="measured",
    card="anthropic/claude-haiku-4-5@2025-10-15",
    total_us=0,
    config="0123456789ab",
    policy="auto",
)


def traffic(rows: int, *, seed: int = 1) -> Iterator[Entry]:
    """About that many attempts; every call of it draws the same."""
    draw, replace = random.Random(seed), msgspec.structs.replace
    requests = rows * 10 // 21
    for number in range(requests):
        at, name = START_US + number * STEP_US, f"req_{number:012x}{draw.getrandbits(80):020x}"
        key = KEYS[number % 8]
        yield replace(
            ANSWER, request_id=name, attempt=0, at_us=at, purpose="classifier", served=False,
            tier="classifier", key=key, usage=Usage(300, 20), cost_nano=140_000, total_us=200_000,
        )  # fmt: skip
        tokens = Usage(int(draw.expovariate(0.001)), int(draw.expovariate(0.0025)))
        dear = 3000 * tokens.input + 15000 * tokens.output
        premium = number % 5 == 0
        failed = number % 10 == 0
        if failed:
            yield replace(
                ANSWER, request_id=name, attempt=1, at_us=at + 200_000, served=False, status=503,
                error="status", key=key, cost_nano=0, total_us=100_000,
            )  # fmt: skip
        yield replace(
            ANSWER,
            request_id=name,
            attempt=1 + failed,
            at_us=at + 300_000,
            tier="premium" if premium else "cheap",
            premium=premium,
            model_asked="claude-sonnet-4-6" if premium else "claude-haiku-4-5",
            reason="rule:code" if number % 3 else "classifier",
            key=key,
            usage=tokens,
            cost_nano=dear if premium else dear // 3,
            premium_nano=dear,
            first_token_us=int(draw.lognormvariate(12.5, 0.6)),
            total_us=int(draw.lognormvariate(14, 0.6)),
        )


def fill(store: Store, rows: int) -> tuple[float, float]:
    """Seconds spent in `append`, and in summing hours up; making the rows is not counted."""
    entries, appending, rolling, stored, rolled_to = traffic(rows), 0.0, 0.0, 0, START_US
    while group := list(islice(entries, GROUP_ROWS)):
        began = time.perf_counter()
        store.append(group)
        appending += time.perf_counter() - began
        stored += len(group)
        if (now := group[-1].at_us) - rolled_to > REACH_US:
            began = time.perf_counter()
            store.roll(now)
            rolling += time.perf_counter() - began
            rolled_to = now
        if stored % 500_000 < GROUP_ROWS:
            print(f"  {stored:,} rows, {stored / (appending + rolling):,.0f} a second", flush=True)
    return appending, rolling


def take_over(rows: int, directory: Path) -> float:
    """Rows a second from a dead process's journal into a new file."""
    directory.mkdir()
    url = f"sqlite:///{directory}/taken.db"
    journal = Journal(directory / "taken.db.journal")
    for row in traffic(rows):
        journal.append(row)
    journal.close()
    store = open_store(url)
    began = time.perf_counter()
    found = recover(url, store)
    seconds = time.perf_counter() - began
    store.close()
    return found.rows / seconds


def median(ask: Callable[[], object], times: int = 5) -> float:
    seconds = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def questions(store: Store, rows: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What is asked, over all of it but for ragged ends."""
    end = START_US + rows * 10 // 21 * STEP_US
    month = Window(START_US + 7_000_000, end - 11_000_000)
    day = Window(end - DAY_US - 5, end - 5)
    yield "month's report: tiers", lambda: store.tiers(month)
    yield "month's report: requests", lambda: store.requests(month)
    yield "month by hour and tier", lambda: store.tiers(month, by=("hour",))
    yield "month by key", lambda: store.requests(month, by=("key",))
    yield "month's latencies", lambda: store.latencies(month, by=("tier",))
    yield "month by day", lambda: store.days(month)
    yield "a day by hour", lambda: store.tiers(day, by=("hour",))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger")
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty ledger, instead of a file that is deleted again")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headgate-ledger-") as place:
        taken = take_over(min(given.rows, 200_000), Path(place) / "journal")
        print(f"from a dead process's journal: {taken:,.0f} rows a second")
        store = open_store(given.url or f"sqlite:///{place}/ledger.db")
        appending, rolling = fill(store, given.rows)
        print(f"stored, each group on the disk:  {given.rows / appending:,.0f} rows a second")
        print(f"with the hours summed up:        {given.rows / (appending + rolling):,.0f}")
        for name, ask in questions(store, given.rows):
            print(f"{name:<32} {median(ask) * 1000:8,.0f} ms")
        store.close()
        began = time.perf_counter()
        open_store(given.url or f"sqlite:///{place}/ledger.db", create=False).close()
        print(f"{'opened again':<32} {(time.perf_counter() - began) * 1000:8,.0f} ms")


if __name__ == "__main__":
    main()
