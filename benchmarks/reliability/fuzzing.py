"""Test 16: damaged requests, streams and settings by the number, on every processor there is."""

from __future__ import annotations

import os
import time
from collections import Counter
from multiprocessing import Pool

from benchmarks.reliability.fuzz import Finding, batch, jobs
from benchmarks.reliability.outcome import Outcome

__all__ = ["fuzzing"]

TEXTS = {
    "body": "requests",
    "stream": "streams and answers, split anywhere",
    "config": "settings files",
}
SEED = 1


def fuzzing(kind: str, count: int, *, workers: int | None = None) -> Outcome:
    """So many damaged texts of one kind: `body`, `stream` or `config`."""
    began = time.monotonic()
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    todo = list(jobs(kind, count, SEED))
    with Pool(min(workers or os.cpu_count() or 1, len(todo))) as pool:
        for _, found, bad in pool.imap_unordered(batch, todo):
            outcomes += found
            findings += bad
    first = f" (the first: {findings[0].again}, {findings[0].what})" if findings else ""
    became = ", ".join(f"{times:,} {outcome}" for outcome, times in outcomes.most_common(3))
    return Outcome(
        f"{count:,} damaged {TEXTS[kind]}",
        not findings and outcomes.total() == count,
        f"{len(findings)} findings{first}; {became}; {time.monotonic() - began:.0f} s, seed {SEED}",
    )
