"""`python -m benchmarks.reliability.fuzz`: damaged requests, streams and settings, by the million.

What must hold of each is told where it is damaged, in `fuzz_wire` and `fuzz_settings`; besides,
nothing takes a second. Each case follows from its kind, the seed and its number:
`--kind KIND --seed SEED --only NUMBER` runs a failing one again, and lets it raise.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from multiprocessing import Pool
from typing import NamedTuple, TypeAlias

import click

from benchmarks.reliability.fuzz_settings import settings_case
from benchmarks.reliability.fuzz_wire import body_case, stream_case
from headgate.errors import HeadgateError

__all__ = ["CASES", "Batch", "Finding", "batch", "jobs", "main", "run"]

Case: TypeAlias = Callable[[random.Random], str]
Batch: TypeAlias = tuple[str, Counter[str], "list[Finding]"]
"""The kind, what became of its cases, and what broke a rule."""

CASES: dict[str, Case] = {"body": body_case, "stream": stream_case, "config": settings_case}
"""By kind. Each says in a word what became of the case, and raises where a rule is broken."""

SLOW_SECONDS = 1.0
BATCH = 5_000
MOST_SHOWN = 50


class Finding(NamedTuple):
    """A case that broke a rule."""

    kind: str
    number: int
    what: str

    @property
    def again(self) -> str:
        """The options that run it again, besides the seed."""
        return f"--kind {self.kind} --only {self.number}"


def chance(kind: str, seed: int, number: int) -> random.Random:
    """What one case is made from."""
    return random.Random(f"{kind}{seed}:{number}")


def run(
    kind: str, numbers: Sequence[int], seed: int, cases: Mapping[str, Case] = CASES
) -> tuple[Counter[str], list[Finding]]:
    """The damaged texts of these numbers: what became of them, and what went wrong."""
    case = cases[kind]
    outcomes: Counter[str] = Counter()
    findings: list[Finding] = []
    for number in numbers:
        began = time.thread_time()  # its own work: others may have the processor meanwhile
        try:
            outcomes[case(chance(kind, seed, number))] += 1
        except HeadgateError as error:
            findings.append(Finding(kind, number, f"{type(error).__name__}: {error}"))
        except Exception as error:  # noqa: BLE001 - whatever comes is what is looked for
            findings.append(Finding(kind, number, f"{type(error).__name__}: {error}"[:500]))
        if (took := time.thread_time() - began) > SLOW_SECONDS:
            findings.append(Finding(kind, number, f"took {took:.1f} s"))
    return outcomes, findings


def jobs(kind: str, count: int, seed: int) -> Iterator[tuple[str, range, int]]:
    """The numbers up to a count in parts, each a job for `batch`."""
    for first in range(0, count, BATCH):
        yield kind, range(first, min(first + BATCH, count)), seed


def batch(job: tuple[str, range, int]) -> Batch:
    """`run`, as another process is handed it."""
    kind, numbers, seed = job
    return kind, *run(kind, numbers, seed)


@click.command()
@click.option("--bodies", default=1_000_000, type=click.IntRange(0), show_default=True)
@click.option("--streams", default=1_000_000, type=click.IntRange(0), show_default=True)
@click.option("--configs", default=100_000, type=click.IntRange(0), show_default=True)
@click.option("--kind", "kinds", type=click.Choice([*CASES]), multiple=True, help="These alone.")
@click.option("--seed", default=1)
@click.option("--workers", default=2, type=click.IntRange(1))
@click.option("--only", type=int, help="Run this one number of each kind, and let it raise.")
def main(
    bodies: int,
    streams: int,
    configs: int,
    kinds: tuple[str, ...],
    seed: int,
    workers: int,
    only: int | None,
) -> None:
    """Fuzz; exit code 1 where anything was found."""
    counts = {"body": bodies, "stream": streams, "config": configs}
    chosen = kinds or tuple(CASES)
    if only is not None:
        for kind in chosen:
            click.echo(f"{kind}: {CASES[kind](chance(kind, seed, only))}")
        return
    outcomes: dict[str, Counter[str]] = {kind: Counter() for kind in chosen}
    findings: list[Finding] = []
    todo = [job for kind in chosen for job in jobs(kind, counts[kind], seed)]
    began = time.perf_counter()
    with (
        Pool(workers) as pool,
        click.progressbar(pool.imap_unordered(batch, todo), len(todo), file=sys.stderr) as done,
    ):
        for kind, found, bad in done:
            outcomes[kind] += found
            findings += bad
    for kind, found in outcomes.items():
        click.echo(f"{kind}: {found.total():,} cases without a fault")
        for outcome, times in found.most_common():
            click.echo(f"  {times:>9,}  {outcome}")
    click.echo(f"{len(findings)} findings in {time.perf_counter() - began:.0f} s, seed {seed}")
    for finding in findings[:MOST_SHOWN]:
        click.echo(f"  --seed {seed} {finding.again}: {finding.what}")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
