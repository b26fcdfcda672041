"""Streams with planted truth, run through the detector itself."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import repeat

from headgate.monitor.budget import ALARM_AT, FALSE_ALARM_REQUESTS
from headgate.stats.sequential import Detector, DetectorState

__all__ = ["BUDGET", "delay", "false_alarm", "fresh", "stream"]

BUDGET = 0.15


def fresh(budget: float = BUDGET) -> Detector:
    """The detector of all requests as the watch sets it up."""
    return Detector(DetectorState(budget=budget, threshold=ALARM_AT))


def stream(chance: random.Random, rate: float, requests: int | None = None) -> Iterator[bool]:
    """Requests that escalate at a rate, independently; without end where no number is given."""
    draw = chance.random
    for _ in repeat(None) if requests is None else repeat(None, requests):
        yield draw() < rate


def false_alarm(
    chance: random.Random, requests: int = FALSE_ALARM_REQUESTS, rate: float = BUDGET
) -> int | None:
    """The request of a stream at `rate` that raised an alarm; None if none did."""
    update = fresh().update
    for number, hit in enumerate(stream(chance, rate, requests), start=1):
        if update(hit) is not None:
            return number
    return None


def delay(chance: random.Random, before: float, after: float, quiet: int) -> int | None:
    """Requests from a step, after so many quiet ones, to its alarm.

    None where the alarm was raised before there was anything to find.
    """
    detector = fresh()
    for hit in stream(chance, before, quiet):
        if detector.update(hit) is not None:
            return None
    for number, hit in enumerate(stream(chance, after), start=1):
        if detector.update(hit) is not None:
            return number
    raise AssertionError("a stream without end has ended")
