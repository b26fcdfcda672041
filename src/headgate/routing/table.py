"""The weights of one kind of n-gram, a byte for each bucket."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import compress
from math import sqrt
from typing import NamedTuple

from headgate.routing.ngrams import BUCKETS, MIDDLE

__all__ = ["Table"]

STEPS = 127


class Table(NamedTuple):
    """Weights in steps of `scale`: each bucket's byte is its steps plus 128, and 0 if unknown.

    A table that knows nothing may be empty. 256 steps are enough: what is rounded away is far less
    than what a weight is known to.
    """

    scale: float
    bytes: bytes

    @classmethod
    def of(cls, weights: Mapping[int, float]) -> Table:
        """The table of weights by bucket, each rounded to 1/127 of the largest; bucket 0 is none.

        Raises:
            ValueError: a bucket is 0 or out of range.
        """
        if not weights:
            return cls(1.0, b"")
        if min(weights) < 1 or max(weights) >= BUCKETS:
            raise ValueError("a weight is in no bucket")
        scale = max(map(abs, weights.values())) / STEPS or 1.0
        steps = bytearray(BUCKETS)
        for bucket, weight in weights.items():
            steps[bucket] = MIDDLE + round(weight / scale)
        return cls(scale, bytes(steps))

    def part(self, known: int, steps: int) -> float:
        """What so many known n-grams come to: the sum of their weights over the root of it."""
        return steps * self.scale / sqrt(known) if known else 0.0

    @property
    def weights(self) -> dict[int, float]:
        """The known buckets' weights."""
        return {
            bucket: (self.bytes[bucket] - MIDDLE) * self.scale
            for bucket in compress(range(len(self.bytes)), self.bytes)
        }

    def __len__(self) -> int:
        """How many buckets are known."""
        return len(self.bytes) - self.bytes.count(0)
