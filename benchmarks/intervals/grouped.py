"""`python -m benchmarks.intervals.grouped [SAMPLES]`: 95 % intervals over conversations."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import click
import numpy as np

from headgate.stats.grouped import Groups, independent
from headgate.stats.intervals import clopper_pearson

__all__ = ["SIZES", "Case", "cases"]

SIZES: dict[str, Callable[[np.random.Generator, int], np.ndarray]] = {
    "copies, two each": lambda _, n: np.full(n, 2),
    "five each": lambda _, n: np.full(n, 5),
    "five on average": lambda draw, n: draw.geometric(1 / 5, n),
    "twenty on average": lambda draw, n: draw.geometric(1 / 20, n),
    "a few very long": lambda draw, n: np.minimum(200, 1 + draw.pareto(1.5, n)).astype(int),
}
CONVERSATIONS = (10, 40, 150, 500)
SHARES = (0.01, 0.1, 0.3, 0.99)
ALIKE = (0.0, 0.05, 0.3, 1.0)
"""Correlation of two rows of one conversation."""


class Case(NamedTuple):
    """How often intervals held the share, ours and that of rows taken for independent ones."""

    sizes: str
    conversations: int
    share: float
    alike: float
    held: float
    as_if_alone: float


def cases(samples: int, seed: int = 0) -> Iterator[Case]:
    """Over all sizes, numbers, shares and likenesses."""
    draw = np.random.default_rng(seed)
    for name, size in SIZES.items():
        for count in CONVERSATIONS:
            for share in SHARES:
                for alike in ALIKE:
                    held = alone = 0
                    for _ in range(samples):
                        rows = size(draw, count)
                        hits = draw.binomial(rows, _chances(draw, count, share, alike))
                        seen = Groups.of(zip(rows.tolist(), hits.tolist(), strict=True))
                        n = independent(seen)
                        held += share in clopper_pearson(seen.hits / seen.rows * n, n)
                        alone += share in clopper_pearson(seen.hits, seen.rows)
                    yield Case(name, count, share, alike, held / samples, alone / samples)


def _chances(draw: np.random.Generator, count: int, share: float, alike: float) -> np.ndarray:
    """Each conversation's chance of a hit: beta, so that two of its rows correlate by `alike`."""
    if alike == 0:
        return np.full(count, share)
    if alike == 1:
        return (draw.random(count) < share).astype(float)
    weight = (1 - alike) / alike
    return draw.beta(share * weight, (1 - share) * weight, count)


@click.command()
@click.argument("samples", type=click.IntRange(1), default=1_000)
def main(samples: int) -> None:
    """Draw so many samples a case."""
    print("conversations     number  share  alike    held  as if independent")
    found = []
    for case in cases(samples):
        found.append(case)
        print(
            f"{case.sizes:<18}{case.conversations:6}  {case.share:5}  {case.alike:5}  "
            f"{case.held:6.1%}  {case.as_if_alone:6.1%}",
            flush=True,
        )
    for what in ("held", "as_if_alone"):
        shares = [getattr(case, what) for case in found]
        below = sum(share < 0.945 for share in shares)
        print(f"{what}: at worst {min(shares):.1%}, below 94.5 % in {below} of {len(shares)}")


if __name__ == "__main__":
    main()
