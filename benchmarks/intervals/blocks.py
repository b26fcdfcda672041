"""How often the saving's interval holds the truth where requests of a day are alike.

Run `python -m benchmarks.intervals.blocks 200` from the root of the repository.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np

from headgate.ledger.store import RequestTotal
from headgate.monitor.merged import merged
from headgate.monitor.saving import Saving, saving_of

CHEAP = 1 / 3
"""What a cheap answer costs of a premium one of the same tokens."""


@dataclass(frozen=True)
class Kind:
    """How requests go together."""

    name: str
    turns: float = 1.0
    """Of a conversation on average; all of one are answered by the same tier."""
    by_hour: float = 0.0
    """By how much more afternoons escalate than mornings, half of it each way."""
    by_day: float = 0.0
    """By how much the share that escalates strays from day to day."""


KINDS = (
    Kind("requests by themselves"),
    Kind("conversations", turns=5),
    Kind("conversations, mornings unlike afternoons", turns=5, by_hour=0.5),
    Kind("conversations, days unlike days", turns=5, by_day=0.15),
    Kind("conversations, days very unlike days", turns=5, by_day=0.25),
)
DAYS = (1, 2, 3, 4, 6, 14, 30)


def hours_of(
    kind: Kind, days: int, rng: np.random.Generator, conversations: int = 60
) -> list[RequestTotal]:
    """So many days of traffic as a ledger sums them up by the hour."""
    found = []
    for day in range(days):
        count = max(1, int(rng.poisson(conversations)))
        begun = np.clip(rng.normal(13, 4, size=count), 0, 23)
        chance = 0.3 + kind.by_day * rng.normal() + kind.by_hour * np.where(begun > 13, 0.5, -0.5)
        premium = rng.random(count) < np.clip(chance, 0.02, 0.98)
        turns = rng.geometric(1 / kind.turns, size=count)
        of = np.repeat(np.arange(count), turns)
        size = rng.lognormal(0, 1, size=count)[of] * rng.lognormal(0, 0.5, size=len(of))
        baseline = np.rint(size * 1e6).astype(int)
        paid = np.where(premium[of], baseline, np.rint(baseline * CHEAP).astype(int))
        hour = day * 24 + begun[of].astype(int)
        found += [_total(at, paid[hour == at], baseline[hour == at]) for at in np.unique(hour)]
    return found


def _total(hour: int, paid: np.ndarray, baseline: np.ndarray) -> RequestTotal:
    first = int(hour) * 3_600_000_000
    squares = paid.astype(float), baseline.astype(float)
    return RequestTotal(
        routed=True,
        of=(int(hour),),
        requests=len(paid),
        served=len(paid),
        escalated=int((paid == baseline).sum()),
        comparable=len(paid),
        paid_nano=int(paid.sum()),
        baseline_nano=int(baseline.sum()),
        paid_squared=float(squares[0] @ squares[0]),
        baseline_squared=float(squares[1] @ squares[1]),
        paid_baseline=float(squares[0] @ squares[1]),
        first_us=first,
        last_us=first,
    )


def truth(kind: Kind, days: int = 4_000) -> float:
    """The saving of so many days that chance has evened out."""
    (total,) = merged(hours_of(kind, days, np.random.default_rng(0)))
    return 1 - total.paid_nano / total.baseline_nano


def holds(saving: Saving, at: float) -> bool:
    """Whether the interval does."""
    return saving.low is not None and saving.high is not None and saving.low <= at <= saving.high


def main(times: int) -> None:
    """Print the shares of samples whose interval held the truth."""
    print("kind, days, by: held (mean width), and by requests alone")
    for kind in KINDS:
        at = truth(kind)
        for days in DAYS:
            found = []
            for seed in range(times):
                hours = hours_of(kind, days, np.random.default_rng([seed, days]))
                (total,) = merged(hours)
                found.append((saving_of(total, None, hours), saving_of(total, None)))
            units = sorted({by.by for by, _ in found})
            shares = [sum(holds(pair[n], at) for pair in found) / times for n in (0, 1)]
            widths = [
                sum((pair[n].high or 0) - (pair[n].low or 0) for pair in found) / times
                for n in (0, 1)
            ]
            print(
                f"{kind.name}, {days}, {' or '.join(units)}: {shares[0]:.1%} ({widths[0]:.3f}), "
                f"{shares[1]:.1%} ({widths[1]:.3f})",
                flush=True,
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
