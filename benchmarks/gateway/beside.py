"""`python -m benchmarks.gateway.beside`: all gateways up at once, loaded for two seconds in turn.

Where a machine's speed changes from minute to minute, `benchmarks.gateway` compares one gateway's
good minute with another's bad one. Here each round is a few seconds long, a ratio is formed within
it, and the table has the medians over the rounds. What ours stores after a load is waited for, so
that it falls into nobody else's, and counted with the processor time of the request it belongs to.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple, TypedDict

from benchmarks.gateway.ours import PEPPER, UPSTREAM_KEY, write_configs
from benchmarks.gateway.running import Load, Running, fill, need_harness, provider, wait

PEERS = ("nginx-proxy", "litellm-1w", "portkey")
FIRST_PORT = 8010
WARM_SECS = 2
QUIET_SECS, QUIET_SHARE = 0.25, 0.05
"""A gateway is at rest when it takes less than such a share of a processor for so long."""
MOST_WAIT_SECS = 30


class Target(TypedDict):
    """The harness's own form, as far as it is used here."""

    name: str
    cmd: list[str]
    env: dict[str, str]
    port: int
    body: str
    hdrs: str


class Stack(NamedTuple):
    """A gateway that is up; how it is asked."""

    name: str
    running: Running
    port: int
    body: Path
    headers: str


class Measured(NamedTuple):
    """One load; microseconds of processor time a request, what is stored after it included."""

    rate: float
    each: float


def main() -> int:
    """0 where no request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway.beside")
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--ours", default="headgate", help="comma-separated variants")
    parser.add_argument("--other", help="src of another checkout, measured too, as `... (other)`")
    parser.add_argument("--peers", default=",".join(PEERS), help="comma-separated; '' none")
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--raw", help="write all that was measured to this file, as JSON")
    parser.add_argument("--secs", type=int, default=2, help="seconds of a load")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    need_harness(work)
    targets = _targets(work)
    wanted = [(name, "") for name in options.ours.split(",")]
    if options.other:
        wanted += [(name, options.other) for name, _ in wanted]
    wanted += [(name, "") for name in options.peers.split(",") if name]
    os.sched_setaffinity(0, {1})  # the provider and the load, which are started from here
    seen: dict[str, list[Measured]] = {}
    with ExitStack() as up:
        up.enter_context(provider(work))
        stacks = [
            up.enter_context(_stack(work, targets[name], FIRST_PORT + 2 * place, other))
            for place, (name, other) in enumerate(wanted)
        ]
        for number in range(-1, options.rounds):
            for stack in stacks:
                secs = options.secs if number >= 0 else WARM_SECS
                told, each = _load(work, stack, secs, options.connections)
                if told.failed:
                    print(f"{told.failed} requests failed with {stack.name}.")
                    return 1
                if not told.requests:
                    print(f"{stack.name} answered nothing within {secs} s; give --secs more.")
                    return 1
                if number >= 0:
                    seen.setdefault(stack.name, []).append(Measured(told.rate, each))
            print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
    bases = [name for name in seen if name in options.peers.split(",")]
    if options.raw:
        Path(options.raw).write_text(json.dumps(seen))
    print(table(seen, bases))
    return 0


def table(seen: Mapping[str, list[Measured]], bases: list[str]) -> str:
    """Medians, and the median of each round's ratio to each base, with the quarters around it."""
    heads = ["stack", "requests/s", "processor time of a request", *(f"× {base}" for base in bases)]
    lines = ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1)]
    for name, rounds in seen.items():
        rate, each = (statistics.median(column) for column in zip(*rounds, strict=True))
        cells = [name, f"{rate:,.0f}", f"{each:,.0f} µs"]
        for base in bases:
            ratios = [one.rate / other.rate for one, other in zip(rounds, seen[base], strict=True)]
            low, middle, high = statistics.quantiles(ratios, n=4)
            cells.append(f"{middle:.3g} ({low:.3g} to {high:.3g})")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _targets(work: Path) -> dict[str, Target]:
    """All targets of the harness, ours among them."""
    sys.path.insert(0, str(work / "harness"))
    found = importlib.import_module("targets").targets(str(work))
    return {target["name"]: target for target in found}


@contextmanager
def _stack(work: Path, target: Target, port: int, other: str) -> Iterator[Stack]:
    """Start it on a port of its own; nginx keeps the one of its configuration."""
    command, env, name = list(target["cmd"]), os.environ | target["env"], target["name"]
    if name in PEERS:
        port = target["port"] if name == "nginx-proxy" else port
        command = [re.sub(r"\b8000\b", str(port), word) for word in command]
    else:
        config = write_configs(work / ("headgate-other" if other else "headgate"))[name]
        text = config.read_text().replace(":8000", f":{port}").replace(":8090", f":{port + 1}")
        mine = config.with_name(f"{config.stem}-beside.toml")
        mine.write_text(text)
        command = [str(Path(sys.executable).with_name("headgate")), "serve", "-c", str(mine)]
        env |= {"UPSTREAM_KEY": UPSTREAM_KEY, "PEPPER": PEPPER}
        if other:
            env["PYTHONPATH"], name = other, f"{name} (other)"
    quiet = subprocess.DEVNULL
    with subprocess.Popen(
        ["taskset", "-c", "0", *command], env=env, cwd=work, stdout=quiet, stderr=quiet
    ) as served:
        try:
            wait(served, port, seconds=60)
            running = Running(served.pid)
            yield Stack(name, running, port, work / "bodies" / target["body"], target["hdrs"])
        finally:
            served.terminate()


def _load(work: Path, stack: Stack, secs: int, connections: int) -> tuple[Load, float]:
    """One load, once nothing is left to be done of the one before."""
    _rest(stack.running)
    before = sum(stack.running.processor().values())
    body = stack.body.with_suffix(".json")
    told = fill(work, stack.port, body, stack.headers, secs, connections)
    _rest(stack.running)
    spent = sum(stack.running.processor().values()) - before
    return told, spent / max(1, told.requests) * 1e6


def _rest(running: Running) -> None:
    until = time.monotonic() + MOST_WAIT_SECS
    while time.monotonic() < until:
        before = sum(running.processor().values())
        time.sleep(QUIET_SECS)
        if sum(running.processor().values()) - before < QUIET_SECS * QUIET_SHARE:
            return


if __name__ == "__main__":
    sys.exit(main())
