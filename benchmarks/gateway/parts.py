"""`python -m benchmarks.gateway.parts`: what a request costs, and what each feature adds to that.

Processor time of one process without a network: the variants of `benchmarks.gateway`, each with a
gateway of its own, in turn and repeatedly. Rows go to the journal, and stay there until the end: in
a gateway the process beside it stores them.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import statistics
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, closing
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from tests.gateway.one_request import Ask, Caller, Upstream

from benchmarks.gateway.counts import count
from benchmarks.gateway.ours import PEPPER, SECRET, UPSTREAM_KEY, write_configs
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import app_of
from headgate.bootstrap.keys import admission_of, gateway_keys_of
from headgate.bootstrap.ledger import ledger_of
from headgate.bootstrap.metrics import metrics_of
from headgate.gateway.record import Told
from headgate.ledger.tended import hold, let_go
from headgate.ledger.url import journal_directory
from headgate.settings import read

__all__ = ["PARTS", "measured", "table"]

ALL, BARE = "headgate", "headgate without any of them"


class Part(NamedTuple):
    """A feature, and the two variants between which it is the difference."""

    name: str
    on: str
    off: str


PARTS = (
    Part("the learned router", ALL, "headgate without routing"),
    Part("the key", ALL, "headgate without key"),
    Part("the ledger", "headgate without key", "headgate without key and ledger"),
    Part("rules instead of the router", "headgate with rules instead", "headgate without routing"),
)
MEASURED = sorted({variant for part in PARTS for variant in part[1:]} | {BARE})


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway.parts", description=__doc__)
    parser.add_argument("--rounds", type=count, default=9)
    parser.add_argument("--requests", type=count, default=1000, help="of each variant in a round")
    options = parser.parse_args()
    with TemporaryDirectory() as folder:
        found = asyncio.run(measured(Path(folder), options.rounds, options.requests))
    print(table({name: statistics.median(each) for name, each in found.items()}))
    return 0


async def measured(folder: Path, rounds: int, requests: int) -> dict[str, list[float]]:
    """Microseconds a request of each variant, round by round."""
    configs = write_configs(folder)
    found: dict[str, list[float]] = {name: [] for name in MEASURED}
    async with AsyncExitStack() as parts:
        asked = {
            name: await parts.enter_async_context(_gateway(configs[name])) for name in MEASURED
        }
        for ask in asked.values():
            await _many(ask, requests)
        gc.collect()
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)  # as `headgate serve` has it
        for _ in range(rounds):
            for name, ask in asked.items():
                before = time.process_time()
                await _many(ask, requests)
                found[name].append((time.process_time() - before) / requests * 1e6)
    return found


async def _many(ask: Ask, requests: int) -> None:
    for number in range(requests):
        await ask()
        if number % 50 == 0:
            await asyncio.sleep(0)  # what is to be done beside the requests is done now


@asynccontextmanager
async def _gateway(config: Path) -> AsyncIterator[Ask]:
    """A gateway with its ledger, its keys and its metrics; what it yields sends one request."""
    env = {"UPSTREAM_KEY": UPSTREAM_KEY, "PEPPER": PEPPER}
    settings, clock = read(config, env=env), SystemClock()
    async with AsyncExitStack() as parts:
        metrics = parts.enter_context(closing(metrics_of(settings)))
        ledger = parts.enter_context(closing(ledger_of(settings.ledger, env, clock)))
        store = None
        if settings.ledger.url != "memory:":
            store = parts.enter_context(closing(gateway_keys_of(settings, env, ledger)))
        admission = admission_of(settings, env, clock, store=store)
        app = app_of(
            settings,
            env,
            upstream=Upstream(stream=False),
            recorder=Told(ledger, metrics.take, admission.take),
            clock=clock,
            admission=admission,
        )
        await parts.enter_async_context(admission)
        journal = journal_directory(settings.ledger.url)
        if journal is not None:
            held = hold(journal)
            assert held is not None
            parts.callback(let_go, journal, held)
        caller = Caller(stream=False, secret=SECRET if settings.keys.required else None)

        async def ask() -> None:
            caller.got = b""
            await app(caller)

        yield ask


def table(each: Mapping[str, float]) -> str:
    """The cost of everything, of what is left without the features, and of each feature."""
    lines = ["| part | µs |", "|---|---:|", f"| everything on | {each[ALL]:.0f} |"]
    lines += [f"| {part.name} | {each[part.on] - each[part.off]:.0f} |" for part in PARTS]
    return "\n".join([*lines, f"| router, key and ledger off | {each[BARE]:.0f} |"])


if __name__ == "__main__":
    sys.exit(main())
