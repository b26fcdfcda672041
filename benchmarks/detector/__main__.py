"""`python -m benchmarks.detector`: the detector's false alarms, delays and cost, with intervals."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing import Pool
from statistics import NormalDist

import click
import msgspec

from benchmarks.detector.simulate import BUDGET, fresh, stream
from benchmarks.detector.tasks import delay_of, false_alarm_of
from headgate.monitor.budget import FALSE_ALARM_REQUESTS, FALSE_ALARMS
from headgate.stats.intervals import Interval, clopper_pearson

STEPS = ((0.12, 0.22), (0.12, 0.18), (0.12, 0.30), (0.05, 0.22), (0.145, 0.16))
"""From and to; the first is the one with a target."""
QUIETS = (0, 1_000, 10_000, 100_000)
MOST_MEDIAN, MOST_UPDATE_US = 1_200, 20.0


class Delays(msgspec.Struct, frozen=True, kw_only=True):
    """Requests from a step to its alarm, over many streams."""

    before: float
    after: float
    quiet: str
    """How many quiet requests came before the step."""
    streams: int
    early: int
    """Streams that alarmed before the step; they are in no other figure."""
    median: int
    interval: Interval
    """95 %, of the median."""
    ninth_decile: int


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured."""

    streams: int
    requests: int
    false_alarms: int
    interval: Interval
    """95 %, of the share of streams with a false alarm."""
    delays: tuple[Delays, ...]
    update_us: float
    """The fastest of five rounds."""

    @property
    def holds(self) -> bool:
        """Every target is reached."""
        return (
            self.false_alarms <= FALSE_ALARMS * self.streams
            and self.delays[0].median <= MOST_MEDIAN
            and self.update_us <= MOST_UPDATE_US
        )


def median_interval(ordered: Sequence[int], confidence: float = 0.95) -> Interval:
    """The interval for a median between two order statistics, by the sign test's normal form.

    >>> median_interval(range(1, 101))
    Interval(low=40, high=61)
    """
    n = len(ordered)
    reach = NormalDist().inv_cdf((1 + confidence) / 2) * n**0.5 / 2
    low = max(1, int(n / 2 - reach))
    return Interval(ordered[low - 1], ordered[n - low])


