"""`python -m benchmarks.gateway.steady`: how long an answer takes at 70 % of the gateway's peak.

The peak is what wrk gets at 64 connections. Then requests are due at even times, whether earlier
ones are answered or not, over 64 connections, and each counts from the moment it was due: a stall
delays all that came due in it (no coordinated omission). Everything on; core 0 bears the gateway.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time
from collections import deque
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.gateway.ours import SECRET
from benchmarks.gateway.running import ADDRESS, Running, gateway, load, need_harness

CONNECTIONS = 64
BAR_MS = 10.0
TICK_SECS = 0.001
"""uvloop's least; with less it never sleeps, and the provider waits for its turn on their core."""
IDLE_SHARE = 0.05
"""Of a core: with less, nothing is left to be stored."""
START_SECS = 4
"""For the process beside the gateway to start: under the load that finds the peak, on the same
processor, it would take ten seconds, and be measured."""


class Line(asyncio.Protocol):
    """One connection; it asks for the next due request as soon as it is free."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.due = 0.0
        self.left = -1
        """Bytes of the answer still to come; below 0 while its head is incomplete."""
        self.head = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It is free."""
        self.transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass
        self.caller.free.append(self)

    def ask(self, due: float) -> None:
        """Send one request that was due then."""
        self.due, self.left, self.head = due, -1, b""
        self.transport.write(self.caller.request)

    def data_received(self, data: bytes) -> None:
        """Read until the answer is whole."""
        if self.left < 0:
            self.head += data
            end = self.head.find(b"\r\n\r\n")
            if end < 0:
                return
            head = self.head[:end].lower()
            length = int(head.split(b"content-length:", 1)[1].split(b"\r\n", 1)[0])
            self.left = end + 4 + length - len(self.head)
            self.caller.failed += not head.startswith(b"http/1.1 200")
        else:
            self.left -= len(data)
        if self.left == 0:
            self.caller.answered(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        """The gateway must not close a connection under load."""
        if not self.caller.over:
            self.caller.failed += 1


class Caller:
    """Requests at even times over free connections."""

    def __init__(self, address: tuple[str, int], request: bytes, rate: float) -> None:
        self.address, self.request, self.gap = address, request, 1 / rate
        self.free: deque[Line] = deque()
        self.waiting: deque[float] = deque()
        self.took: list[float] = []
        self.failed = 0
        self.over = False

    def answered(self, line: Line) -> None:
        """Note the time and go on with the next one that is due."""
        self.took.append(time.perf_counter() - line.due)
        if self.waiting:
            line.ask(self.waiting.popleft())
        else:
            self.free.append(line)

    async def run(self, secs: float) -> None:
        """All connections, then requests for so long, then a moment for the last answers."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            await loop.create_connection(lambda: Line(self), *self.address)
        due = time.perf_counter()
        end = due + secs
        while due < end:
            while due <= min(time.perf_counter(), end):
                if self.free:
                    self.free.popleft().ask(due)
                else:
                    self.waiting.append(due)
                due += self.gap
            await asyncio.sleep(TICK_SECS)
        for _ in range(100):
            if len(self.free) == CONNECTIONS:
                break
            await asyncio.sleep(0.05)
        self.failed += CONNECTIONS - len(self.free) + len(self.waiting)
        self.over = True
        for line in self.free:
            line.transport.close()
        await asyncio.sleep(0.05)  # they are closed


def _settle(running: Running) -> None:
    """Wait until the rows of the peak are stored: some 60,000, which nobody has at 70 % of it."""
    for _ in range(60):
        before = sum(running.processor().values())
        time.sleep(1)
        if sum(running.processor().values()) - before < IDLE_SHARE:
            return


def main() -> int:
    """0 where the bar is kept and no request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway.steady")
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--variant", default="headgate", help="a target of benchmarks.gateway")
    parser.add_argument("--secs", type=int, default=20)
    parser.add_argument("--share", type=float, default=0.7, help="of the peak, above 0")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    need_harness(work)
    body = (work / "bodies" / "ours_chat.json").read_bytes()
    head = (
        "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"content-type: application/json\r\nx-api-key: {SECRET}\r\ncontent-length: {len(body)}"
    )
    os.sched_setaffinity(0, {1})  # the provider and the load, which are started from here
    with gateway(work, options.variant, core=0) as running:
        time.sleep(START_SECS)
        load(work, 2)  # warm
        gc.collect()
        gc.freeze()
        gc.disable()  # the caller's own: a look at all that is imported here takes it 60 ms
        peak = load(work, 8).rate
        _settle(running)
        caller = Caller(ADDRESS, head.encode() + b"\r\n\r\n" + body, options.share * peak)
        before = running.processor()
        uvloop.run(caller.run(options.secs))
        spent = [secs - before[pid] for pid, secs in running.processor().items() if pid in before]
    cuts = statistics.quantiles(caller.took, n=1000)
    p50, p90, p99, p999 = (cuts[at - 1] * 1e3 for at in (500, 900, 990, 999))
    print(
        f"{options.variant}: peak {peak:,.0f} requests/s; at {options.share:.0%} of it, "
        f"{len(caller.took):,} answers: p50 {p50:.2f} ms, p90 {p90:.2f} ms, p99 {p99:.2f} ms "
        f"(bar {BAR_MS:g}), p99.9 {p999:.2f} ms; failed {caller.failed}; of the core "
        f"{' + '.join(f'{secs / options.secs:.0%}' for secs in spent)}"
    )
    return 0 if p99 <= BAR_MS and not caller.failed else 1


if __name__ == "__main__":
    sys.exit(main())
