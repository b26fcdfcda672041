"""Summaries of a stream in bounded memory that merge: quantiles of counts, and distinct keys.

Merging is associative and commutative without any error: parts that are merged in whatever order
give the very state that one pass over all rows gives.
"""

from __future__ import annotations

import heapq
from collections import Counter
from hashlib import blake2b
from math import ceil

__all__ = ["Distinct", "Histogram", "Names"]

_BITS = 8


class Histogram:
    """Quantiles of whole numbers: exact below 256, within 0.4 % of the value above.

    A number is kept by its first 8 binary digits, so a bucket is at most 1/128 of its lower end
    wide, and its middle is off by half of that at most. The idea of HdrHistogram (Tene 2012) and
    DDSketch (Masson, Rim & Lee 2019, PVLDB 12): buckets in proportion to the value, whose counts
    add up.
    """

    def __init__(self) -> None:
        self.buckets: Counter[int] = Counter()
        self.n = 0
        self.total = 0
        self.least: int | None = None
        self.most: int | None = None

    def add(self, value: int) -> None:
        """Count one number, from 0."""
        shift = value.bit_length() - _BITS
        key = value if shift <= 0 else (shift << _BITS) | (value >> shift)
        self.buckets[key] += 1
        self.n += 1
        self.total += value
        if self.most is None or value > self.most:
            self.most = value
        if self.least is None or value < self.least:
            self.least = value

    def quantile(self, share: float) -> int | None:
        """The least value that `share` (0..1) of all numbers do not exceed; None of none.

        Raises:
            ValueError: `share` is not between 0 and 1.
        """
        if not 0 <= share <= 1:
            raise ValueError(f"{share} is no share")
        if self.least is None or self.most is None:
            return None
        wanted = max(1, ceil(share * self.n))
        if wanted == 1:
            return self.least
        if wanted == self.n:
            return self.most
        seen = 0
        for key in sorted(self.buckets):
            seen += self.buckets[key]
            if seen >= wanted:
                return min(max(_middle(key), self.least), self.most)
        raise AssertionError("the buckets hold all numbers")  # pragma: no cover

    @property
    def mean(self) -> float | None:
        """The mean, exact; None of none."""
        return self.total / self.n if self.n else None

    def merge(self, other: Histogram) -> Histogram:
        """Both as one; neither is changed."""
        both = Histogram()
        both.buckets = self.buckets + other.buckets
        both.n, both.total = self.n + other.n, self.total + other.total
        both.least = min((x for x in (self.least, other.least) if x is not None), default=None)
        both.most = max((x for x in (self.most, other.most) if x is not None), default=None)
        return both

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Histogram) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment]


def _middle(key: int) -> int:
    shift = key >> _BITS
    if not shift:
        return key
    lower = (key & (1 << _BITS) - 1) << shift
    return lower + (1 << shift - 1)


class Distinct:
    """How many distinct keys there are, and how often each comes: exact up to `size` of them.

    Beyond that the keys with the smallest hashes are kept, each with its exact count: a random
    sample of the keys. Their number is then known to some 1 / √size: (size − 1) / the largest
    kept hash as a share of all hashes. Bar-Yossef et al. (2002), "Counting distinct elements in a
    data stream"; Beyer et al. (2007), "On synopses for distinct-value estimation", SIGMOD.
    """

    def __init__(self, size: int = 2048) -> None:
        self.size = size
        self.kept: dict[int, int] = {}
        self.limit = 1 << 64
        """Hashes from here on are not kept; 2^64 while all are."""

    def add(self, key: bytes) -> None:
        """Count one key."""
        hashed = int.from_bytes(blake2b(key, digest_size=8).digest())
        if hashed < self.limit:
            self.kept[hashed] = self.kept.get(hashed, 0) + 1
            if len(self.kept) >= 2 * self.size:
                self._cut()

    def _cut(self) -> None:
        """Keep the smallest; what falls out has no way back, for the limit only ever falls."""
        if len(self.kept) > self.size:
            smallest = heapq.nsmallest(self.size + 1, self.kept)
            self.limit = smallest[-1]
            self.kept = {hashed: self.kept[hashed] for hashed in smallest[:-1]}

    def merge(self, other: Distinct) -> Distinct:
        """Both as one; neither is changed.

        Raises:
            ValueError: they are of different sizes.
        """
        if self.size != other.size:
            raise ValueError("summaries of different sizes cannot be merged")
        both = Distinct(self.size)
        both.limit = min(self.limit, other.limit)
        for side in (self, other):
            for hashed, times in side.kept.items():
                if hashed < both.limit:
                    both.kept[hashed] = both.kept.get(hashed, 0) + times
        both._cut()
        return both

    @property
    def exact(self) -> bool:
        """Whether every key that came is still there."""
        self._cut()
        return self.limit == 1 << 64

    @property
    def number(self) -> int:
        """Distinct keys."""
        if self.exact:
            return len(self.kept)
        return round(len(self.kept) * (1 << 64) / self.limit)

    @property
    def repeated(self) -> float | None:
        """Share of all that came whose key had come before; None of none.

        Beyond `size` keys it is the share within the kept ones.
        """
        self._cut()
        came = sum(self.kept.values())
        return None if not came else 1 - len(self.kept) / came

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Distinct):
            return NotImplemented
        self._cut()
        other._cut()
        return (self.size, self.limit, self.kept) == (other.size, other.limit, other.kept)

    __hash__ = None  # type: ignore[assignment]


class Names:
    """How often each name comes: of all names up to `size`, else of a random `size` of them.

    Which ones is decided by their hashes, so that merging in any order keeps the same names.
    """

    def __init__(self, size: int = 2000) -> None:
        self.size = size
        self.kept: Counter[str] = Counter()
        self.total = 0
        self._limit = 1 << 64

    def add(self, name: str, times: int = 1) -> None:
        """Count one name."""
        self.total += times
        if name in self.kept or self._limit == 1 << 64 or _hash(name) < self._limit:
            self.kept[name] += times
            if len(self.kept) >= 2 * self.size:
                self._cut()

    def _cut(self) -> None:
        if len(self.kept) > self.size:
            smallest = heapq.nsmallest(self.size + 1, self.kept, key=_hash)
            self._limit = _hash(smallest[-1])
            self.kept = Counter({name: self.kept[name] for name in smallest[:-1]})

    def merge(self, other: Names) -> Names:
        """Both as one; neither is changed."""
        both = Names(self.size)
        both.total = self.total + other.total
        both._limit = min(self._limit, other._limit)
        counts = self.kept + other.kept
        if both._limit < 1 << 64:
            counts = Counter({name: n for name, n in counts.items() if _hash(name) < both._limit})
        both.kept = counts
        both._cut()
        return both

    def most(self, number: int) -> list[tuple[str, int]]:
        """The most frequent of the names kept, by count and then by name."""
        self._cut()
        return sorted(self.kept.items(), key=lambda item: (-item[1], item[0]))[:number]

    @property
    def rest(self) -> int:
        """How often a name came that is not kept."""
        self._cut()
        return self.total - self.kept.total()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Names):
            return NotImplemented
        self._cut()
        other._cut()
        return (self.size, self.total, self.kept) == (other.size, other.total, other.kept)

    __hash__ = None  # type: ignore[assignment]


def _hash(name: str) -> int:
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest)
