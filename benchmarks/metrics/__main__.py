"""`python -m benchmarks.metrics`: microseconds for an entry, taken and counted."""

from __future__ import annotations

import argparse
from time import perf_counter

from tests.ledger.samples import entry

from headgate.ledger.entry import Entry
from headgate.monitor.metrics import GROUP, Metrics
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
    entries = [_entry(number) for number in range(GROUP * 100)]
    metrics = Metrics({"anthropic/claude-sonnet-4-6", "anthropic/claude-haiku-4-5"}, env={})
    took = []
    for _ in range(rounds):
        began = perf_counter()
        for one in entries:
            metrics.take(one)
        took.append((perf_counter() - began) / len(entries) * 1e6)
    print(f"taken and counted {min(took):6.3f} µs an entry, {GROUP} at a time")


if __name__ == "__main__":
    main()
