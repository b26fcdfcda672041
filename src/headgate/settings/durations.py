"""Lengths of time as text: "90s", "1.5h", "7d"."""

from __future__ import annotations

import re

__all__ = ["DAY", "lasting", "seconds"]

DAY = 86400.0
"""Seconds."""

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": DAY, "w": 604800.0}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,9})?) ?(ms|[smhdw])", re.ASCII)


def seconds(text: str) -> float:
    """The length of a duration such as "90s", "1.5h" or "7d" (ms, s, m, h, d, w), in seconds.

    Raises:
        ValueError: `text` is not a number followed by one of the units.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a duration such as 90s, 24h or 7d")
    return float(match[1]) * _UNITS[match[2]]


def lasting(length: float) -> str:
    """A length in seconds as the shortest duration text: 604800.0 is "7d"."""
    for unit in ("d", "h", "m", "s"):
        if length >= _UNITS[unit] and length % _UNITS[unit] == 0:
            return f"{length / _UNITS[unit]:g}{unit}"
    return f"{length:g}s"
