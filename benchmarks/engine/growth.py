"""`python -m benchmarks.engine.growth`: how time and memory grow with the work, at 1×, 10×, 100×.

Every figure comes from a process of its own, so that the memory is that of this work alone. Time is
processor time: what else the machine does meanwhile does not count.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

__all__ = ["WORKS", "main"]


def _scenarios(count: int) -> float:
    import numpy as np

    from benchmarks.engine.__main__ import scenarios
    from headgate import evaluate_many

    dice = np.random.default_rng(1)
    values = {"escalation": dice.random(count), "output_tokens": dice.integers(1, 2000, count)}
    return _took(lambda: evaluate_many(scenarios()[1], values))


def _sample(count: int) -> float:
    from benchmarks.sample.__main__ import write
    from headgate.analysis.readers import Reader
    from headgate.analysis.sample import Sample
    from headgate.bootstrap.recorded import pricer
    from headgate.prices.book import Book
    from headgate.settings import read_with_sources

    settings = read_with_sources(None, env={}, sets=(), need_providers=False).settings
    state = Sample(pricer(settings, Book.shipped(), date(2026, 11, 20)))

    def described(path: Path) -> None:
        for record in Reader([str(path)]).records():
            state.add(record)

    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "rows.jsonl"
        write(path, count)
        return _took(lambda: described(path))


def _training(count: int) -> float:
    from benchmarks.routing.speed import generated
    from headgate.analysis.train import train

    rows = generated(count)
    return _took(lambda: train(rows, on=date(2026, 1, 1)))


def _stored(count: int) -> float:
    from benchmarks.ledger.__main__ import fill
    from headgate.ledger.url import open_store

    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{directory}/ledger.db")
        seconds = _took(lambda: fill(store, count))
        store.close()
    return seconds


def _reported(count: int) -> float:
    from benchmarks.ledger.__main__ import fill, questions
    from headgate.ledger.url import open_store

    with tempfile.TemporaryDirectory() as directory:
        store = open_store(f"sqlite:///{directory}/ledger.db")
        fill(store, count)
        asks = [ask for name, ask in questions(store, count) if name.startswith("month")]
        seconds = _took(lambda: [ask() for ask in asks])
        store.close()
    return seconds


def _took(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


WORKS: dict[str, tuple[str, int, Callable[[int], float]]] = {
    "scenarios": ("scenarios over arrays", 10_000, _scenarios),
    "sample": ("sample rows read and described", 2_000, _sample),
    "training": ("graded rows trained on", 500, _training),
    "stored": ("ledger rows stored", 10_000, _stored),
    "reported": ("ledger rows behind a month's report", 10_000, _reported),
}
"""Name -> what is counted, how many of them are 1×, the work, which returns seconds."""


def main() -> int:
    """Print a Markdown table, or with `--one` a single figure for the process that prints it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.engine.growth", description=__doc__)
    parser.add_argument("--times", default="1,10,100", help="how many times the work")
    parser.add_argument("--only", default=",".join(WORKS), help="comma-separated")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    names = options.only.split(",")
    unknown = set(names) - set(WORKS)
    if unknown:
        parser.error(f"no such work: {', '.join(sorted(unknown))}. There are {', '.join(WORKS)}.")
    if options.one is not None:
        seconds = WORKS[names[0]][2](options.one)
        print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
        return 0
    times = [int(time) for time in options.times.split(",")]
    print("| work | how many | processor time | each | memory at most |\n|---|---:|---:|---:|---:|")
    for name in names:
        what, base, _ = WORKS[name]
        for factor in times:
            count = base * factor
            seconds, memory = _apart(name, count)
            each = seconds / count * 1e6
            print(f"| {what} | {count:,} | {seconds:.2f} s | {each:,.2f} µs | {memory:,} MB |")
            sys.stdout.flush()
    return 0


def _apart(name: str, count: int) -> tuple[float, int]:
    command = [sys.executable, "-m", "benchmarks.engine.growth", "--only", name, "--one"]
    ran = subprocess.run([*command, str(count)], check=True, capture_output=True, text=True)
    seconds, memory = ran.stdout.split()[-2:]
    return float(seconds), int(memory)


if __name__ == "__main__":
    sys.exit(main())
