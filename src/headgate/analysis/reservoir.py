"""A random part of a stream, told apart by stratum, in bounded memory; two of them merge."""

from __future__ import annotations

from collections import Counter
from typing import Generic, NamedTuple, TypeVar

__all__ = ["Drawn", "Reservoir"]

_Item = TypeVar("_Item")


class Drawn(NamedTuple, Generic[_Item]):
    """An item, its stratum, and the lot that it drew."""

    lot: float
    stratum: str
    item: _Item


class Reservoir(Generic[_Item]):
    """Keeps the items with the smallest lots, up to `size` of each stratum, and counts all.

    The lots are the caller's: independent, even over 0..1. Who has which lot does not depend on
    the order of merging, so neither does what is kept.

    Efraimidis & Spirakis (2006), "Weighted random sampling with a reservoir", with equal weights.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.counts: Counter[str] = Counter()
        """All items that came, by stratum."""
        self.held: dict[str, list[Drawn[_Item]]] = {}
        """Up to twice `size` items of each stratum, in no order; `kept` has them in order."""

    def add(self, item: _Item, stratum: str, lot: float) -> None:
        """Take an item."""
        self.counts[stratum] += 1
        self._keep(Drawn(lot, stratum, item))

    def _keep(self, drawn: Drawn[_Item]) -> None:
        kept = self.held.setdefault(drawn.stratum, [])
        kept.append(drawn)
        if len(kept) >= 2 * self.size:
            self._cut(kept)

    def _cut(self, kept: list[Drawn[_Item]]) -> None:
        kept.sort(key=lambda drawn: drawn.lot)
        del kept[self.size :]

    def merge(self, other: Reservoir[_Item]) -> Reservoir[_Item]:
        """Both as one; neither is changed.

        Raises:
            ValueError: they are of different sizes.
        """
        if self.size != other.size:
            raise ValueError("reservoirs of different sizes cannot be merged")
        both: Reservoir[_Item] = Reservoir(self.size)
        both.counts = self.counts + other.counts
        for side in (self, other):
            for kept in side.held.values():
                for drawn in kept:
                    both._keep(drawn)
        return both

    def kept(self, stratum: str) -> list[Drawn[_Item]]:
        """What is kept of a stratum, by lot."""
        kept = self.held.get(stratum, [])
        self._cut(kept)
        return list(kept)

    def choose(self, number: int, start: float) -> list[Drawn[_Item]]:
        """So many items, or all there are, by lot; at most `size`.

        Each stratum gives its share of them, rounded up or down such that every item that came is
        chosen with the same probability: a point every N / n items from `start` (0..1) times N / n
        on, along the strata in the order of their names (systematic sampling). So figures over
        what is chosen need no weights.
        """
        total = self.counts.total()
        number = min(number, total, self.size)
        if not number:
            return []
        step = total / number
        points = [min((start + k) * step, total - 1e-9) for k in range(number)]
        found: list[Drawn[_Item]] = []
        passed = at = 0
        for stratum in sorted(self.counts):
            passed += self.counts[stratum]
            wanted = 0
            while at < number and points[at] < passed:
                wanted += 1
                at += 1
            found += self.kept(stratum)[:wanted]
        return sorted(found, key=lambda drawn: drawn.lot)
