"""How far off the month's forecast is, and how often its interval holds, beside the flat mean's.

Run `python -m benchmarks.intervals.forecasts 50` from the root of the repository.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import fmean, variance

import click
import numpy as np

from headgate.stats.forecast import forecast
from headgate.stats.intervals import Interval, student_quantile

GONE = (5, 8, 14, 28, 91, 182)
AHEAD = (3, 10, 20, 29)
Days = Callable[[np.random.Generator, int], np.ndarray]


def flat(history: list[float], ahead: float) -> tuple[float, Interval]:
    """The forecast before: the mean of 28 days, taken as independent and alike."""
    days = history[-28:]
    n, expected = len(days), ahead * fmean(days)
    half = student_quantile(0.975, n - 1) * math.sqrt(variance(days) * (ahead + ahead * ahead / n))
    return expected, Interval(max(0.0, expected - half), expected + half)


def _noise(rng: np.random.Generator, days: int, sigma: float) -> np.ndarray:
    return rng.lognormal(-sigma * sigma / 2, sigma, days)


def _week(days: int, weekend: float) -> np.ndarray:
    return np.where(np.arange(days) % 7 < 5, 1.0, weekend)


def _swinging(rng: np.random.Generator, days: int) -> np.ndarray:
    """Busy and idle spells of some days."""
    at, shocks = np.zeros(days), rng.normal(0, 0.24, days)
    for day in range(1, days):
        at[day] = 0.6 * at[day - 1] + shocks[day]
    return np.asarray(np.exp(at) * _week(days, 0.5))


def _stepping(rng: np.random.Generator, days: int) -> np.ndarray:
    """Once, at some day gone by or to come, all costs halve or double."""
    changed = np.arange(days) >= rng.integers(days)
    after = rng.choice([0.5, 2])
    return np.asarray(_week(days, 0.4) * _noise(rng, days, 0.2) * np.where(changed, after, 1))


def _stopping(rng: np.random.Generator, days: int) -> np.ndarray:
    """2 % a day until some day of the second half."""
    grown = np.minimum(np.arange(days), rng.integers(days // 2, days))
    return np.asarray(_week(days, 0.4) * _noise(rng, days, 0.2) * 1.02**grown)


KINDS: Mapping[str, Days] = {
    "even days": lambda rng, days: np.maximum(0, rng.normal(1, 0.2, days)),
    "skewed days": lambda rng, days: _noise(rng, days, 0.8),
    "3 days of 10": lambda rng, days: (rng.random(days) < 0.3) * _noise(rng, days, 0.6),
    "bad days: 3 % cost five times as much": lambda rng, days: (
        _week(days, 0.4) * _noise(rng, days, 0.2) * np.where(rng.random(days) < 0.03, 5, 1)
    ),
    "weekends a fifth": lambda rng, days: _week(days, 0.2) * _noise(rng, days, 0.15),
    "weekends 70 %": lambda rng, days: _week(days, 0.7) * _noise(rng, days, 0.3),
    "a batch on Mondays": lambda rng, days: (
        (1 + 3 * (np.arange(days) % 7 == 0)) * _noise(rng, days, 0.15)
    ),
    "growth of 1 % a day": lambda rng, days: (
        _week(days, 0.4) * _noise(rng, days, 0.2) * 1.01 ** np.arange(days)
    ),
    "growth of 2 % that stops": _stopping,
    "decline of 1 % a day": lambda rng, days: (
        _week(days, 0.4) * _noise(rng, days, 0.2) * 0.99 ** np.arange(days)
    ),
    "each day from the last one, ±5 %": lambda rng, days: np.exp(
        np.cumsum(rng.normal(0, 0.05, days))
    ),
    "busy and idle spells": _swinging,
    "halved or doubled once": _stepping,
}


class Score:
    """Errors as shares of what came, and how often an interval held it."""

    def __init__(self) -> None:
        self.tries = self.held = self.below = 0
        self.error = self.pinball = self.width = 0.0

    def add(self, expected: float, interval: Interval, came: float, day: float) -> None:
        """One forecast of `came`; `day` is what a day costs at the mean."""
        self.tries += 1
        self.held += came in interval
        self.below += came < interval.low
        self.error += abs(expected - came) / day
        self.width += (interval.high - interval.low) / day
        for share, end in ((0.025, interval.low), (0.975, interval.high)):
            over = came - end
            self.pinball += (share * over if over >= 0 else (share - 1) * over) / day


def scores(days_of: Days, gone: int, times: int, seed: int) -> tuple[Score, Score]:
    """The flat mean's and the forecast's, on the same days."""
    before, now = Score(), Score()
    for ahead in AHEAD:
        for time in range(times):
            rng = np.random.default_rng([seed, time, gone, ahead])
            weekday = int(rng.integers(7))
            days = days_of(rng, weekday + gone + ahead)[weekday:]
            history, came = days[:gone].tolist(), float(days[gone:].sum())
            day = ahead * float(days.mean()) or 1.0
            before.add(*flat(history, ahead), came, day)
            found = forecast(history, weekday, ahead)
            assert found is not None
            now.add(found.expected, found.interval, came, day)
    return before, now


@click.command()
@click.argument("times", type=click.IntRange(1), default=50)
def main(times: int) -> None:
    """So many samples for each of 3, 10, 20 and 29 days ahead."""
    print("| days | gone | error: flat | now | held: flat | now | below: flat | now | pinball |")
    print("|---|---|---|---|---|---|---|---|---|")
    for seed, (name, days_of) in enumerate(KINDS.items()):
        for gone in GONE:
            old, new = scores(days_of, gone, times, seed)
            n = new.tries
            print(
                f"| {name} | {gone} | {old.error / n:.1%} | {new.error / n:.1%} "
                f"| {old.held / n:.0%} | {new.held / n:.0%} "
                f"| {old.below / n:.1%} | {new.below / n:.1%} "
                f"| {new.pinball / old.pinball - 1:+.0%} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
