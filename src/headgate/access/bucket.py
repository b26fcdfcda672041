"""A bucket that fills evenly: so many units a minute, a minute's worth at once at most."""

from __future__ import annotations

import math
from math import trunc

__all__ = ["Bucket"]


class Bucket:
    """Bounds a rate. Times are monotonic seconds.

    It may go below zero: what a request used is known after it, and is paid back by waiting. A
    request that wants more than a minute's worth passes when the bucket is full.

    Args:
        per_minute: units that flow in a minute, and the most that it holds; at least 0.
        at: the time at which it is full.
    """

    __slots__ = ("_at", "_level", "_most", "per_minute")

    def __init__(self, per_minute: int, at: float) -> None:
        self.per_minute = per_minute
        self._level = self._most = float(per_minute)
        self._at = at

    def wait(self, amount: int, at: float, *, take: bool = False) -> float:
        """Seconds until so many units may be taken; 0: now. Infinite where nothing flows.

        Where they may be taken now they are, if `take`.
        """
        most, level, last = self._most, self._level, self._at
        if at > last:
            level += (at - last) * most / 60.0
            if level > most:
                level = most
            self._level, self._at = level, at
        least = amount if amount <= most else self.per_minute
        if least <= level and most:
            if take:
                self._level = level - amount
            return 0.0
        return (least - level) * 60.0 / most if most else float("inf")

    @property
    def low(self) -> bool:
        """Whether less than half was left when it was last looked at."""
        return self._level * 2.0 < self._most

    def left(self, at: float) -> tuple[int, float]:
        """Units that are there now, and the seconds until it is full; infinite if nothing flows."""
        self.wait(0, at)
        most, level = self._most, self._level
        full = (most - level) * 60.0 / most if most else math.inf
        return trunc(level) if level > 0 else 0, full

    def take(self, amount: int) -> None:
        """Take units, whether they are there or not; negative ones are given back."""
        level = self._level - amount
        self._level = min(self._most, level)

    def resize(self, per_minute: int) -> None:
        """Another rate from now on; what had been taken stays taken."""
        self._level = min(self._level + max(0, per_minute - self.per_minute), float(per_minute))
        self.per_minute, self._most = per_minute, float(per_minute)
