"""`python -m benchmarks.soak`: a million requests through one gateway; its memory and open files.

Everything is on: a learned router, a key with a budget, the ledger. The load harness is the one of
`benchmarks.gateway`, which must have run once in the same place. Memory is looked at after every
round, of the process that serves and of its sidecar; the slope is that of the later half, when
pools and caches are full. Exit code 1: the memory of either rises by more than a bound for each
request, open files rise, or a request failed.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TextIO

from benchmarks.gateway.running import Running, gateway, load

__all__ = ["BOUND", "Look", "Verdict", "main", "rounds", "verdict"]

BOUND = 10.0
"""Bytes for each request, a megabyte for 100,000. A leak of the smallest object that a request
makes is five times more, caches that still fill are less."""


class Look(NamedTuple):
    """The gateway after so many requests; memory in bytes, files of all its processes."""

    requests: int
    memory: int
    """Of the process that serves."""
    beside: int
    """Of the processes beside it."""
    files: int


class Verdict(NamedTuple):
    """What rises: memory in bytes for each request, the most files that were open."""

    slope: float
    """Of the process that serves."""
    beside: float
    """Of the processes beside it."""
    files: int
    failed: int
    """Requests."""

    @property
    def held(self) -> bool:
        """Nothing rises beyond its bound, and every request was answered."""
        return max(self.slope, self.beside) <= BOUND and self.files <= 0 and not self.failed


def main() -> int:
    """0 where nothing rises."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.soak", description=__doc__)
    parser.add_argument("--work", default="perf-work", help="where benchmarks.gateway has run")
    parser.add_argument("--requests", type=int, default=1_000_000)
    parser.add_argument("--secs", type=int, default=5, help="seconds of a round")
    options = parser.parse_args()
    work = Path(options.work).resolve()
    with gateway(work, "headgate") as running:
        looks, failed = rounds(work, running, options.requests, options.secs, sys.stdout)
    found = verdict(looks, failed)
    if found is None:
        print("Too few rounds for a slope: ask for more requests, or shorter rounds.")
        return 2
    print(
        f"memory in the later half, bytes for each request (bound {BOUND:g}): {found.slope:+.2f}, "
        f"beside it {found.beside:+.2f}"
    )
    print(
        f"open files, the most in the later half to the earlier: {found.files:+d}; "
        f"requests that failed: {failed}"
    )
    return 0 if found.held else 1


def rounds(
    work: Path, running: Running, wanted: int, secs: int, told_to: TextIO
) -> tuple[list[Look], int]:
    """Rounds of load until so many requests are answered; what was seen, and how many failed."""
    looks, done, failed = [], 0, 0
    while done < wanted:
        told = load(work, secs)
        done += told.requests
        failed += told.failed
        time.sleep(0.2)  # the connections of this round are closed now
        look = _look(running, done)
        looks.append(look)
        said = f"{done:>10,}  {look.memory / 1e6:6.1f} MB + {look.beside / 1e6:.1f} MB"
        print(f"{said}  {look.files} files", file=told_to, flush=True)
    return looks, failed


def _look(running: Running, requests: int) -> Look:
    serving, *beside = running.pids()
    files = sum(len(list(Path(f"/proc/{pid}/fd").iterdir())) for pid in (serving, *beside))
    return Look(requests, _resident(serving), sum(map(_resident, beside)), files)


def _resident(pid: int) -> int:
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    assert found is not None
    return int(found[1]) * 1024


def verdict(looks: list[Look], failed: int) -> Verdict | None:
    """What the looks add up to; None where there were too few of them for a slope."""
    late = looks[len(looks) // 2 :]
    if len(late) < 3:
        return None
    # connections come and go with the load, so the most of each half is what tells
    more = max(x.files for x in late) - max(x.files for x in looks[: len(looks) // 2])
    serving = _slope(late, lambda look: look.memory)
    return Verdict(serving, _slope(late, lambda look: look.beside), more, failed)


def _slope(looks: list[Look], memory: Callable[[Look], int]) -> float:
    return statistics.linear_regression(
        [look.requests for look in looks], [memory(look) for look in looks]
    ).slope


if __name__ == "__main__":
    sys.exit(main())
