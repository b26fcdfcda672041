"""`python -m benchmarks.drift`: years with a bin at the bound, and requests until a shift."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Sequence

import click
import numpy as np

from headgate.ledger.store import Outcome
from headgate.monitor.drift import FALSE_STALE, FALSE_STALE_HOURS, HOUR_US, DriftWatch
from headgate.routing.reference import Reference
from headgate.stats.intervals import clopper_pearson

ROUTER = "r"
ROWS = 1_000
FACTOR = 1.5
BINS = 10
EDGE = np.array([0.1 * FACTOR] + [(1 - 0.1 * FACTOR) / (BINS - 1)] * (BINS - 1))
"""Traffic at the very bound: one tenth of the scores has become `FACTOR` times as common."""
SHIFTS = {
    "one bin from 10 to 25 %": [0.25] + [0.75 / 9] * 9,
    "one bin from 10 to 30 %": [0.3] + [0.7 / 9] * 9,
    "half the bins twice as common": [0.16] * 5 + [0.04] * 5,
}


def outcome(number: int, hour: int, score: float) -> Outcome:
    """One request that the router has scored."""
    at = hour * HOUR_US
    return Outcome(
        *(number, at, "/", "auto", "router", "a/m", "c", False),
        policy="auto",
        router=ROUTER,
        score=score,
    )


def year(dice: random.Random, hours: int, an_hour: float, shares: Sequence[float]) -> int | None:
    """Simulate hours of traffic; return the hour at which the certificate was stale, if it was.

    Scores stand for their bin only; requests come at random, `an_hour` on average.
    """
    generator = np.random.default_rng(dice.getrandbits(64))
    reference = Reference.of([dice.random() for _ in range(ROWS)])
    watch = DriftWatch(ROUTER, reference, FACTOR)
    number = 0
    for hour in range(hours):
        for score in _scores(generator, int(generator.poisson(an_hour)), shares):
            number += 1
            watch.fold([outcome(number, hour, score)])
        if hour % 24 == 23:
            found = watch.assess((hour + 1) * HOUR_US)
            if found.stale_us is not None:
                return int(found.stale_us // HOUR_US)
    return None


def _scores(generator: np.random.Generator, count: int, shares: Sequence[float]) -> Sequence[float]:
    bins = generator.choice(BINS, size=count, p=shares)
    return list((bins + generator.random(count)) / BINS)


@click.command()
@click.option("--years", type=int, default=100, show_default=True, help="How many years.")
@click.option("--shifts", type=int, default=50, show_default=True, help="Runs of each shift.")
@click.option("--an-hour", type=float, default=20.0, show_default=True, help="Requests an hour.")
@click.option("--seed", type=int, default=1, show_default=True)
def main(years: int, shifts: int, an_hour: float, seed: int) -> None:
    """Print the table of docs/watch.md."""
    dice = random.Random(seed)
    stale = sum(
        year(dice, FALSE_STALE_HOURS, an_hour, EDGE.tolist()) is not None for _ in range(years)
    )
    interval = clopper_pearson(stale, years)
    click.echo(
        f"years with one bin at the bound called stale: {stale} of {years}, {stale / years:.1%} "
        f"(95 %: {interval.low:.1%} to {interval.high:.1%}); promised at most {FALSE_STALE:.0%}"
    )
    for name, shares in SHIFTS.items():
        found = [year(dice, 2000, an_hour, shares) or 10**9 for _ in range(shifts)]
        median = statistics.median(found) * an_hour
        click.echo(f"{name}: stale after a median of {median:,.0f} requests")
    click.echo(f"an update: {_update_us(dice):.1f} µs a request")


def _update_us(dice: random.Random) -> float:
    watch = DriftWatch(ROUTER, Reference.of([dice.random() for _ in range(ROWS)]), FACTOR)
    rows = [outcome(number, number // 100, dice.random()) for number in range(1, 100_001)]
    began = time.perf_counter()
    watch.fold(rows)
    return (time.perf_counter() - began) * 10


if __name__ == "__main__":
    main()
