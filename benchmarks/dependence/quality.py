"""The quality watch over a year: its interval at every look, its alarm at the floor."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from benchmarks.dependence.traffic import KINDS, Kind, hits, level, traffic
from headgate.monitor.quality import ALARM_AT, Comparison, QualityWatch
from headgate.stats.bounded import Grades, MeanEvidence, kept_sequence

__all__ = ["compared", "main"]

KEPT, LOSS = 0.95, 0.5
PREMIUM = np.array((0.75, 0.875, 1.0))
WORSE = (1 - KEPT) * float(PREMIUM.mean()) / LOSS
"""The share of cheap answers that are worse, in the long run, where `KEPT` is kept."""
YEAR, MONTH = 365, 30
LOOKS = (*range(1, 31), *range(37, YEAR, 7))
ROOMS = (0.0, 0.01, 0.02)
"""By how much the floor lies below what is kept."""
DAY_US = 86_400_000_000


def compared(
    kind: Kind, days: int, draw: np.random.Generator, rate: float, at: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The day and both grades of each comparison: a random part of 1,000 requests a day."""
    requests = traffic(kind, days, draw, 1_000)
    requests = requests.only((draw.random(len(requests)) < rate) & (requests.day < days))
    premium = draw.choice(PREMIUM, len(requests))
    return requests.day, premium - LOSS * hits(requests, at, draw), premium


def year(
    kind: Kind, draw: np.random.Generator, rate: float, at: float
) -> tuple[list[bool], list[bool], list[float], list[bool]]:
    """Whether the interval held at all looks from the fifth day on, so over comparisons; widths
    after a month; and whether there was an alarm with each of `ROOMS`."""
    day, cheap, premium = compared(kind, YEAR, draw, rate, at)
    watch, held, alone, widths = QualityWatch(None), True, True, [0.0, 0.0]
    counts: dict[Grades, int] = {}
    begins = np.searchsorted(day, [0, *LOOKS])
    for look, (first, last) in zip(LOOKS, pairwise(begins.tolist()), strict=True):
        for n in range(first, last):
            grades = Grades(float(cheap[n]), float(premium[n]))
            counts[grades] = counts.get(grades, 0) + 1
            watch.fold([_comparison(n, int(day[n]), grades)])
        scope = watch.assess().all
        bare = kept_sequence(counts)
        alone &= bare.low <= KEPT <= bare.high
        held &= scope.low <= KEPT <= scope.high
        if look == MONTH:
            widths = [scope.high - scope.low, bare.high - bare.low]
    alarms = [_alarms(cheap, premium, KEPT - room) for room in ROOMS]
    return [held], [alone], widths, alarms


def _comparison(number: int, day: int, grades: Grades) -> Comparison:
    return Comparison(
        request_id=str(number),
        at_us=day * DAY_US,
        outcome="decided",
        rate=0.02,
        cheap=grades.cheap,
        premium=grades.premium,
    )


def _alarms(cheap: np.ndarray, premium: np.ndarray, floor: float) -> bool:
    evidence = MeanEvidence(floor)
    pairs = zip(cheap.tolist(), premium.tolist(), strict=True)
    return any(evidence.add(Grades(*pair)) >= ALARM_AT for pair in pairs)


def main(times: int) -> None:
    """Watch so many years a case."""
    print("Held at every look of a year, over days and over comparisons; widths after a month;")
    print(
        f"years with an alarm, the floor {', '.join(f'{x:.0%}' for x in ROOMS)} below what is kept"
    )
    for kind in KINDS:
        at = level(kind, WORSE)
        for rate in (0.02, 0.1):
            found = [year(kind, np.random.default_rng(n), rate, at) for n in range(times)]
            held, alone, widths, alarms = (
                np.mean(part, axis=0) for part in zip(*found, strict=True)
            )
            print(
                f"{kind.name:<23}{1000 * rate:4.0f} a day  {held[0]:6.1%} {alone[0]:6.1%}  "
                f"{widths[0]:.3f} {widths[1]:.3f}  " + " ".join(f"{x:6.1%}" for x in alarms),
                flush=True,
            )
