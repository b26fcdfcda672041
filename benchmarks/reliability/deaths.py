"""Test 4: a provider dies in the middle of a stream: an error event and one row, never a retry."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from functools import partial
from typing import NamedTuple

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller, body_of
from benchmarks.reliability.upstream import Call, answer, begin, chunk, events, stage

__all__ = ["WAYS", "deaths"]

CALLERS = 8
WORDS = 12
APIS = ("chat", "messages", "responses")
WAYS = ("reset", "closed", "silent", "not JSON", "half a character", "a line of 10 MB", "an error")
"""How it dies."""
SETTINGS = """
[resilience]
idle_timeout = "2s"
breaker_failures = 10000
"""


class Case(NamedTuple):
    """One death."""

    number: int
    api: str
    way: str
    words: int
    """Sent before it; 0: nothing of the answer has gone out, so another tier can mend it."""


def deaths(count: int) -> Outcome:
    """So many deaths, in every way, after a random word, through every API."""
    chance = random.Random(4)
    cases = [
        Case(n, APIS[n % 3], WAYS[n // 3 % len(WAYS)], chance.randrange(WORDS) * (n % 5 > 0))
        for n in range(count)
    ]
    heard: set[int] = set()
    with stage(lambda call: _die(call, cases, heard), answer, more=SETTINGS) as (here, near, far):
        got = asyncio.run(_ask(here.caller(), cases, heard))
        early = sum(case.words == 0 for case in cases)
        rows = here.settled(len(near.calls) + len(far.calls))
        again = [n for n, calls in Counter(n for _, n in near.calls).items() if calls > 1]
        moved = {number for _, number in far.calls}
    wrong = Counter[str]()
    for case, (status, body) in zip(cases, got, strict=True):
        whole = _whole(case.api, body)
        if case.words and (status != 200 or whole or not _told(body)):
            wrong[f"{case.api}, {case.way}: no error event"] += 1
        elif case.words and (case.number in moved or case.number in again):
            wrong[f"{case.api}, {case.way}: tried again after the first byte"] += 1
        elif not case.words and not (status == 200 and whole):
            wrong[f"{case.api}, {case.way}: not mended before the first byte"] += 1
    late = count - early
    broken = [row for row in rows if row.served and row.aborted and row.error]
    held = not wrong and len(broken) == late and len({row.request_id for row in rows}) == count
    return Outcome(
        f"{count:,} providers die mid-stream, in {len(WAYS)} ways",
        held,
        f"{late:,} after the first byte: {len(broken):,} rows marked as aborted, each caller told "
        f"by an error event, none tried again; {early:,} before it: all answered by the other tier"
        if held
        else f"{dict(wrong)}; {len(broken):,} of {late:,} rows marked as aborted",
    )


async def _ask(caller: Caller, cases: list[Case], heard: set[int]) -> list[tuple[int, bytes]]:
    """What each caller got; `heard` learns whose answer has begun to come in."""
    waiting = iter(cases)
    got: dict[int, tuple[int, bytes]] = {}

    async def work() -> None:
        for case in waiting:
            body = body_of(case.api, "auto", f"request {case.number}", stream=True)
            hear = partial(_hear, heard, case.number)
            try:
                status, _, answered = await caller.ask(case.api, body, heard=hear)
                got[case.number] = status, answered
            except (OSError, EOFError):
                got[case.number] = 0, b""

    await asyncio.gather(*(work() for _ in range(CALLERS)))
    return [got[case.number] for case in cases]


def _hear(heard: set[int], number: int, piece: bytes) -> None:
    if b"word0" in piece:
        heard.add(number)


async def _die(call: Call, cases: list[Case], heard: set[int]) -> None:
    case = cases[call.number]
    writer = call.writer
    begin(writer)
    said = events([f"word{number}" for number in range(WORDS)])
    for event in said[: case.words]:
        chunk(writer, event)
        await asyncio.sleep(0.002)
    await writer.drain()
    for _ in range(150):  # until its caller has some of it, or there would be a way to mend it
        if not case.words or case.number in heard:
            break
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.03)  # a reset throws away what the peer has not received yet
    match case.way:
        case "reset":
            call.reset()
        case "silent":
            await asyncio.sleep(5)
        case "closed":
            writer.close()
        case "not JSON":
            chunk(writer, b'data: {"choices": [{"delta"\n\n')
            writer.write(b"0\r\n\r\n")
        case "half a character":
            chunk(writer, said[0].replace(b"word0", "wörd€".encode()).partition(b"\xac")[0])
            writer.close()
        case "a line of 10 MB":
            for _ in range(160):
                chunk(writer, b"x" * 65_536)
                await writer.drain()
        case _:
            chunk(writer, b'data: {"error":{"message":"gone","type":"server_error"}}\n\n')
            writer.write(b"0\r\n\r\n")


def _data(body: bytes) -> list[bytes]:
    """What the lines of data say, whatever the chunks of the transfer are."""
    return [line[6:] for line in body.split(b"\n") if line.startswith(b"data: ")]


def _kinds(body: bytes) -> list[str]:
    found = []
    for data in _data(body):
        try:
            event = json.loads(data)
        except ValueError:
            continue
        found.append("error" if event.get("error") else event.get("type", ""))
        if event.get("type") == "response.failed":
            found.append("error")
    return found


def _told(body: bytes) -> bool:
    """The last thing said is an error."""
    kinds = _kinds(body)
    return bool(kinds) and kinds[-1] == "error"


def _whole(api: str, body: bytes) -> bool:
    """The stream looks as if it had come to its end."""
    kinds = _kinds(body)
    if api == "chat":
        return b'"finish_reason": "stop"' in body or b'"finish_reason":"stop"' in body
    return ("message_stop" if api == "messages" else "response.completed") in kinds
