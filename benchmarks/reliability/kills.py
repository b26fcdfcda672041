"""Test 2: killed with SIGKILL under load, again and again: no acknowledged row lost or doubled."""

from __future__ import annotations

import asyncio
import random
import shutil
import signal
import statistics
import sys
import time
from collections import Counter
from contextlib import redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.ledger.__main__ import fill
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller, Place, body_of, place
from headgate.ledger.store import Window
from headgate.ledger.url import open_store

__all__ = ["kills", "starts"]

LOAD = 500
"""Requests a second that are asked for."""
CALLERS = 32
SLOWEST_START = 2.0


def kills(count: int, *, ledger: str = "") -> Outcome:
    """Kill the gateway so many times; what it acknowledged must be in the ledger, once."""
    chance = random.Random(1)
    acknowledged: list[str] = []
    starts: list[float] = []
    load_seconds = 0.0
    with place(ledger=ledger) as here:
        for turn in range(count):
            seconds = chance.uniform(0.2, 0.8)
            asyncio.run(_load(here, seconds, acknowledged))
            load_seconds += seconds
            here.gateway.process.wait(10)
            if turn < count - 1:
                began = time.monotonic()
                here.start()
                starts.append(time.monotonic() - began)
        here.wait_for_sidecar()
        rows = [row.request_id for row in here.rows()]
        left = list(here.journal.glob("*.segment"))
    lost, doubled = set(acknowledged) - set(rows), len(rows) - len(set(rows))
    slowest = max(starts, default=0.0)
    return Outcome(
        f"{count} × kill -9 under load",
        not lost and not doubled and not left and bool(acknowledged),
        f"{len(acknowledged):,} acknowledged at {len(acknowledged) / load_seconds:,.0f} a second, "
        f"{len(rows):,} rows, {len(lost)} lost, {doubled} doubled; slowest start {slowest:.2f} s",
        slowest <= SLOWEST_START,
    )


def starts(count: int, rows: int, work: Path) -> Outcome:
    """Kill a gateway so many times whose ledger has so many rows, and see how fast it is back.

    The ledger is filled once, which takes minutes for millions, and kept in `work`.
    """
    filled = _filled(rows, work)
    acknowledged: list[str] = []
    took: list[float] = []
    with TemporaryDirectory(prefix="headgate-rows-", dir=work) as folder:
        shutil.copy(filled, Path(folder) / "ledger.db")
        since = int(time.time() * 1e6)
        with place(folder=Path(folder)) as here:
            for turn in range(count):
                asyncio.run(_load(here, 0.5, acknowledged))
                here.gateway.process.wait(30)
                if turn < count - 1:
                    began = time.monotonic()
                    here.start()
                    took.append(time.monotonic() - began)
            with here.store() as store:
                window = Window(since, int(time.time() * 1e6))
                found = [row.request_id for row in store.entries(window)]
    here_once = Counter(found)
    lost = sum(name not in here_once for name in acknowledged)
    # a request of this load has one attempt, a classifier being rules
    doubled = sum(here_once[name] > 1 for name in acknowledged)
    slowest = max(took, default=0.0)
    return Outcome(
        f"{count} × kill -9 with {rows:,} rows in the ledger",
        bool(acknowledged) and not lost and not doubled,
        f"{len(acknowledged):,} acknowledged, {lost} lost, {doubled} doubled; slowest start "
        f"{slowest:.2f} s, median {statistics.median(took) if took else 0:.2f} s",
        slowest <= SLOWEST_START,
    )


def _filled(rows: int, work: Path) -> Path:
    """A ledger with so many rows, made where there is none yet."""
    work.mkdir(parents=True, exist_ok=True)
    file, part = work / f"ledger-{rows}.db", work / f"ledger-{rows}.part.db"
    if not file.exists():
        for old in work.glob(f"{part.name}*"):
            old.unlink()
        store = open_store(f"sqlite:///{part}")
        with redirect_stdout(sys.stderr):  # it tells how far it is
            fill(store, rows)
        store.close()
        part.rename(file)
    store = open_store(f"sqlite:///{file}")  # an older one is brought up to date, once
    store.close()
    return file


async def _load(here: Place, seconds: float, acknowledged: list[str]) -> None:
    """Ask at the pace of `LOAD` until the gateway dies; note what was answered whole."""
    caller = here.caller()
    workers = [asyncio.create_task(_worker(caller, one, acknowledged)) for one in range(CALLERS)]
    await asyncio.sleep(seconds)
    here.gateway.process.send_signal(signal.SIGKILL)
    await asyncio.gather(*workers)


async def _worker(caller: Caller, one: int, acknowledged: list[str]) -> None:
    pause = CALLERS / LOAD
    due = time.monotonic() + one / LOAD
    while True:
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        due += pause
        api = ("chat", "messages", "responses")[one % 3]
        body = body_of(api, "auto", f"question {due}", stream=one % 2 == 0)
        try:
            status, headers, _ = await caller.ask(api, body)
        except (OSError, EOFError):
            return  # it has been killed
        if status == 200:
            acknowledged.append(headers["x-headgate-request-id"])
