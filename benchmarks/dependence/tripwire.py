"""The tripwire's interval over a year: how far below the break-even a rate has to be for quiet."""

from __future__ import annotations

import numpy as np

from benchmarks.dependence.traffic import KINDS, Kind, hits, level, traffic
from headgate.monitor.blocked import over_time, share
from headgate.stats.blocks import Block
from headgate.stats.intervals import wilson

__all__ = ["highest", "main"]

RATE, WINDOW, YEAR = 0.2, 30, 365
ROOMS = (0.02, 0.05, 0.1, 0.15)


def highest(kind: Kind, at: float, draw: np.random.Generator, days: int = YEAR) -> float:
    """The highest upper end of the rate's interval, looked at every second day over thirty."""
    requests = traffic(kind, WINDOW + days, draw, 300)
    hours = 24 * (WINDOW + days)
    hour, hit = requests.hour, hits(requests, at, draw)
    served, escalated = (np.bincount(of, minlength=hours)[:hours] for of in (hour, hour[hit]))
    top = 0.0
    for day in range(WINDOW, WINDOW + days + 1, 2):
        window = slice((day - WINDOW) * 24, day * 24)
        counts = zip(escalated[window].tolist(), served[window].tolist(), strict=True)
        hourly = [(at, Block(float(x), float(y))) for at, (x, y) in enumerate(counts) if y]
        alone = wilson(int(escalated[window].sum()), int(served[window].sum()))
        top = max(top, share(over_time(alone, hourly).interval or alone).high)
    return top


def main(times: int) -> None:
    """Simulate so many years a case."""
    print(f"Years with an alarm, {RATE:.0%} escalating and the break-even so far above:")
    for kind in KINDS:
        at = level(kind, RATE)
        tops = np.array([highest(kind, at, np.random.default_rng(n)) for n in range(times)])
        told = "  ".join(f"{room:.0%}: {(tops >= RATE + room).mean():.0%}" for room in ROOMS)
        print(f"{kind.name:<23}{told}", flush=True)
