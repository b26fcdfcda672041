"""Options that say how many and how long: nothing, and less, is told to be wrong use."""

from __future__ import annotations

from argparse import ArgumentTypeError
from math import isfinite

__all__ = ["count", "duration"]


def count(text: str) -> int:
    """A number of things, one or more."""
    if not text.isdecimal() or int(text) < 1:
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def duration(text: str) -> float:
    """Seconds, more than none."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not isfinite(seconds) or seconds <= 0:
        raise ArgumentTypeError(f"{text!r} is no number of seconds above 0")
    return seconds
