"""A bucket that fills evenly: so many units a minute, a minute's worth at once at most."""

from __future__ import annotations

__all__ = ["Bucket"]


class Bucket:
    """Bounds a rate. Times are monotonic seconds.

    It may go below zero: what a request used is known after it, and is paid back by waiting. A
    request that wants more than a minute's worth passes when the bucket is full.

    Args:
        per_minute: units that flow in a minute, and the most that it holds; at least 0.
        at: the time at which it is full.
    """

    __slots__ = ("_at", "_level", "per_minute")

    def __init__(self, per_minute: int, at: float) -> None:
        self.per_minute = per_minute
        self._level = float(per_minute)
        self._at = at

    def wait(self, amount: int, at: float) -> float:
        """Seconds until so many units may be taken; 0: now. Infinite where nothing flows."""
        most = self.per_minute
        if at > self._at:
            level = self._level + (at - self._at) * most / 60.0
            self._level = level if level < most else float(most)
            self._at = at
        lacking = (min(most, amount)) - self._level
        if lacking <= 0 < most:
            return 0.0
        return lacking * 60.0 / most if most else float("inf")

    def take(self, amount: int) -> None:
        """Take units, whether they are there or not; negative ones are given back."""
        level = self._level - amount
        self._level = level if level < self.per_minute else float(self.per_minute)

    def resize(self, per_minute: int) -> None:
        """Another rate from now on; what had been taken stays taken."""
        self._level = min(self._level + max(0, per_minute - self.per_minute), float(per_minute))
        self.per_minute = per_minute
