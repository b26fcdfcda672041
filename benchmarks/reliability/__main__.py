"""`python -m benchmarks.reliability [TEST…] [--full]`: what must hold, whether it did, and numbers.

Everything runs on loopback against simulated providers, bounded in time and in count. Without
`--full` each test is a short version of itself. Exit code 1: something did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.reliability.canaries import canaries
from benchmarks.reliability.disconnects import disconnects
from benchmarks.reliability.kills import kills
from benchmarks.reliability.outages import full_disk, locked, stopped
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.spend import spend

__all__ = ["TESTS", "main"]


def _spend(full: bool) -> Iterator[Outcome]:
    yield spend(10_000 if full else 400)


def _kills(full: bool) -> Iterator[Outcome]:
    yield kills(200 if full else 4)


def _disconnects(full: bool) -> Iterator[Outcome]:
    yield disconnects(1_000 if full else 60)


def _outages(full: bool) -> Iterator[Outcome]:
    seconds = 60.0 if full else 4.0
    yield locked(seconds)
    for closed in (False, True):
        try:
            yield full_disk(min(seconds, 20.0), closed=closed)
        except PermissionError as error:
            print(f"not run: {error}", file=sys.stderr)
    try:
        from benchmarks.reliability.database import Database
    except ImportError as error:
        print(f"not run: PostgreSQL stopped ({error})", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(prefix="headgate-postgres-") as folder:
        Path(folder).chmod(0o755)
        with Database(Path(folder) / "data") as database:
            yield stopped(seconds, database, database.url)


def _canaries(full: bool) -> Iterator[Outcome]:  # noqa: ARG001 - it is short in full
    yield canaries()


TESTS: dict[str, Callable[[bool], Iterator[Outcome]]] = {
    "1": _spend,
    "2": _kills,
    "3": _disconnects,
    "10": _outages,
    "18": _canaries,
}
"""By their numbers in the table of docs/testing.md."""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"of {', '.join(TESTS)}; all")
    parser.add_argument("--full", action="store_true", help="the full counts")
    given = parser.parse_args(arguments)
    unknown = set(given.tests) - TESTS.keys()
    if unknown:
        parser.error(f"there is no test {min(unknown)}; there are {', '.join(TESTS)}")
    held = True
    for number in given.tests or TESTS:
        for outcome in TESTS[number](given.full):
            held &= outcome.held and outcome.in_time
            mark = "BROKEN" if not outcome.held else "held" if outcome.in_time else "SLOW"
            print(f"{number:>3}  {mark:<7} {outcome.test}: {outcome.measured}", flush=True)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