def delays(found: Sequence[int | None], before: float, after: float, quiet: int | None) -> Delays:
    """The figures of one row of the table."""
    ordered = sorted(requests for requests in found if requests is not None)
    return Delays(
        before=before,
        after=after,
        quiet="random" if quiet is None else f"{quiet:,}",
        streams=len(found),
        early=len(found) - len(ordered),
        median=ordered[len(ordered) // 2],
        interval=median_interval(ordered),
        ninth_decile=ordered[len(ordered) * 9 // 10],
    )


def update_us(requests: int = 100_000, rounds: int = 5) -> float:
    """Microseconds of one update: the fastest of some rounds, which others disturb least."""
    hits = list(stream(random.Random(0), BUDGET * 0.8, requests))
    best = float("inf")
    for _ in range(rounds):
        update = fresh().update
        began = time.perf_counter()
        for hit in hits:
            update(hit)
        best = min(best, time.perf_counter() - began)
    return best / requests * 1e6


def measure(streams: int, requests: int, seed: int, jobs: int = 1) -> Result:
    """Simulate everything; equal seeds give equal figures, but for the cost of an update."""
    quiets = [quiet for quiet in QUIETS if quiet <= requests]
    steps = [(*step, None) for step in STEPS] + [(*STEPS[0], quiet) for quiet in quiets]
    with Pool(jobs) as pool:
        spread: Callable[..., list[int | None]] = pool.map
        asked = [(seed, number, requests) for number in range(streams)]
        false = sum(pool.map(false_alarm_of, asked, 4))
        few = max(3, streams // 4)
        rows = tuple(
            delays(spread(delay_of, [(seed, number, *step) for number in range(few)], 4), *step)
            for step in steps
        )
    return Result(
        streams=streams,
        requests=requests,
        false_alarms=false,
        interval=clopper_pearson(false, streams),
        delays=rows,
        update_us=update_us(),
    )


def page(result: Result) -> str:
    """The table as text."""
    share, (low, high) = result.false_alarms / result.streams, result.interval
    first = result.delays[0]
    lines = [
        f"budget {BUDGET:.0%}; half of {FALSE_ALARMS:.0%} may alarm in {FALSE_ALARM_REQUESTS:,}",
        "",
        _row("", "target", "measured", "95 % interval"),
        _row(
            f"{result.streams:,} streams of {result.requests:,} at the budget",
            f"≤ {FALSE_ALARMS:.0%}",
            f"{share:.2%}",
            f"{low:.2%} to {high:.2%}",
        ),
        _row(
            "median delay of a step 12 % to 22 %",
            f"≤ {MOST_MEDIAN:,}",
            f"{first.median:,}",
            f"{first.interval.low:,} to {first.interval.high:,}",
        ),
        _row("an update, µs", f"≤ {MOST_UPDATE_US:.0f}", f"{result.update_us:.1f}", ""),
        "",
        _step("step", "quiet before", "streams", "early", "median", "90 %", "95 % of the median"),
    ]
    lines.extend(
        _step(
            f"{row.before:.1%} to {row.after:.1%}",
            row.quiet,
            f"{row.streams:,}",
            f"{row.early:,}",
            f"{row.median:,}",
            f"{row.ninth_decile:,}",
            f"{row.interval.low:,} to {row.interval.high:,}",
        )
        for row in result.delays
    )
    lines += ["", "Every target is reached." if result.holds else "A target is missed."]
    return "\n".join(lines)


def _row(label: str, target: str, measured: str, interval: str) -> str:
    return f"{label:<44}{target:>12}{measured:>12}   {interval}".rstrip()


def _step(
    step: str, quiet: str, streams: str, early: str, median: str, ninth: str, interval: str
) -> str:
    return f"{step:<20}{quiet:>14}{streams:>9}{early:>7}{median:>9}{ninth:>9}   {interval}"


@click.command()
@click.option("--streams", default=2_000, help="Streams for false alarms; a quarter for delays.")
@click.option(
    "--requests", default=FALSE_ALARM_REQUESTS, help="Requests of each stream for false alarms."
)
@click.option("--seed", default=1, help="Another seed, other streams.")
@click.option("--jobs", default=1, help="Processes.")
@click.option("--peers", is_flag=True, help="Compare with river's drift detectors instead.")
def detector(streams: int, requests: int, seed: int, jobs: int, *, peers: bool) -> int:
    """Print what the detector reaches on simulated streams; exit code 1 if a target is missed."""
    if peers:
        _compare(streams, requests, seed)
        return 0
    result = measure(streams, requests, seed, jobs)
    click.echo(page(result))
    return 0 if result.holds else 1


def _compare(streams: int, requests: int, seed: int) -> None:
    from benchmarks.detector.peers import PEERS, compare  # river takes seconds to import

    step = STEPS[0]
    click.echo(f"{streams} streams of each kind; a constant 15 % of {requests:,} requests,")
    click.echo(f"a step from {step[0]:.0%} to {step[1]:.0%}, and one from 5 % to 10 %")
    click.echo(f"{'':<20}{'constant':>10}{'early':>8}{'median':>9}{'5 to 10 %':>12}")
    for name, make in PEERS.items():
        peer = compare(name, make, streams=streams, requests=requests, step=step, seed=seed)
        median = "none" if peer.median is None else f"{peer.median:,}"
        click.echo(f"{name:<20}{peer.false_alarms:>10}{peer.early:>8}{median:>9}{peer.within:>12}")


if __name__ == "__main__":
    sys.exit(detector.main(standalone_mode=False))
