"""`python -m benchmarks.routing.grouped [DEPLOYMENTS]`: certificates over conversations."""

from __future__ import annotations

from functools import lru_cache
from itertools import product

import click
import numpy as np

from benchmarks.intervals.grouped import SIZES
from headgate.analysis.certify import Calibrating, Goal, choose

__all__ = ["drawn", "kept"]

GRID = [step / 100 for step in range(102)]
LENGTHS = ("five each", "five on average", "a few very long")
CONVERSATIONS = (100, 300, 1_000)
ALIKE = (0.0, 0.3, 1.0)
FLOORS = (0.9, 0.97)
RISK = 0.05
MANY = 100_000
"""Conversations that tell the true quality of a threshold."""


def drawn(draw: np.random.Generator, length: str, count: int, alike: float) -> Calibrating:
    """Conversations with one score each, P(premium right and cheap wrong), rows in random order.

    `alike`: the correlation of what becomes of two rows, given their score.
    """
    group = np.repeat(np.arange(count), SIZES[length](draw, count))
    draw.shuffle(group)
    size = len(group)
    score = draw.beta(0.6, 2.0, count)[group]
    common = draw.random(size) < np.sqrt(alike)
    fate = np.where(common, draw.random(count)[group], draw.random(size))
    up = fate < score
    only_cheap = ~up & (fate > 0.95)
    both = ~up & ~only_cheap & (draw.random(size) < 0.9)
    cheap, premium = (only_cheap | both).astype(float), (up | both).astype(float)
    return Calibrating(score, cheap, premium, group=group)


def kept(table: Calibrating, threshold: float | None) -> float:
    """The share of premium's quality that a threshold keeps on these rows."""
    taken = table.score >= (threshold or 0.0)
    return float(np.where(taken, table.premium, table.cheap).sum() / table.premium.sum())


@lru_cache(maxsize=1)
def _truth(length: str, alike: float) -> Calibrating:
    return drawn(np.random.default_rng(99), length, MANY, alike)


@click.command()
@click.argument("times", type=click.IntRange(1), default=500)
def main(times: int) -> None:
    """Certify so many deployments a case."""
    print(
        "Floors broken, of which 5 % are allowed: on endless traffic, on as much again; to premium"
    )
    for length, alike, count, floor in product(LENGTHS, ALIKE, CONVERSATIONS, FLOORS):
        told = [f"{length:<18}{count:6,}  alike {alike:3}  floor {floor:.0%}"]
        goal = Goal("quality", floor, RISK)
        found: dict[str, list[tuple[float, ...]]] = {"conversations": [], "row by row": []}
        for number in range(times):
            draw = np.random.default_rng((number, count))
            seen, again = (drawn(draw, length, count, alike) for _ in range(2))
            for name, table in (
                ("conversations", seen),
                ("row by row", Calibrating(seen.score, seen.cheap, seen.premium)),
            ):
                threshold, _ = choose(table, GRID, goal)
                ends = [kept(rows, threshold) < floor for rows in (_truth(length, alike), again)]
                share = float((again.score >= (threshold or 0.0)).mean())
                found[name].append((*ends, share))
        for name, figures in found.items():
            broken, next_broken, share = np.mean(figures, axis=0)
            told.append(f"{name} {broken:.1%} {next_broken:.1%} {share:.1%}")
        print("  ".join(told), flush=True)


if __name__ == "__main__":
    main()
