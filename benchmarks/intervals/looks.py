"""How often alarms that are looked at all year are false, the truth being exactly at the bound.

Run `python -m benchmarks.intervals.looks 400` from the root of the repository.
"""

from __future__ import annotations

import sys

import numpy as np

from headgate.monitor.saving import SURE
from headgate.stats.blocks import Block, over_blocks
from headgate.stats.intervals import wilson

WINDOW, YEAR = 30, 365


def alarms(times: int, sure: float) -> None:
    """Print in how many years there is a false alarm, the truth being exactly at the bound."""
    losing = retrying = bursting = 0
    for seed in range(times):
        rng = np.random.default_rng(seed)
        baseline = rng.lognormal(0, 0.3, YEAR + WINDOW)
        paid = baseline * (1 + rng.normal(0, 0.1, YEAR + WINDOW))
        attempts = rng.poisson(300, YEAR + WINDOW)
        retries = rng.binomial(attempts, 0.2)
        bad = np.clip(rng.gamma(1.0, 0.2, YEAR + WINDOW), 0, 1)
        bad *= 0.2 / bad.mean()
        bursts = rng.binomial(attempts, np.minimum(bad, 1.0))
        ends = range(WINDOW, YEAR + WINDOW)
        losing += any(
            _loses(paid[at - WINDOW : at], baseline[at - WINDOW : at], sure) for at in ends
        )
        retrying += any(_fails(retries, attempts, at, sure) for at in ends)
        bursting += any(_fails(bursts, attempts, at, sure) for at in ends)
    print(f"years with an alarm at a confidence of {sure:.1%}, the truth exactly at the bound:")
    print(f"saving {losing / times:.1%}, retries {retrying / times:.1%}", end="")
    print(f", retries that come on bad days {bursting / times:.1%}", flush=True)


def _loses(paid: np.ndarray, baseline: np.ndarray, sure: float) -> bool:
    pairs = zip(paid.tolist(), baseline.tolist(), strict=True)
    spent = over_blocks([Block(x, y) for x, y in pairs], sure)
    return spent is not None and spent.low > 1


def _fails(retries: np.ndarray, attempts: np.ndarray, at: int, sure: float) -> bool:
    window = slice(at - WINDOW, at)
    return wilson(int(retries[window].sum()), int(attempts[window].sum()), sure).low > 0.2


if __name__ == "__main__":
    many = int(sys.argv[1]) if len(sys.argv) > 1 else 400
    for confidence in (0.95, SURE):
        alarms(max(1, many // 4), confidence)
