"""Tests 7 and 8: five times more requests than there is room for, and readers that hardly read."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import suppress

from benchmarks.reliability.load import Answer, arrivals, lateness, p99, served
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import PATHS, Place, before, body_of
from benchmarks.reliability.upstream import (
    STAGE,
    Apart,
    Call,
    Upstream,
    answer,
    begin,
    chunk,
    events,
    stage,
)

__all__ = ["overload", "slow_readers"]

ROOM, TAKES = 40, 0.4
"""Requests under way at once, and seconds that the provider takes for one: a hundred a second."""
TIMES = 5
GOODPUT, REFUSED_IN, MEMORY = 0.9, 0.05, 1.5
EACH = 1 << 20
"""Bytes that a slow reader may take."""
SIP, PACE = 100, 0.1
"""Bytes that it reads, and seconds until it reads again: 1 kB a second."""
FLOOD = 4 << 20
"""Bytes that its answer has, which the provider would send at once."""


async def _slowly(call: Call) -> None:
    await asyncio.sleep(TAKES)
    await answer(call)


def overload(seconds: float) -> Outcome:
    """The peak for as long, then five times as many as at the peak."""
    full = ROOM / TAKES
    with stage(_slowly, _slowly, more=f"max_requests = {ROOM}") as (here, _, _):
        callers = [here.caller()]
        peak = asyncio.run(arrivals(callers, full * 0.95, seconds))
        steady = here.memory()
        crowd = asyncio.run(arrivals(callers, full * TIMES, seconds))
        most = here.memory(peak=True)
    refused = [one for one in crowd if one.status in (429, 503)]
    told = [one for one in refused if "retry-after" in one.headers]
    goodput, slowest = len(served(crowd)) / len(served(peak)), p99([a.seconds for a in refused])
    lost = len(crowd) - len(served(crowd)) - len(refused)
    return Outcome(
        f"{TIMES} times as many requests as there is room for, {seconds:g} s",
        not lost and len(told) == len(refused) > 0 and most <= MEMORY * steady,
        f"goodput {goodput:.0%} of the peak; {len(refused):,} of {len(crowd):,} refused with 503 "
        f"and Retry-After, in {slowest * 1000:.0f} ms (p99); {lost} lost; memory "
        f"{most / steady:.2f} × that before; {lateness(crowd)}",
        goodput >= GOODPUT and slowest <= REFUSED_IN,
    )


async def _flood(call: Call) -> None:
    """A very long stream, as fast as it is taken."""
    begin(call.writer)
    event = events(["word " * 200])[0]
    said = event * (65_536 // len(event))
    for _ in range(FLOOD // len(said)):
        chunk(call.writer, said)
        await call.writer.drain()


def slow_readers(count: int, seconds: float) -> Outcome:
    """So many of them at once; others are answered as always, from the first moment on."""
    with (
        Apart(_flood) as near,
        Upstream(answer) as far,
        before(
            {"near": near.address, "far": far.address}, STAGE, more="max_requests = 2000"
        ) as here,
    ):
        asyncio.run(arrivals([here.caller()], 20, 1.0, model="premium"))
        calm, had = here.memory(), here.processor()
        reading, beside = asyncio.run(_sip(here, count, seconds))
        each = max(0, here.memory(peak=True) - calm) / count
        begun, took = near.calls(), here.processor() - had
    waits = [one.seconds for one in beside]
    return Outcome(
        f"{count} readers of 1 kB a second",
        reading == begun == count and each <= EACH and len(served(beside)) == len(beside),
        f"{each / 1024:.0f} kB of memory each, of answers of {FLOOD >> 20} MB; {took:.1f} s of "
        f"processor time; {len(beside)} others answered meanwhile in "
        f"{p99(waits) * 1000:.0f} ms (p99), at most {max(waits) * 1000:.0f} ms",
    )


async def _sip(here: Place, count: int, seconds: float) -> tuple[int, list[Answer]]:
    """How many were still reading at the end, and what others got."""
    readers = [asyncio.create_task(_reader(here, n, seconds)) for n in range(count)]
    beside = await arrivals([here.caller()], 20, seconds * 0.75, model="premium")
    return sum(await asyncio.gather(*readers)), beside


async def _reader(here: Place, number: int, seconds: float) -> bool:
    host, _, port = here.gateway.address.removeprefix("http://").partition(":")
    loop = asyncio.get_running_loop()
    content = json.dumps(body_of("chat", "cheap", f"request {number}", stream=True)).encode()
    with socket.socket() as plug:
        plug.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        plug.setblocking(False)
        await loop.sock_connect(plug, (host, int(port)))
        head = f"POST {PATHS['chat']} HTTP/1.1\r\nhost: h\r\ncontent-length: {len(content)}\r\n\r\n"
        await loop.sock_sendall(plug, head.encode() + content)
        until, got = time.monotonic() + seconds, b"x"
        while got and time.monotonic() < until:
            with suppress(ConnectionError):
                got = await loop.sock_recv(plug, SIP)
            await asyncio.sleep(PACE)
        return bool(got)
