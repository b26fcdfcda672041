"""Test 11: many callers of several replicas share one small budget, until it is spent."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter

from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.place import ENVIRONMENT, PATHS, Caller, Place, body_of, place
from headgate.testing.processes import Child

__all__ = ["budget"]

BUDGET = 1.0
WORST = 0.02
"""Dollars that one request may cost here, on the dearest tier and as long as it may be; where less
is left of a budget, it is spent."""
AT_ONCE = 250
"""Connections of the callers; the rest of them wait for one."""
PATIENCE = 120.0
LONG = 60.0
"""A Retry-After beyond it is until the period turns: the budget is spent."""
KNOWN = 2.5
"""Seconds until every replica knows a new key."""
SETTINGS = '\n[keys]\npepper_env = "PEPPER"\n'
APIS = tuple(PATHS)
WORDS = 400
MOST = 1000
"""Tokens that an answer may have: what is set aside for it is the price of so many."""


def budget(calls: int, *, replicas: int = 4, ledger: str = "", dollars: float = BUDGET) -> Outcome:
    """So many calls at once, each repeated as it is told until it is answered or all is spent."""
    os.environ.setdefault("PEPPER", "p" * 40)
    kind = "PostgreSQL" if ledger else "SQLite"
    with place("--first", "0.05", ledger=ledger, more=SETTINGS) as here:
        key = _key(here, dollars)
        gateways = [here.gateway, *(here.replica(f"replica-{n}") for n in range(1, replicas))]
        time.sleep(KNOWN)
        said, refusals, took = asyncio.run(_spend(here, gateways, key, calls))
        for gateway in gateways:
            gateway.stop()
        rows = [row for row in here.settled(said[200]) if row.key]
    spent = sum(row.cost_nano or 0 for row in rows) / 1e9
    dearest = max((row.cost_nano or 0 for row in rows), default=0) / 1e9
    in_flight = min(AT_ONCE, said[200])
    over = max(0.0, spent - dollars)
    enough = refusals["exhausted"] > 0 == refusals["other"]
    return Outcome(
        f"${dollars:.2f}, {replicas} replicas, {calls:,} calls at once, {kind}",
        over <= dearest * in_flight and enough and spent >= dollars - WORST and said[0] == 0,
        f"${spent:.4f} spent by {said[200]:,} answers, ${over:.4f} too much; "
        f"{refusals['reserved']:,} times told to wait, {refusals['exhausted']:,} told "
        f"that it is spent; {took:.0f} s",
    )


def _key(here: Place, dollars: float) -> str:
    made = subprocess.run(
        [
            *(sys.executable, "-m", "headgate", "keys", "create", "small", "--json"),
            *("--budget", f"{dollars}/day", "--config", str(here.file)),
        ],
        check=True,
        capture_output=True,
        env={**os.environ, **ENVIRONMENT},
    )
    return str(json.loads(made.stdout)["secret"])


async def _spend(
    here: Place, gateways: list[Child], key: str, calls: int
) -> tuple[Counter[int], Counter[str], float]:
    callers = [here.caller(gateway, key) for gateway in gateways]
    said: Counter[int] = Counter()
    refusals: Counter[str] = Counter()
    gate = asyncio.Semaphore(AT_ONCE)
    began = time.monotonic()

    async def one(number: int) -> None:
        api = APIS[number % 3]
        text = f"{number} " + "word " * WORDS
        body = body_of(api, "auto", text, stream=number % 2 == 0)
        body["max_output_tokens" if api == "responses" else "max_tokens"] = MOST
        while True:
            async with gate:
                status, code, wait = await _ask(callers[number % len(callers)], api, body)
            if status == 200 or code == "exhausted" or time.monotonic() > began + PATIENCE:
                break
            refusals[code] += 1
            await asyncio.sleep(wait)
        said[status] += 1
        refusals[code] += bool(code)

    await asyncio.gather(*(one(number) for number in range(calls)))
    return said, refusals, time.monotonic() - began


async def _ask(caller: Caller, api: str, body: dict[str, object]) -> tuple[int, str, float]:
    try:
        status, headers, _ = await caller.ask(api, body)
    except (OSError, EOFError):
        return 0, "", 1.0
    if status == 200:
        return 200, "", 0.0
    wait = float(headers.get("retry-after", "1"))
    if status != 429:
        return status, "other", wait
    return status, "exhausted" if wait > LONG else "reserved", wait
