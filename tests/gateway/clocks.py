"""A clock that stands still until a test moves it."""

from __future__ import annotations

__all__ = ["Stopped"]

NOON = 1_796_126_400.0
"""2026-12-01T12:00:00Z, a Tuesday."""


class Stopped:
    """Both times of the machine, as a test sets them."""

    def __init__(self, at: float = NOON) -> None:
        self.at = at

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at
