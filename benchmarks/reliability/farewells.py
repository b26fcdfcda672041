"""Test 9: SIGTERM with streams under way, and replicas restarted in turn behind a balancer."""

from __future__ import annotations

import asyncio
import os
import signal
import time

from benchmarks.reliability.load import Answer, ask, served
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller, Place, body_of
from benchmarks.reliability.upstream import Call, answer, begin, chunk, events, stage
from headgate.testing.processes import Child

__all__ = ["farewell", "restarts"]

STREAM_SECONDS, PIECES = 4.0, 40
DRAIN = 30.0
NOTICED = 1.0
LOOK = 0.25
"""Seconds between two looks of the balancer at each replica."""
NOTICE = 'drain_notice = "1s"'


async def _long(call: Call) -> None:
    begin(call.writer)
    for event in events([f"word{n}" for n in range(PIECES)]):
        chunk(call.writer, event)
        await call.writer.drain()
        await asyncio.sleep(STREAM_SECONDS / PIECES)
    call.writer.write(b"0\r\n\r\n")


def farewell(streams: int) -> Outcome:
    """SIGTERM with so many streams under way; each must come to its end."""
    with stage(_long, answer, more=NOTICE) as (here, _, _):
        caller = here.caller()
        whole, noticed, took = asyncio.run(_leave(here, caller, streams))
        rows = here.settled(streams)
    ended = [row for row in rows if row.served and not row.aborted]
    return Outcome(
        f"SIGTERM with {streams} streams under way",
        whole == len(ended) == streams,
        f"{whole} of {streams} came to their end, as many rows; /readyz said 503 after "
        f"{noticed * 1000:.0f} ms; it ended after {took:.1f} s",
        noticed <= NOTICED and took <= DRAIN,
    )


async def _leave(here: Place, caller: Caller, streams: int) -> tuple[int, float, float]:
    async def one(number: int) -> bool:
        body = body_of("chat", "auto", f"request {number}", stream=True)
        try:
            status, _, got = await caller.ask("chat", body)
        except (OSError, EOFError):
            return False
        return status == 200 and b"[DONE]" in got and got.count(b"word") == PIECES

    tasks = [asyncio.create_task(one(number)) for number in range(streams)]
    await asyncio.sleep(STREAM_SECONDS / 4)
    gateway, began = here.gateway, time.monotonic()
    terminate(gateway)
    noticed = float("inf")
    while noticed == float("inf") and time.monotonic() < began + 5:
        if await asyncio.to_thread(_readiness, gateway) == 503:
            noticed = time.monotonic() - began
    whole = sum(await asyncio.gather(*tasks))
    await asyncio.to_thread(gateway.process.wait, DRAIN)
    return whole, noticed, time.monotonic() - began


def terminate(gateway: Child) -> None:
    """As a service manager does."""
    os.kill(gateway.process.pid, signal.SIGTERM)


def _readiness(gateway: Child) -> int:
    """The status of the ready check; 0 where nobody answers."""
    try:
        return gateway.fetch("/readyz")[0]
    except OSError:
        return 0


class _Balancer:
    """Sends each request to the next replica that was ready when it last looked."""

    def __init__(self, replicas: list[Child], here: Place) -> None:
        self._replicas, self._here = replicas, here
        self.ready = list(replicas)
        self._turn = 0

    def replace(self, old: Child, new: Child) -> None:
        """A successor; it gets requests once a look has found it ready."""
        self._replicas[self._replicas.index(old)] = new

    def next(self) -> Caller:
        """Who answers now."""
        self._turn += 1
        return self._here.caller(self.ready[self._turn % len(self.ready)])

    async def look(self) -> None:
        """Until cancelled."""
        while True:
            replicas = list(self._replicas)
            said = await asyncio.gather(*(asyncio.to_thread(_readiness, r) for r in replicas))
            self.ready = [one for one, status in zip(replicas, said, strict=True) if status == 200]
            await asyncio.sleep(LOOK)


def restarts(times: int, rate: int) -> Outcome:
    """Two replicas, restarted in turn so many times, with requests all the while."""
    with stage(answer, answer, more=NOTICE) as (here, _, _):
        replicas = [here.gateway, here.start()]
        answers = asyncio.run(_restart(here, replicas, times, rate))
        rows = here.settled(len(answers))
    failed = len(answers) - len(served(answers))
    return Outcome(
        f"{times} restarts of two replicas at {rate} requests a second",
        not failed and len({row.request_id for row in rows}) == len(answers),
        f"{len(answers):,} requests, {failed} failed; {len(rows):,} rows",
    )


async def _restart(here: Place, replicas: list[Child], times: int, rate: int) -> list[Answer]:
    balancer = _Balancer(list(replicas), here)
    looking = asyncio.create_task(balancer.look())
    over = asyncio.Event()
    tasks: list[asyncio.Task[Answer]] = []

    async def load() -> None:
        while not over.is_set():
            tasks.append(asyncio.create_task(ask(balancer.next(), len(tasks), "auto")))
            await asyncio.sleep(1 / rate)

    loading = asyncio.create_task(load())
    for turn in range(times):
        old = replicas[turn % 2]
        terminate(old)
        await asyncio.to_thread(old.process.wait, DRAIN)
        replicas[turn % 2] = new = await asyncio.to_thread(here.start)
        balancer.replace(old, new)
        await asyncio.sleep(2 * LOOK)
    over.set()
    await loading
    looking.cancel()
    return list(await asyncio.gather(*tasks))
