"""The budget's windows: how often their intervals hold the rate, by conversations and days."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from benchmarks.dependence.traffic import KINDS, Kind, hits, level, traffic
from headgate.monitor.watched import WatchedRate
from headgate.stats.intervals import wilson

__all__ = ["main", "windows"]

RATE = 0.15
HOUR_US = 3_600_000_000
SLOW_DAYS, FAST_HOURS, NOW = 7, 6, 18
DAYS = 8
"""A whole one before the window, which ends at `NOW` o'clock of the last."""


def windows(kind: Kind, at: float, draw: np.random.Generator) -> list[tuple[float, ...]]:
    """Of the slow window and of the fast one: did the interval hold the rate that is so in the long
    run, did Wilson's, did each hold what the window's own hours and days came to on average, and
    how wide both were."""
    requests = traffic(kind, DAYS, draw, 300, begins=int(draw.integers(7)))
    hit = hits(requests, at, draw)
    rate = WatchedRate(None, HOUR_US, 1.0)
    for hour, one in zip(requests.hour.tolist(), hit.tolist(), strict=True):
        rate.update(hour * HOUR_US, one)
    end = (DAYS - 1) * 24 + NOW
    found = []
    for hours in (SLOW_DAYS * 24, FAST_HOURS):
        inside = (requests.hour > end - hours) & (requests.hour <= end)
        burn = rate.burn(end * HOUR_US, hours * HOUR_US)
        own = _own(kind, requests.common[inside], at)
        bare = wilson(burn.escalated, burn.served)
        ends = (burn.low, burn.high), bare
        held = [low <= truth <= high for truth in (RATE, own) for low, high in ends]
        found.append((*held, *(high - low for low, high in ends)))
    return found


def _own(kind: Kind, common: np.ndarray, at: float) -> float:
    """The mean chance of requests in such hours and days, whatever their conversations are like."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(15)
    chances = expit(at + common[:, None] + kind.by_talk * nodes)
    return float((chances @ weights).mean() / weights.sum()) if len(common) else RATE


def main(times: int) -> None:
    """Look at so many windows a case."""
    print("Held: the rate of the long run, over blocks and over requests; the window's own; widths")
    for kind in KINDS:
        at = level(kind, RATE)
        found = [windows(kind, at, np.random.default_rng(n)) for n in range(times)]
        for name, told in zip(("7 d", "6 h"), np.mean(np.array(found, float), axis=0), strict=True):
            *shares, ours, bare = told.tolist()
            cells = "  ".join(f"{x:6.1%}" for x in shares)
            print(f"{kind.name:<23} {name}  {cells}   {ours:.3f} {bare:.3f}", flush=True)
