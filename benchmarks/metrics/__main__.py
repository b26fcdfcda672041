"""`python -m benchmarks.metrics`: microseconds for an entry, taken and counted."""

from __future__ import annotations

import argparse
from time import perf_counter

from tests.ledger.samples import entry

from headgate.ledger.entry import Entry
from headgate.monitor.metrics import WAITING, Metrics
from headgate.values import Usage

__all__ = ["main"]


def _entry(number: int) -> Entry:
    premium = number % 5 == 0
    return entry(
        request_id=f"r{number}",
        at_us=number,
        tier="premium" if premium else "cheap",
        premium=premium,
        model_asked="claude-sonnet-4-6" if premium else "claude-haiku-4-5",
        streamed=True,
        usage=Usage(1000, 400, 200),
        queue_us=800,
    )


def main() -> None:
    """Print the best of some rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=20)
    rounds = parser.parse_args().rounds
    entries = [_entry(number) for number in range(WAITING)]
    metrics = Metrics({"anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5"}, env={})
    taking, counting = [], []
    for _ in range(rounds):
        began = perf_counter()
        for one in entries:
            metrics.take(one)
        taken = perf_counter()
        metrics.fold()
        taking.append((taken - began) / WAITING * 1e6)
        counting.append((perf_counter() - taken) / WAITING * 1e6)
    print(f"taken by the request  {min(taking):6.3f} µs an entry")
    print(f"counted afterwards    {min(counting):6.3f} µs an entry")


if __name__ == "__main__":
    main()
