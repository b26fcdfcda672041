"""A share over rows that come in groups, such as conversations: how many independent rows they are.

Rows of one group are alike, so that they tell less than as many drawn one by one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from statistics import NormalDist
from typing import NamedTuple

from headgate.stats.intervals import student_quantile

__all__ = ["Groups", "design_effect", "independent"]

PRUDENCE = 0.5
"""Groups' worth of doubt: the fewer groups have a hit, the less is known of how alike their rows
are, and the more of them are taken for quite alike (`benchmarks.intervals.grouped`)."""

FEWEST = 4
"""Groups with a hit below which Student's quantile is no wider: of two it would leave nothing."""


class Groups(NamedTuple):
    """What is left of groups of rows once they are counted: all that `independent` needs."""

    groups: int = 0
    rows: int = 0
    hits: int = 0
    rows_squared: int = 0
    hits_squared: int = 0
    rows_hits: int = 0
    hit: int = 0
    """Groups with a hit."""
    missed: int = 0
    """Groups with a row that is none."""
    unlike: float = 0.0
    """Σ hits · misses / rows: 0 where the rows of each group are all alike."""

    @classmethod
    def of(cls, groups: Iterable[tuple[int, int]], *, alone: tuple[int, int] = (0, 0)) -> Groups:
        """The counts of groups, each given by its rows and the hits among them.

        `alone`: rows that are each a group by themselves, and the hits among them.
        """
        rows, hits = alone
        counts = [(rows, rows, hits, rows, hits, hits, hits, rows - hits)]
        unlike = []
        for rows, hits in groups:
            squares = rows**2, hits**2, rows * hits
            counts.append((1, rows, hits, *squares, int(hits > 0), int(hits < rows)))
            unlike.append(hits * (rows - hits) / rows)
        sums = [sum(column) for column in zip(*counts, strict=True)]
        return cls(*sums)._replace(unlike=math.fsum(unlike))


def independent(groups: Groups, confidence: float = 0.95) -> float:
    """How many rows drawn one by one tell as much of the share of hits as these; at most `rows`.

    An exact interval for so many rows with the same share is close to what it states where whole
    groups are drawn at random (Korn & Graubard 1998, "Confidence intervals for proportions with
    small expected number of positive counts estimated from survey data", Survey Methodology 24).
    The rows are divided by the design effect: the linearised variance of the share over that of
    independent rows; and by the square of Student's quantile over the normal one. Three things are
    more careful than there. The design effect is at least that of rows which correlate in each
    group as they do within groups on the whole, 1 + ρ · (Σ rows² / Σ rows − 1) (Kish 1965, "Survey
    Sampling", section 5.4; ρ by analysis of variance): what a few large groups happen to show moves
    the linearised one. It is drawn to that of groups whose rows are all alike, the more so the
    fewer groups have a hit or a miss, for two hard conversations hardly say how alike their
    requests are. And Student's degrees of freedom are those of (Σ rows)² / Σ rows² groups, which
    is their number where they are equal; the larger groups are, the more they are those of the
    groups with a hit or a miss, whichever are fewer, as hard conversations may be longer ones.

    >>> round(independent(Groups.of([(1, 0)] * 80 + [(1, 1)] * 20)))
    100
    >>> round(independent(Groups.of([(10, 0)] * 80 + [(10, 10)] * 20)))
    88
    """
    if groups.groups == groups.rows:
        return float(groups.rows)
    equal = groups.rows**2 / groups.rows_squared
    most = groups.rows / equal
    if not (groups.hit and groups.missed):
        return equal
    share = groups.hits / groups.rows
    squares = groups.hits_squared - 2 * share * groups.rows_hits + share**2 * groups.rows_squared
    spread = groups.rows * share * (1 - share)
    effect = design_effect(
        groups.groups, groups.rows, most, spread=spread, between=squares, within=groups.unlike
    )
    doubt = PRUDENCE / (PRUDENCE + min(groups.hit, groups.missed))
    effect += doubt * max(0.0, most - effect)
    scarce = min(equal, max(FEWEST, min(groups.hit, groups.missed)))
    wider = _wider(equal, confidence) + (1 - 1 / most) * (
        _wider(scarce, confidence) - _wider(equal, confidence)
    )
    return groups.rows / (effect * max(1.0, wider))


def design_effect(
    groups: int, rows: int, most: float, *, spread: float, between: float, within: float
) -> float:
    """By how much the variance of a mean over whole groups is that of rows drawn one by one.

    At least 1; the greater of the linearised one, and that of rows which correlate as those within
    groups do on the whole (see `independent`).

    Args:
        groups: fewer than `rows`.
        most: what it is where all rows of each group are alike, Σ rows² / Σ rows.
        spread: Σ of rows' squared distances from the mean, above 0.
        between: Σ of the squares of what groups' sums are beyond rows · mean.
        within: Σ of rows' squared distances from their group's mean.
    """
    linearised = between * groups / max(1, groups - 1) / spread
    alike = max(0.0, 1 - within / (rows - groups) * (rows - 1) / spread)
    return max(1.0, linearised, 1 + alike * (most - 1))


def _wider(groups: float, confidence: float) -> float:
    """The squared ratio of Student's quantile for so many groups to the normal one."""
    p = (1 + confidence) / 2
    student = student_quantile(p, max(1.0, groups - 1))
    return (student / NormalDist().inv_cdf(p)) ** 2
