"""Test 2: killed with SIGKILL under load, again and again: no acknowledged row lost or doubled."""

from __future__ import annotations

import asyncio
import random
import signal
import time

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller, Place, body_of, place

__all__ = ["kills"]

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
