"""River's drift detectors on the same streams: another question, answered for comparison.

They ask whether a rate has changed, ours whether it has gone above a budget. So they find a step
sooner when it begins far below the budget, and alarm for one that stays within it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Protocol

import msgspec
from river import drift

from benchmarks.detector.simulate import BUDGET, fresh, stream

__all__ = ["PEERS", "Drift", "Peer", "compare", "first_alarm", "ours"]

WITHIN = (0.05, 0.10)
"""A step that leaves the rate within the budget."""
MOST_DELAY = 50_000


class Drift(Protocol):
    """A detector as river has them."""

    @property
    def drift_detected(self) -> bool:
        """Whether the last update found a drift."""

    def update(self, x: int) -> None:
        """Take one request: 1 for an escalated one, else 0."""


class _Ours:
    """The watch's detector in river's shape."""

    def __init__(self) -> None:
        self._detector = fresh()
        self.drift_detected = False

    def update(self, x: int) -> None:
        self.drift_detected = self._detector.update(bool(x)) == "raised"


def ours() -> Drift:
    """The watch's detector, to be asked as river's are."""
    return _Ours()


PEERS: Mapping[str, Callable[[], Drift]] = {
    "headgate": ours,
    "river ADWIN": drift.ADWIN,
    "river PageHinkley": drift.PageHinkley,
    "river DDM": drift.binary.DDM,
}
"""With their defaults."""


class Peer(msgspec.Struct, frozen=True, kw_only=True):
    """What one detector did with the same streams."""

    name: str
    streams: int
    false_alarms: int
    """Streams of constant rate, exactly at the budget, in which it alarmed."""
    early: int
    """Streams with a step to above the budget in which it alarmed before the step."""
    median: int | None
    """Requests from that step to the alarm; None where all alarmed before."""
    within: int
    """Streams with a step within the budget in which it alarmed."""


def first_alarm(detector: Drift, chance: random.Random, rate: float, requests: int) -> int | None:
    """The request of a stream that raised an alarm; None if none did."""
    for number, hit in enumerate(stream(chance, rate, requests), start=1):
        detector.update(int(hit))
        if detector.drift_detected:
            return number
    return None


def compare(
    name: str,
    make: Callable[[], Drift],
    *,
    streams: int,
    requests: int,
    step: tuple[float, float],
    seed: int = 1,
) -> Peer:
    """Run one detector over `streams` streams of each kind; equal seeds give equal streams."""
    false_alarms = early = within = 0
    delays = []
    for number in range(streams):
        chance = random.Random(f"{seed} peers {number}")
        false_alarms += first_alarm(make(), chance, BUDGET, requests) is not None

        chance, detector = random.Random(f"{seed} step {number}"), make()
        before, after = step
        if first_alarm(detector, chance, before, chance.randrange(requests // 5)) is not None:
            early += 1
        else:
            found = first_alarm(detector, chance, after, MOST_DELAY)
            delays.append(MOST_DELAY if found is None else found)

        chance, detector = random.Random(f"{seed} within {number}"), make()
        before, after = WITHIN
        first_alarm(detector, chance, before, requests // 4)
        within += first_alarm(detector, chance, after, requests // 2) is not None
    return Peer(
        name=name,
        streams=streams,
        false_alarms=false_alarms,
        early=early,
        median=sorted(delays)[len(delays) // 2] if delays else None,
        within=within,
    )
