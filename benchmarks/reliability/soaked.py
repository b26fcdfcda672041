"""Test 12: a million requests through one gateway; its memory and its open files."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.gateway.running import gateway
from benchmarks.reliability.outcome import Missing, Outcome
from benchmarks.soak.__main__ import BOUND, rounds, verdict

__all__ = ["soak"]


def soak(work: Path, requests: int, *, seconds: int, judged: bool = True) -> Outcome:
    """As `python -m benchmarks.soak`, in rounds of so many seconds.

    Where memory and files are not `judged`, as in a run so short that pools and caches still fill,
    it is enough that every request was answered.

    Raises:
        Missing: the load harness is not in `work`.
    """
    work = work.resolve()
    if not (work / "bin" / "mock").exists():
        raise Missing(
            f"soak: no load harness in {work}; run `python -m benchmarks.gateway`, or name the "
            "place with --work"
        )
    with gateway(work, "headgate") as running:
        looks, failed = rounds(work, running, requests, seconds, sys.stderr)
    found = verdict(looks, failed)
    done = looks[-1].requests if looks else 0
    if found is None:
        return Outcome(f"{done:,} requests", False, "too few rounds for a slope")
    return Outcome(
        f"{done:,} requests through one gateway",
        found.held if judged else not found.failed,
        f"{'' if judged else 'too short to judge: '}memory rises by {found.slope:+.2f} bytes a "
        f"request, beside it {found.beside:+.2f} (bound {BOUND:g}); open files {found.files:+d}; "
        f"{found.failed} failed",
    )
