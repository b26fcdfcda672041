"""The alarm `retries`, looked at every day over thirty: false ones, and how late it is."""

from __future__ import annotations

import numpy as np

from benchmarks.dependence.traffic import KINDS, hits, level, traffic
from headgate.ledger.store import TierTotal
from headgate.monitor.saving import SURE
from headgate.monitor.status import TierSpend, retries
from headgate.stats.intervals import wilson
from headgate.values import Usage

__all__ = ["first", "main", "spend"]

BOUND, WINDOW, YEAR = 0.2, 30, 365
BEFORE, AFTERWARDS = 0.1, (0.25, 0.3, 0.4)


def spend(counts: np.ndarray, *, first_hour: int = 0) -> TierSpend:
    """A tier whose attempts by the hour are so many that answered, and so many that failed."""
    (tier,) = retries(
        [
            _total(role, first_hour + hour, int(n))
            for column, role in enumerate(("answer", "retry"))
            for hour, n in enumerate(counts[:, column])
            if n
        ],
        hourly=True,
    ).tiers
    return tier


def _total(role: str, hour: int, attempts: int) -> TierTotal:
    return TierTotal(
        of=("timeout" if role == "retry" else "", hour),
        role=role,  # type: ignore[arg-type]
        tier="cheap",
        premium=False,
        routed=True,
        priced=True,
        attempts=attempts,
        estimated=0,
        usage=Usage(),
        cost_nano=0,
    )


def first(counts: np.ndarray) -> tuple[int | None, int | None]:
    """The first day whose look raises the alarm, over days, and over attempts; by the window."""
    ours = bare = None
    for day in range(WINDOW, len(counts) // 24 + 1):
        window = counts[(day - WINDOW) * 24 : day * 24]
        answered, failed = window.sum(axis=0).tolist()
        if wilson(failed, answered + failed, SURE).low <= BOUND:
            continue  # no narrower than that
        bare = day if bare is None else bare
        if spend(window).sure_low > BOUND:
            ours = day
            break
    return ours, bare


def by_hour(hour: np.ndarray, failed: np.ndarray, days: int) -> np.ndarray:
    """Answers and failures of each hour."""
    sums = [np.bincount(hour[of], minlength=24 * days)[: 24 * days] for of in (~failed, failed)]
    return np.stack(sums, axis=1)


def main(times: int) -> None:
    """Simulate so many years a case, and so many rises."""
    print(f"Years with an alarm, exactly at the bound of {BOUND:.0%}: over days, over attempts;")
    print(f"days until it, from {BEFORE:.0%} to {AFTERWARDS}: over days, over attempts (medians)")
    for kind in KINDS:
        at, before = level(kind, BOUND), level(kind, BEFORE)
        days = WINDOW + YEAR
        rung = []
        for number in range(times):
            draw = np.random.default_rng(number)
            requests = traffic(kind, days, draw, begins=number % 7)
            rung.append(first(by_hour(requests.hour, hits(requests, at, draw), days)))
        told = "  ".join(f"{np.mean([one[n] is not None for one in rung]):6.1%}" for n in (0, 1))
        for after in AFTERWARDS:
            late = []
            then = level(kind, after)
            for number in range(times):
                draw = np.random.default_rng((number, 1))
                requests = traffic(kind, 3 * WINDOW, draw, begins=number % 7)
                failed = np.where(
                    requests.day < WINDOW, hits(requests, before, draw), hits(requests, then, draw)
                )
                found = first(by_hour(requests.hour, failed, 3 * WINDOW))
                late.append([(one or 10**6) - WINDOW for one in found])
            medians = np.median(late, axis=0).tolist()
            told += "  | " + " ".join(f"{x:5.0f}" for x in medians)
        print(f"{kind.name:<23}{told}", flush=True)
