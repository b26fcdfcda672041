"""Tests 5 and 6: a provider that refuses everything, one that is gone: how often each is called."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import defaultdict
from itertools import pairwise

from benchmarks.reliability.load import Answer, arrivals, lateness, served
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import Caller
from benchmarks.reliability.upstream import Call, Upstream, answer, refuse, stage

__all__ = ["gone", "refusing"]

SHARE, FLOOR = 0.2, 10
"""The retry budget: what is stated, not what the code has."""
RETRY_AFTER, TOLERANCE = 1.0, 0.1
FAILURES, PAUSE = 20, 5.0
CLOSES = 10.0
NO_BREAKER = "max_requests = 5000\n[resilience]\nbreaker_failures = 10000\n"
"""As far away as it can be set; and one call of so many is answered, so that it is never there."""
ANSWERED = 1000


def refusing(rate: int, seconds: float) -> Outcome:
    """503 to every call but one of a thousand; the breaker stays closed, the retry budget alone."""
    calls = itertools.count(1)

    async def mostly(call: Call) -> None:
        await (refuse if next(calls) % ANSWERED else answer)(call)

    with stage(mostly, answer, more=NO_BREAKER) as (here, near, _):
        answers = asyncio.run(arrivals([here.caller()], rate, seconds))
    requests = len(answers)
    span = near.calls[-1][0] - near.calls[0][0]
    most = (1 + SHARE) * requests + FLOOR * span
    times: dict[int, list[float]] = defaultdict(list)
    for at, number in near.calls:
        times[number].append(at)
    waits = sorted(b - a for at in times.values() for a, b in pairwise(at))
    early = sum(wait < RETRY_AFTER * 0.999 for wait in waits)
    late = sum(wait > RETRY_AFTER * (1 + TOLERANCE) for wait in waits)
    good = len(served(answers))
    return Outcome(
        f"503 for {seconds:g} s at {rate} requests a second",
        len(near.calls) <= most and good == requests and bool(waits) and not early,
        f"{len(near.calls):,} calls for {requests:,} requests in {span:.1f} s (at most "
        f"{most:,.0f}), {good:,} answered all the same; Retry-After of 1 s: waited "
        f"{waits[0] if waits else 0:.3f} to {waits[-1] if waits else 0:.3f} s "
        f"({late} later than {RETRY_AFTER * (1 + TOLERANCE):g} s); {lateness(answers)}",
        late <= len(waits) // 100,
    )


async def _reset(call: Call) -> None:
    call.reset()


def gone(rate: int, seconds: float) -> Outcome:
    """The cheap tier's provider is gone for so long, then the premium tier's."""
    with stage(answer, answer) as (here, near, far):
        caller = here.caller()
        asyncio.run(arrivals([caller], rate, 1.0))
        began, during = _without(near, caller, rate, seconds)
        back = time.monotonic()
        near.script = answer
        after = asyncio.run(arrivals([caller], rate, CLOSES + 1.0))
        far.script = _reset
        others = asyncio.run(_beside(caller, rate, min(seconds, 5.0)))
    calls = [at - began for at, _ in near.calls if began <= at < back]
    burst = [at for at in calls if at <= PAUSE * 0.9]
    probes = [at for at in calls if at > PAUSE * 0.9]
    expected = seconds / PAUSE
    share = len(served(during)) / len(during)
    home = [one.at - back for one in served(after, "cheap")]
    held = (
        len(burst) <= FAILURES + rate // 10
        and abs(len(probes) - expected) <= 1.5
        and share >= 0.99
        and bool(home)
        and len(served(others, "cheap")) == len(others)
    )
    return Outcome(
        f"a provider gone for {seconds:g} s at {rate} requests a second",
        held,
        f"{len(burst)} calls until it was left alone, after {burst[-1] if burst else 0:.2f} s; "
        f"{share:.1%} of {len(during):,} answered by the other tier; {len(probes)} probes; called "
        f"again {home[0] if home else float('inf'):.1f} s after its return; premium's provider "
        f"gone: {len(served(others, 'cheap')):,} of {len(others):,} answered by cheap",
        bool(home) and home[0] <= CLOSES and bool(burst) and burst[-1] <= 5.0,
    )


def _without(
    near: Upstream, caller: Caller, rate: int, seconds: float
) -> tuple[float, list[Answer]]:
    near.script = _reset
    began = time.monotonic()
    return began, asyncio.run(arrivals([caller], rate, seconds))


async def _beside(caller: Caller, rate: int, seconds: float) -> list[Answer]:
    """Half of the callers insist on the tier that is gone; what the others got."""
    _, others = await asyncio.gather(
        arrivals([caller], rate / 2, seconds, model="premium"),
        arrivals([caller], rate / 2, seconds, first=1_000_000),
    )
    return others
