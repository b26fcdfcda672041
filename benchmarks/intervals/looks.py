"""How often what is told of money is wrong: the month's forecast, and alarms looked at all year.

Run `python -m benchmarks.intervals.looks 400` from the root of the repository.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping

import numpy as np

from headgate.monitor.saving import SURE
from headgate.stats.blocks import Block, over_blocks
from headgate.stats.forecast import forecast
from headgate.stats.intervals import wilson

WINDOW, YEAR = 30, 365
Days = Callable[[np.random.Generator, int], np.ndarray]


def _weekly(rng: np.random.Generator, days: int) -> np.ndarray:
    """Weekends cost a fifth."""
    weekday = (np.arange(days) + rng.integers(7)) % 7
    return np.where(weekday < 5, 10.0, 2.0) * rng.lognormal(0, 0.15, days)


def _creeping(rng: np.random.Generator, days: int) -> np.ndarray:
    """Each day begins where the last one ended."""
    return np.maximum(0.0, 10 + np.cumsum(rng.normal(0, 0.5, days)))


KINDS: Mapping[str, Days] = {
    "even": lambda rng, days: rng.normal(10, 2, days),
    "skewed": lambda rng, days: rng.lognormal(0, 0.8, days),
    "weekends": _weekly,
    "creeping": _creeping,
}


def forecasts(times: int) -> None:
    """Print how often the forecast's interval held what came."""
    for name, days_of in KINDS.items():
        for gone in (5, 14, 28):
            for ahead in (3, 15, 27):
                held = 0
                for seed in range(times):
                    days = days_of(np.random.default_rng(seed), gone + ahead)
                    found = forecast(days[:gone].tolist(), ahead)
                    held += found is not None and float(days[gone:].sum()) in found.interval
                print(f"forecast, {name}, {gone} days for {ahead}: {held / times:.1%}", flush=True)


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
    forecasts(many)
