"""A share as a fallible judge sees it, corrected by a small part that humans graded too."""

from __future__ import annotations

import math
from typing import NamedTuple

from headgate.stats.intervals import Interval, blaker, clopper_pearson

__all__ = ["Corrected", "Counts", "corrected"]

PRUDENCE = 0.8
"""Part of the risk that the intervals of the three parts are made with: their combination is close
to what it states and no more, so a little is kept in hand (`benchmarks/intervals`)."""


class Counts(NamedTuple):
    """Rows by what judge and human say: yes or no to "this request is hard"."""

    judged: int
    """All rows that the judge graded, those that humans graded too among them."""
    yes: int
    """Of these, the judge says yes."""
    yes_yes: int = 0
    """Graded by both: judge yes, human yes; and so on."""
    yes_no: int = 0
    no_yes: int = 0
    no_no: int = 0

    @property
    def human(self) -> int:
        """Rows that a human graded too."""
        return self.yes_yes + self.yes_no + self.no_yes + self.no_no


class Corrected(NamedTuple):
    """A share and its interval."""

    share: float
    interval: Interval


def corrected(counts: Counts, confidence: float = 0.95, worth: float = 1.0) -> Corrected:
    """The share of yes: by the judge alone where no human graded, else corrected by the humans.

    The share is q·a + (1 − q)·b: the judge says yes with probability q, and humans then agree with
    probability a; where it says no, they say yes with probability b. That is double sampling
    (Tenenbein 1970, JASA 65), and prediction-powered inference (Angelopoulos et al. 2023, Science
    382) with a judge whose two answers are calibrated by the human rows. So a judge that tells
    nothing does no harm, and a good one makes few human rows count for many.

    The interval puts together those of the three parts, each exact (Blaker's), by their distances
    from the estimate (MOVER: Zou & Donner 2008, Statistics in Medicine 27). It is not exact: of 150
    simulated cases from 20 human rows on, it held the truth in 94.5 % of samples or more in 149,
    and in 92.6 % in one, a share of 1 % and a judge that tells nothing. The normal approximation
    of PPI++ fell to 12 % (docs/decisions/0030-labels.md).

    The human rows must be a random part of the judged ones.

    Args:
        worth: how many independent rows each row counts for, above 0 and at most 1: less than 1
            where rows come in groups (`grouped`). The parts' intervals are Clopper and Pearson's
            then, which take parts of rows.

    >>> found = corrected(Counts(1000, 200, 9, 1, 1, 39))
    >>> round(found.share, 3), [round(end, 2) for end in found.interval]
    (0.2, [0.13, 0.29])

    Raises:
        ValueError: the counts do not fit together, or confidence or worth is out of its range.
    """
    _check(counts)
    if not 0 < worth <= 1:
        raise ValueError(f"a worth of {worth} is not above 0 and at most 1")

    def exact(yes: int, n: int, confidence: float) -> Interval:
        if worth == 1:
            return blaker(yes, n, confidence)
        return clopper_pearson(yes * worth, n * worth, confidence)

    def part(yes: int, n: int) -> tuple[float, Interval]:
        """A share and its interval; a half and everything where there are no rows."""
        return (yes / n if n else 0.5), exact(yes, n, 1 - PRUDENCE * (1 - confidence))

    if not counts.human:
        share = counts.yes / counts.judged
        return Corrected(share, exact(counts.yes, counts.judged, confidence))
    if counts.human == counts.judged:
        yes = counts.yes_yes + counts.no_yes
        return Corrected(yes / counts.judged, exact(yes, counts.judged, confidence))
    q, q_ends = part(counts.yes, counts.judged)
    a, a_ends = part(counts.yes_yes, counts.yes_yes + counts.yes_no)
    b, b_ends = part(counts.no_yes, counts.no_yes + counts.no_no)
    share = q * a + (1 - q) * b
    # more yes of the judge's make the share larger where a > b, and smaller elsewhere
    q_low, q_high = q_ends if a >= b else reversed(q_ends)
    low = math.hypot(q * (a - a_ends.low), (1 - q) * (b - b_ends.low), (a - b) * (q - q_low))
    high = math.hypot(q * (a_ends.high - a), (1 - q) * (b_ends.high - b), (a - b) * (q_high - q))
    return Corrected(share, Interval(max(0.0, share - low), min(1.0, share + high)))


def _check(counts: Counts) -> None:
    if min(counts) < 0 or counts.judged < 1:
        raise ValueError("counts are whole numbers from 0, and of at least one judged row")
    alone = counts.yes - counts.yes_yes - counts.yes_no
    if not 0 <= alone <= counts.judged - counts.human:
        raise ValueError("more rows were graded by humans than by the judge")
