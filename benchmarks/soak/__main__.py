"""`python -m benchmarks.soak`: a million requests through one gateway; its memory and open files.

Everything is on: a learned router, a key with a budget, the ledger. The load harness is the one of
`benchmarks.gateway`, which must have run once in the same place. Memory is looked at after every
round; the slope is that of the later half, when pools and caches are full. Exit code 1: memory
rises by more than a bound for each request, open files rise, or a request failed.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from pathlib import Path
from typing import NamedTuple

from benchmarks.gateway.running import gateway, load

BOUND = 10.0
"""Bytes for each request, a megabyte for 100,000. A leak of the smallest object that a request
makes is five times more, caches that still fill are less."""


class Look(NamedTuple):
    """The gateway after so many requests; memory in bytes."""

    requests: int
    memory: int
    files: int


def main() -> int:
    """0 where nothing rises."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--secs", type=int, default=5, help="seconds of a round")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    with gateway(work, "headgate") as running:
        looks, failed = _rounds(work, running.pid, options.requests, options.secs)
    return _verdict(looks, failed)


def _rounds(work: Path, pid: int, wanted: int, secs: int) -> tuple[list[Look], int]:
    """Rounds of load until so many requests are answered; what was seen, and how many failed."""
    looks, done, failed = [], 0, 0
    while done < wanted:
        told = load(work, secs)
        done += told.requests
        failed += told.failed
        time.sleep(0.2)  # the connections of this round are closed now
        looks.append(_look(pid, done))
        print(f"{done:>10,}  {looks[-1].memory / 1e6:6.1f} MB  {looks[-1].files} files", flush=True)
    return looks, failed


def _look(pid: int, requests: int) -> Look:
    status = Path(f"/proc/{pid}/status").read_text()
    resident = re.search(r"VmRSS:\s+(\d+)", status)
    assert resident is not None
    return Look(requests, int(resident[1]) * 1024, len(list(Path(f"/proc/{pid}/fd").iterdir())))


def _verdict(looks: list[Look], failed: int) -> int:
    late = looks[len(looks) // 2 :]
    if len(late) < 3:
        print("Too few rounds for a slope: ask for more requests, or shorter rounds.")
        return 2
    slope = statistics.linear_regression([x.requests for x in late], [x.memory for x in late]).slope
    # connections come and go with the load, so the most of each half is what tells
    more = max(x.files for x in late) - max(x.files for x in looks[: len(looks) // 2])
    print(f"memory in the later half: {slope:+.2f} bytes for each request (bound {BOUND:g})")
    print(
        f"open files, the most in the later half to the earlier: {more:+d}; "
        f"requests that failed: {failed}"
    )
    return 0 if slope <= BOUND and more <= 0 and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
