"""How often a certificate's floor is broken, by how long the sample's traffic was."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from benchmarks.dependence.traffic import KINDS, Kind, Requests, strained, traffic
from headgate.analysis.certify import Calibrating, Goal, choose

__all__ = ["graded", "kept", "main"]

GRID = [step / 50 for step in range(52)]
DAYS = (1, 3, 6, 14, 30)
FLOOR, RISK, ROWS, A_DAY = 0.9, 0.05, 5_000, 1_000
LONG = 1_500
"""Days that tell the true quality of a threshold."""


def graded(requests: Requests, draw: np.random.Generator) -> Calibrating:
    """Requests with both grades: strained ones are those that cheap fails and premium does not."""
    score = draw.beta(0.6, 4.0, len(requests))
    fate = draw.random(len(requests))
    up = fate < strained(score, requests)
    only_cheap = ~up & (fate > 0.97)
    both = ~up & ~only_cheap & (draw.random(len(requests)) < 0.9)
    cheap, premium = (only_cheap | both).astype(float), (up | both).astype(float)
    group = np.unique(requests.talk, return_inverse=True)[1]
    alone = len(group) == group.max(initial=-1) + 1
    return Calibrating(
        score, cheap, premium, group=None if alone else group, time=requests.hour * 3600.0
    )


def kept(table: Calibrating, threshold: float | None) -> float:
    """The share of premium's quality that a threshold keeps on these rows."""
    taken = table.score >= (threshold or 0.0)
    return float(np.where(taken, table.premium, table.cheap).sum() / table.premium.sum())


def sampled(requests: Requests, draw: np.random.Generator, most: int = ROWS) -> Requests:
    """A random part, in random order."""
    order = draw.permutation(len(requests))[:most]
    return requests.only(order)


@lru_cache(maxsize=1)
def _truth(kind: Kind) -> Calibrating:
    draw = np.random.default_rng(99)
    return graded(traffic(kind, LONG, draw, A_DAY), draw)


def main(times: int) -> None:
    """Certify so many deployments a case, with the times of the rows and without."""
    print(f"Floor {FLOOR:.0%}, risk {RISK:.0%}: broken in the long run, on as many days again,")
    print("and what goes to premium; over days, or hours, and without the rows' times")
    goal = Goal("quality", FLOOR, RISK)
    for kind in (KINDS[0], KINDS[1], *KINDS[3:]):
        for days in DAYS:
            found: dict[str, list[tuple[float, ...]]] = {"days": [], "rows": []}
            for number in range(times):
                draw = np.random.default_rng((number, days))
                both = traffic(kind, 2 * days, draw, A_DAY, begins=number % 7)
                parts = [both.only(both.day < days), both.only(both.day >= days)]
                seen, again = (graded(sampled(part, draw), draw) for part in parts)
                bare = Calibrating(seen.score, seen.cheap, seen.premium, group=seen.group)
                for name, table in (("days", seen), ("rows", bare)):
                    at, _ = choose(table, GRID, goal)
                    share = float((again.score >= (at or 0.0)).mean())
                    broken = (kept(rows, at) < FLOOR for rows in (_truth(kind), again))
                    found[name].append((*broken, share))
            told = (np.mean(figures, axis=0) for figures in found.values())
            cells = ("  ".join(f"{x:6.1%}" for x in figures) for figures in told)
            print(f"{kind.name:<23}{days:3} days  " + "   |  ".join(cells), flush=True)
