"""Test 3: callers that leave in the middle of a stream: each is a row with what it had by then."""

from __future__ import annotations

import asyncio
import random
import time

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller, Place, body_of, place
from headgate.testing.brain import tokens

__all__ = ["disconnects"]

WORDS = 300
"""Of an answer, 10 ms each: on a busy machine too it is not over before its reader has left."""
READ = 20
"""Most words that are read before leaving."""
CALLERS = 8
SLOWEST_CANCEL = 0.1
TIMED = 100
"""How many of them are timed, one at a time."""


def disconnects(count: int) -> Outcome:
    """So many callers leave after a random piece of their answers."""
    with place("--gap", "0.01") as here:
        before = _warm(here)
        left, delays = asyncio.run(_leave(here, count))
        rows = {row.request_id: row for row in here.settled(count + 1)}
        time.sleep(0.5)
        leaked = here.descriptors() - before
    broken = [rows[name] for name in left if name in rows]
    marked = [row for row in broken if row.aborted and row.usage_source == "estimated"]
    enough = [row for row in marked if row.usage.output >= left[row.request_id]]
    delays.sort()
    p99 = delays[int(len(delays) * 0.99)] if delays else 0.0
    return Outcome(
        f"{count:,} callers leave mid-stream",
        len(left) == len(marked) == len(enough) == count and leaked <= 5,
        f"{len(marked):,} rows marked as aborted, {len(enough):,} with the tokens delivered; "
        f"provider's call cancelled within {p99 * 1000:.0f} ms (p99 of {len(delays)}); "
        f"{leaked:+d} descriptors",
        p99 <= SLOWEST_CANCEL,
    )


def _warm(here: Place) -> int:
    asyncio.run(here.caller().ask("chat", body_of("chat", "auto", "hello")))
    here.settled(1)  # so what stores it, beside the gateway, is up
    before, same = 0, 0
    for _ in range(30):  # and opens what else it needs
        now = here.descriptors()
        before, same = now, same + 1 if now == before else 0
        if same == 3:
            break
        time.sleep(1.0)
    return before


async def _leave(here: Place, count: int) -> tuple[dict[str, int], list[float]]:
    """Who left (request id -> tokens it had), and seconds until the provider's side was dropped."""
    chance, caller = random.Random(2), here.caller()
    left: dict[str, int] = {}
    delays: list[float] = []
    provider = here.providers["anthropic"]
    timed = min(TIMED, count)

    def broken() -> int:
        return sum(tally.calls for tally in provider.tally().broken.values())

    def dropped(seen: int) -> None:
        deadline = time.monotonic() + 5
        while broken() == seen and time.monotonic() < deadline:
            time.sleep(0.002)

    for number in range(timed):
        seen = await asyncio.to_thread(broken)
        left.update([await _one(caller, number, chance)])
        began = time.monotonic()
        await asyncio.to_thread(dropped, seen)
        delays.append(time.monotonic() - began)
    numbers = iter(range(timed, count))

    async def work() -> None:
        for number in numbers:
            left.update([await _one(caller, number, chance)])

    await asyncio.gather(*(work() for _ in range(CALLERS)))
    return left, delays


async def _one(caller: Caller, number: int, chance: random.Random) -> tuple[str, int]:
    """Read a few pieces and leave; the request's id, and about how many tokens it was sent."""
    api = ("chat", "messages", "responses")[number % 3]
    text = " ".join(f"w{number}x{word}" for word in range(WORDS))
    pieces = caller.pieces(api, body_of(api, "cheap", text, stream=True))
    head = (await anext(pieces)).decode("latin-1").lower()
    name = head.partition("x-headgate-request-id: ")[2].split("\r\n")[0]
    got = b""
    wanted = chance.randrange(1, READ)
    while got.count(f"w{number}x".encode()) < wanted:
        got += await anext(pieces)
    await pieces.aclose()  # type: ignore[attr-defined] # a generator
    words = got.count(f"w{number}x".encode())
    return name, tokens("w" * words)  # a word is longer than a letter: a lower bound
