"""`python -m benchmarks.detector.quality [STREAMS]`: the quality watch's alarm, on streams."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterator
from itertools import count, islice

import click

from headgate.monitor.quality import ALARM_AT, FALSE_ALARM_COMPARISONS
from headgate.stats.bounded import Grades, MeanEvidence
from headgate.stats.intervals import clopper_pearson

__all__ = ["alarm", "comparisons"]

FLOOR = 0.95
BEFORE = 0.98
QUIET = 1_000
"""Comparisons at `BEFORE` until something happens."""
PREMIUM = (0.75, 0.875, 1.0)
LOSS = 0.5
"""By how much the worse cheap answers are worse."""
A_DAY = 20
"""Comparisons a day: a shadow rate of 2 % of 1,000 requests."""
A_WEEK = 0.01
DROPS = (0.93, 0.9, 0.85)


def comparisons(chance: random.Random, kept: Callable[[int], float]) -> Iterator[Grades]:
    """Grades of both answers, where cheap keeps a share of premium's quality on average."""
    mean = sum(PREMIUM) / len(PREMIUM)
    for number in count():
        premium = chance.choice(PREMIUM)
        worse = chance.random() < (1 - kept(number)) * mean / LOSS
        yield Grades(premium - LOSS * worse, premium)


def alarm(chance: random.Random, kept: Callable[[int], float], most: int) -> int | None:
    """The comparison that raised the alarm; None if none of so many did."""
    evidence = MeanEvidence(FLOOR)
    for number, grades in enumerate(islice(comparisons(chance, kept), most), 1):
        if evidence.add(grades) >= ALARM_AT:
            return number
    return None


def _steady(share: float) -> Callable[[int], float]:
    return lambda _: share


def _after(kept: Callable[[int], float], streams: int) -> str:
    """The median and the ninth decile of comparisons from the change to its alarm."""

    def changed(number: int) -> float:
        return BEFORE if number < QUIET else kept(number - QUIET)

    found = [alarm(random.Random(seed), changed, 100_000) or 100_000 for seed in range(streams)]
    early = sum(number <= QUIET for number in found)
    delays = sorted(number - QUIET for number in found if number > QUIET)
    ninth = delays[int(0.9 * len(delays))]
    return f"median {statistics.median(delays):,.0f}, ninth decile {ninth:,}; {early} before it"


@click.command()
@click.argument("streams", type=click.IntRange(1), default=200)
def main(streams: int) -> None:
    """Run so many streams a case."""
    most = FALSE_ALARM_COMPARISONS
    false = sum(
        alarm(random.Random(seed), _steady(FLOOR), most) is not None for seed in range(streams)
    )
    low, high = clopper_pearson(false, streams)
    print(f"at the floor: {false} of {streams} alarm in {most:,} ({low:.1%} to {high:.1%})")
    for share in DROPS:
        print(f"{BEFORE:.0%} → {share:.0%}: {_after(_steady(share), streams)}")
    by_day = A_WEEK / 7 / A_DAY
    told = _after(lambda number: max(0.0, BEFORE - number * by_day), streams)
    print(f"a point a week, {A_DAY} comparisons a day: {told}")


if __name__ == "__main__":
    main()
