"""`python -m benchmarks.ledger [ROWS] [--url URL] [--filled]`: rows a second in, reports' time.

Fills an empty ledger with requests (a classifier's call and an answer each, now and then a retry),
as dense as ten million rows in 30 days, in groups as the gateway's writer commits them, each on the
disk before the next. Hours and days are summed up meanwhile, as the gateway does. Then asks what a
report and a dashboard ask: for the first time since the ledger was opened, and again. With
`--filled`, the ledger at the URL was filled so before, with as many rows: it is brought to the
present schema where it is an older one, summed up, and asked.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from pathlib import Path
from typing import get_args

import msgspec
from tests.ledger.samples import entry

from headgate.ledger.entry import Entry
from headgate.ledger.intake import recover
from headgate.ledger.journal import Journal
from headgate.ledger.store import DAY_US, EVER, REACH_US, Mark, Search, Store, Window
from headgate.ledger.totals import HOUR_US, RequestDimension
from headgate.ledger.url import open_store
from headgate.ledger.writer import GROUP_ROWS
from headgate.values import Usage

STEP_US = 30 * DAY_US * 21 // 100_000_000
"""Between two requests, 2.1 rows each: ten million rows in 30 days."""
START_US = 1_793_491_200_000_000
"""2026-11-01."""
KEYS = [f"key_{number}" for number in range(8)]

ANSWER = entry(
    attempt=1, usage=Usage(), cost_nano=None, premium_nano=None, first_token_us=None, policy="auto"
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


def first(ask: Callable[[], object]) -> float:
    """Seconds of one asking."""
    return median(ask, 1)


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
    newest, middle = (
        Search(window=EVER),
        Search(window=EVER, before=Mark((START_US + end) // 2, "")),
    )
    nobody = Search(window=EVER, key="nobody's")
    yield "the newest 100 requests", lambda: store.search(newest, read=2_000)
    yield "100 requests of the middle", lambda: store.search(middle, read=2_000)
    yield "100,000 attempts searched", lambda: store.search(nobody, read=100_000)


def dashboard(store: Store, rows: int) -> Iterator[tuple[str, Callable[[], object]]]:
    """What the page at `/` asks of a month that ends now."""
    now = START_US + rows * 10 // 21 * STEP_US
    month = Window((now - 30 * DAY_US) // HOUR_US * HOUR_US, now + 1)
    yield "tiers by model", lambda: store.tiers(month, by=("provider", "model"))
    yield "requests by hour", lambda: store.requests(month, by=("hour",))
    yield "latencies by model", lambda: store.latencies(month, by=("tier", "provider", "model"))
    yield "days", lambda: store.days(Window((now // DAY_US - 32) * DAY_US, None))
    for name in get_args(RequestDimension)[1:]:
        yield f"requests by {name}", partial(store.requests, month, by=(name,))
    yield "how long the latest waited", lambda: store.timed(month, {}, read=4000, most=4000)


def tell(store: Store, rows: int) -> None:
    """Print each question with its time, and what the dashboard's take together."""
    print(f"{'':<32} {'first':>8} {'again':>8}   ms")
    for name, ask in questions(store, rows):
        print(f"{name:<32} {first(ask) * 1000:8,.0f} {median(ask) * 1000:8,.0f}")
    store.close()


def tell_dashboard(store: Store, rows: int) -> None:
    """The same for a dashboard, from a ledger that was just opened."""
    total = [0.0, 0.0]
    for name, ask in dashboard(store, rows):
        took = first(ask), median(ask)
        total = [one + other for one, other in zip(total, took, strict=True)]
        print(f"dashboard: {name:<21} {took[0] * 1000:8,.0f} {took[1] * 1000:8,.0f}")
    print(f"{'dashboard: all of it':<32} {total[0] * 1000:8,.0f} {total[1] * 1000:8,.0f}")
    store.close()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ledger")
    parser.add_argument("rows", nargs="?", type=int, default=1_000_000)
    parser.add_argument("--url", help="an empty ledger, instead of a file that is deleted again")
    parser.add_argument("--filled", action="store_true", help="the ledger at --url has the rows")
    given = parser.parse_args()
    if given.filled and not given.url:
        parser.error("--filled needs --url")
    with tempfile.TemporaryDirectory(prefix="headgate-ledger-") as place:
        url = given.url or f"sqlite:///{place}/ledger.db"
        if not given.filled:
            write(given.rows, url, Path(place))
        began = time.perf_counter()
        store = open_store(url, create=False)
        print(f"opened in {(time.perf_counter() - began) * 1000:,.0f} ms")
        made = store.roll(START_US + given.rows * 10 // 21 * STEP_US)
        print(f"hours and days that were still to be summed up: {made:,}")
        tell(store, given.rows)
        tell_dashboard(open_store(url, create=False), given.rows)


def write(rows: int, url: str, place: Path) -> None:
    """Fill a ledger, and print how fast."""
    taken = take_over(min(rows, 200_000), place / "journal")
    print(f"from a dead process's journal: {taken:,.0f} rows a second")
    store = open_store(url)
    appending, rolling = fill(store, rows)
    store.close()
    print(f"stored, each group on the disk:  {rows / appending:,.0f} rows a second")
    print(f"with the hours summed up:        {rows / (appending + rolling):,.0f}")


if __name__ == "__main__":
    main()
