"""The machine's clock, for all that takes the time as a parameter."""

from __future__ import annotations

from time import monotonic as _monotonic
from time import time as _now

__all__ = ["SystemClock"]


class SystemClock:
    """The machine's time."""

    time = staticmethod(_now)
    monotonic = staticmethod(_monotonic)
