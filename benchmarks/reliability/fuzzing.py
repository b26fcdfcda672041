"""Test 16: damaged requests, streams and settings by the number, on every processor there is."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable
from multiprocessing import Pool
from typing import TypeAlias

from benchmarks.reliability.fuzz import Finding, bodies, jobs, streams
from benchmarks.reliability.fuzz_settings import configs
from benchmarks.reliability.outcome import Outcome

__all__ = ["fuzzing"]

Run: TypeAlias = Callable[[int, int, int], tuple[Counter[str], list[Finding]]]
RUNS: dict[str, tuple[str, Run]] = {
    "body": ("requests", bodies),
    "stream": ("streams and answers, split anywhere", streams),
    "config": ("settings files", configs),
}
SEED = 1


def fuzzing(kind: str, count: int, *, workers: int | None = None) -> Outcome:
    """So many damaged texts of one kind: `body`, `stream` or `config`."""
    began = time.monotonic()
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    todo = list(jobs(kind, count, SEED))
    with Pool(min(workers or os.cpu_count() or 1, len(todo))) as pool:
        for found, bad in pool.imap_unordered(_batch, todo):
            outcomes += found
            findings += bad
    first = f" (the first: number {findings[0].number}, {findings[0].what})" if findings else ""
    became = ", ".join(f"{times:,} {outcome}" for outcome, times in outcomes.most_common(3))
    return Outcome(
        f"{count:,} damaged {RUNS[kind][0]}",
        not findings and outcomes.total() == count,
        f"{len(findings)} findings{first}; {became}; {time.monotonic() - began:.0f} s, seed {SEED}",
    )


def _batch(job: tuple[str, int, int, int]) -> tuple[Counter[str], list[Finding]]:
    kind, count, seed, first = job
    return RUNS[kind][1](count, seed, first)
