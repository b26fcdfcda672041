"""Test 15: a thousand connections that send a byte a second; requests that are far too large."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from benchmarks.reliability.load import Answer, arrivals, lateness, p99, served
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import PATHS, Caller, Place
from benchmarks.reliability.upstream import answer, stage

__all__ = ["oversized", "slow_senders"]

RATE = 100
"""Requests a second of those who send as one does."""
WORST_RATIO = 1.2
HEAD_SECONDS = 10.0
LOOK = 0.5
"""How late a connection may be closed: what is timed is looked at twenty times a second."""
PACE = 1.0
REFUSED_IN = 0.1
MEGABYTE = 1 << 20

_REQUEST = f"POST {PATHS['chat']} HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
_HEAD = f"{_REQUEST}x-slow: ".encode()
_BODY = f'{_REQUEST}content-length: 10000\r\n\r\n{{"model": "'.encode()


class _Ended(NamedTuple):
    """How the gateway ended a connection that was too slow."""

    after: float
    """Seconds; infinite where it never did."""
    said: bytes


def slow_senders(count: int, seconds: float) -> Outcome:
    """Half send a head by bytes, half a body; others ask this gateway and a twin without them."""
    with stage(answer, answer, more="max_requests = 2000") as (here, _, _):
        callers = [here.caller(), here.caller(here.replica("twin"))]
        asyncio.run(arrivals(callers, RATE, 1.0))
        heads, bodies, others = asyncio.run(_meanwhile(here, callers, count, seconds))
        after = asyncio.run(arrivals(callers, RATE, min(seconds, 5.0)))
    beside, calm = others[::2], others[1::2]
    good = all(len(served(some)) == len(some) for some in (others, after))
    waited = seconds > HEAD_SECONDS + LOOK
    slowest = max(one.after for one in heads)
    told = sum(one.said.startswith(b"HTTP/1.1 408 ") for one in heads)
    ratio = p99([one.seconds for one in beside]) / p99([one.seconds for one in calm])
    return Outcome(
        f"{count:,} connections that send a byte a second",
        good and all(one.after > seconds for one in bodies) and (not waited or told == len(heads)),
        f"{told} of {len(heads)} slow heads told 408"
        + (f", after {slowest:.1f} s at most" if waited else " (they had longer)")
        + f"; {len(beside):,} others answered meanwhile in "
        f"{p99([one.seconds for one in beside]) * 1000:.1f} ms (p99), {ratio:.2f} × that of a twin "
        f"without them; {lateness(others)}",
        ratio <= WORST_RATIO and (not waited or slowest <= HEAD_SECONDS + LOOK),
    )


async def _meanwhile(
    here: Place, callers: Sequence[Caller], count: int, seconds: float
) -> tuple[list[_Ended], list[_Ended], list[Answer]]:
    def drips(begin: bytes) -> list[asyncio.Task[_Ended]]:
        pauses = [PACE * number / count for number in range(0, count, 2)]  # not all at one moment
        return [asyncio.create_task(_drip(here, begin, seconds, pause)) for pause in pauses]

    heads, bodies = drips(_HEAD), drips(_BODY)
    others = await arrivals(callers, RATE, seconds)
    return await asyncio.gather(*heads), await asyncio.gather(*bodies), others


async def _drip(here: Place, begin: bytes, seconds: float, pause: float) -> _Ended:
    await asyncio.sleep(pause)
    reader, writer = await _connected(here)
    began = time.monotonic()
    said = asyncio.create_task(reader.read())
    writer.write(begin)
    try:
        while time.monotonic() < began + seconds + PACE:
            await asyncio.wait([said], timeout=PACE)
            if said.done():
                return _Ended(time.monotonic() - began, said.result())
            writer.write(b"x")
        return _Ended(float("inf"), b"")
    except ConnectionError:
        return _Ended(time.monotonic() - began, b"")
    finally:
        said.cancel()
        writer.transport.abort()


async def _connected(here: Place) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, port = here.gateway.address.removeprefix("http://").partition(":")
    return await asyncio.open_connection(host, int(port))


def oversized(times: int) -> Outcome:
    """Heads of a megabyte, and bodies of 33, their length stated or not."""
    with stage(answer, answer) as (here, near, far):
        asyncio.run(arrivals([here.caller()], RATE, 1.0))
        asked, steady = len(near.calls) + len(far.calls), here.memory()
        heads = [asyncio.run(_refused(here, _endless_head())) for _ in range(times)]
        stated = [asyncio.run(_refused(here, _body(stated=True))) for _ in range(times)]
        chunked = [asyncio.run(_refused(here, _body(stated=False))) for _ in range(times)]
        most = here.memory(peak=True) - steady
        after = asyncio.run(arrivals([here.caller()], RATE, 1.0))
        asked = len(near.calls) + len(far.calls) - asked - len(after)
    right = [_all_said(431, heads), _all_said(413, stated), _all_said(413, chunked)]
    return Outcome(
        f"{times} heads of 1 MB, {2 * times} bodies of 33 MB",
        all(right) and not asked and len(served(after)) == len(after),
        f"431 in {_worst(heads)}; 413 in {_worst(stated)} where the length is stated, in "
        f"{_worst(chunked)} where 32 MB must come first; {asked} calls; "
        f"{most / MEGABYTE:.0f} MB more memory at most",
        max(one.after for one in stated) <= REFUSED_IN,
    )


def _all_said(status: int, ended: Sequence[_Ended]) -> bool:
    return all(one.said.startswith(b"HTTP/1.1 %d " % status) for one in ended)


def _worst(ended: Sequence[_Ended]) -> str:
    return f"{max(one.after for one in ended) * 1000:.0f} ms at most"


async def _endless_head() -> AsyncIterator[bytes]:
    yield _REQUEST.encode()
    for number in range(MEGABYTE // 1024):
        yield b"x-%d: %b\r\n" % (number, b"y" * 1010)
    yield b"\r\n"


async def _body(*, stated: bool) -> AsyncIterator[bytes]:
    size = 33 * MEGABYTE
    how = f"content-length: {size}" if stated else "transfer-encoding: chunked"
    yield f"{_REQUEST}{how}\r\n\r\n".encode()
    piece = b"x" * 65_536
    for _ in range(size // len(piece)):
        yield piece if stated else b"10000\r\n%b\r\n" % piece
    if not stated:
        yield b"0\r\n\r\n"


async def _refused(here: Place, pieces: AsyncIterator[bytes]) -> _Ended:
    """What the gateway says, and how long after the first byte that was sent."""
    reader, writer = await _connected(here)
    began = time.monotonic()
    first = asyncio.create_task(reader.read(64))
    try:
        with suppress(ConnectionError):
            async for piece in pieces:
                writer.write(piece)
                await writer.drain()
                if first.done():
                    break
        said = await asyncio.wait_for(first, 30)
        return _Ended(time.monotonic() - began, said)
    except ConnectionError:
        return _Ended(time.monotonic() - began, b"")
    finally:
        writer.transport.abort()
