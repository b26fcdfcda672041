"""What traffic looked like when a router was certified: later traffic is held to it."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

import msgspec

__all__ = ["BINS", "LEAST_A_BIN", "MOST_CATEGORIES", "OTHER", "Histogram", "Reference"]

BINS = 10
LEAST_A_BIN = 25
"""Values that a bin should hold: of fewer, its share is known too badly to hold anyone to it."""
MOST_CATEGORIES = 20
OTHER = "(other)"
"""The kind of task that stands for all that are too rare to be counted by name."""


class Histogram(msgspec.Struct, frozen=True):
    """Counts between edges: bin i holds edges[i-1] ≤ value < edges[i]; the outer bins are open.

    Raises:
        ValueError: the edges do not rise, the counts are not one more than they, or one is below 0.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]

    def __post_init__(self) -> None:
        if len(self.counts) != len(self.edges) + 1 or min(self.counts) < 0:
            raise ValueError("a histogram's counts do not fit its edges")
        if any(not low < high for low, high in pairwise(self.edges)):
            raise ValueError("a histogram's edges do not rise")

    @classmethod
    def of(cls, values: Sequence[float], bins: int = BINS) -> Histogram:
        """Bins of about equal size, fewer where values are few or many are alike.

        Raises:
            ValueError: there are no values.
        """
        if not values:
            raise ValueError("no values make no histogram")
        ordered = sorted(values)
        bins = max(1, min(bins, len(ordered) // LEAST_A_BIN))
        cuts = {ordered[len(ordered) * number // bins] for number in range(1, bins)}
        edges = tuple(sorted(cut for cut in cuts if cut > ordered[0]))
        counts = [0] * (len(edges) + 1)
        for value in ordered:
            counts[bisect_right(edges, value)] += 1
        return cls(edges, tuple(counts))

    def bin(self, value: float) -> int:
        """Number of the bin that a value falls into, from 0."""
        return bisect_right(self.edges, value)


class Reference(msgspec.Struct, frozen=True, kw_only=True):
    """Scores, lengths and kinds of the rows that a certificate rests on; None is not known."""

    rows: int
    scores: Histogram | None = None
    """The certified router's scores, 0 to 1."""
    tokens: Histogram | None = None
    """Input tokens of the whole request."""
    categories: Mapping[str, int] | None = None
    """Rows by kind of task, the commonest by name; further ones stand as `OTHER`."""

    @classmethod
    def of(
        cls, scores: Sequence[float], tokens: Sequence[int] = (), categories: Iterable[str] = ()
    ) -> Reference:
        """The reference of rows given as columns.

        Lengths count where every row has one (0 is unknown), kinds where every row has one (""
        is unknown): what only some rows know says nothing of the traffic.

        Raises:
            ValueError: there are no rows.
        """
        kinds = list(categories)
        rows = len(scores)
        return cls(
            rows=rows,
            scores=Histogram.of(scores),
            tokens=Histogram.of(tokens) if len(tokens) == rows and all(tokens) else None,
            categories=_counted(kinds) if len(kinds) == rows and all(kinds) else None,
        )


def _counted(kinds: Sequence[str]) -> dict[str, int]:
    counts = Counter(kinds).most_common()
    named = {kind: count for kind, count in counts[:MOST_CATEGORIES] if count >= LEAST_A_BIN}
    rest = len(kinds) - sum(named.values())
    return {**named, OTHER: rest} if rest else named
