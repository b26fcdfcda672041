"""`python -m benchmarks.gateway.scaling`: what a second worker adds, one feature set for all.

With the load and the provider on the same two cores as two workers, requests per second cannot
double. What a worker loses to another one is seen in processor time: a request costs more where
they wait for, or invalidate, something shared. So the scaling is N times the processor time of a
request with one worker to that with N, provided the workers share the load evenly (the port is
theirs in common). One worker, two workers, in turn; medians.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.running import Load, gateway, load

LEAST = 0.9
"""Of N times one worker."""


class Measured(NamedTuple):
    """One load; seconds of processor time a request, the idlest worker's share of an even one."""

    rate: float
    each: float
    evenness: float


def main() -> int:
    """0 where the bar is kept and no request failed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gateway.scaling")
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--secs", type=int, default=8, help="seconds of a load")
    options = parser.parse_args()
    work, counts = Path(options.work).resolve(), (1, options.workers)
    seen: dict[int, list[Measured]] = {count: [] for count in counts}
    for _ in range(options.rounds):
        for count in counts:
            measured, failed = _measured(work, count, options.secs)
            if failed:
                print(f"{failed} requests failed with {count} workers.")
                return 1
            seen[count].append(measured)
    print("| workers | requests/s | processor time of a request | least loaded worker |")
    print("|---:|---:|---:|---:|")
    for count, all_of in seen.items():
        rate, each, even = (statistics.median(column) for column in zip(*all_of, strict=True))
        print(f"| {count} | {rate:,.0f} | {each * 1e6:.0f} µs | {even:.0%} of an even share |")
    alone, together = (statistics.median(m.each for m in seen[count]) for count in counts)
    scaling = alone / together
    print(f"\n{options.workers} workers do {scaling:.2f} × {options.workers} (bar {LEAST}).")
    return 0 if scaling >= LEAST else 1


def _measured(work: Path, workers: int, secs: int) -> tuple[Measured, int]:
    with gateway(work, "headgate", "--workers", str(workers)) as running:
        load(work, 2)  # warm
        before, told, after = running.processor(), _loaded(work, secs), running.processor()
    spent = [after[pid] - before[pid] for pid in after]
    serving = sorted(spent)[-workers:]  # a parent that only looks on is not a worker
    even = min(serving) * workers / sum(serving)
    return Measured(told.rate, sum(spent) / told.requests, even), told.failed


def _loaded(work: Path, secs: int) -> Load:
    told = load(work, secs)
    time.sleep(0.5)  # rows of the last requests are stored, and belong to them
    return told


if __name__ == "__main__":
    sys.exit(main())
