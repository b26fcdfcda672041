"""Callers that come whether or not the last one has been answered: so many a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.reliability.place import Caller, body_of

__all__ = ["Answer", "arrivals", "lateness", "p99", "served"]


class Answer(NamedTuple):
    """What one caller got."""

    number: int
    at: float
    """When it asked, monotonic seconds."""
    seconds: float
    """Until it had its answer."""
    status: int
    """0: none, the connection broke."""
    headers: dict[str, str]
    body: bytes
    late: float = 0.0
    """How much later it asked than it was to, seconds: the callers' own doing, or the machine's."""


async def arrivals(
    callers: Sequence[Caller],
    rate: float,
    seconds: float,
    *,
    first: int = 0,
    model: str = "auto",
    **more: Any,
) -> list[Answer]:
    """So many a second, for so long, in turn at each of `callers`. Texts say `request N`."""
    tasks = []
    began = time.monotonic()
    for number in range(first, first + int(rate * seconds)):
        due = began + (number - first) / rate
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        caller = callers[number % len(callers)]
        tasks.append(asyncio.create_task(ask(caller, number, model, due=due, **more)))
    return list(await asyncio.gather(*tasks))


async def ask(
    caller: Caller, number: int, model: str, *, due: float | None = None, **more: Any
) -> Answer:
    """One request, whatever comes of it."""
    at = time.monotonic()
    late = 0.0 if due is None else max(0.0, at - due)
    try:
        body = body_of("chat", model, f"request {number}", **more)
        status, headers, got = await caller.ask("chat", body)
    except (OSError, EOFError):
        status, headers, got = 0, {}, b""
    return Answer(number, at, time.monotonic() - at, status, headers, got, late)


def served(answers: Sequence[Answer], tier: str | None = None) -> list[Answer]:
    """Those that were answered well, of a tier where one is named."""
    good = [answer for answer in answers if answer.status == 200]
    return [a for a in good if tier is None or a.headers.get("x-headgate-tier") == tier]


def p99(seconds: Sequence[float]) -> float:
    """The hundredth part is longer than this; 0 of none."""
    return sorted(seconds)[min(len(seconds) - 1, int(len(seconds) * 0.99))] if seconds else 0.0


def lateness(answers: Sequence[Answer]) -> str:
    """What of all this is not the gateway's: how late the callers themselves were."""
    late = [answer.late for answer in answers]
    return f"the callers were {p99(late) * 1000:.0f} ms late (p99), at most {max(late) * 1000:.0f}"
