"""`python -m benchmarks.reliability [TEST…] [--full]`: what must hold, whether it did, and numbers.

Everything runs on loopback against simulated providers, bounded in time and in count. Without
`--full` each test is a short version of itself. Exit code 1: something did not hold.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.reliability.budgets import budget
from benchmarks.reliability.canaries import canaries
from benchmarks.reliability.crowds import overload, slow_readers
from benchmarks.reliability.deaths import deaths
from benchmarks.reliability.disconnects import disconnects
from benchmarks.reliability.farewells import farewell, restarts
from benchmarks.reliability.kills import kills
from benchmarks.reliability.outages import full_disk, locked, stopped
from benchmarks.reliability.outcome import Outcome
from benchmarks.reliability.refusals import gone, refusing
from benchmarks.reliability.spend import spend

__all__ = ["TESTS", "main"]


def _spend(full: bool) -> Iterator[Outcome]:
    yield spend(10_000 if full else 400)


def _kills(full: bool) -> Iterator[Outcome]:
    yield kills(200 if full else 4)


def _disconnects(full: bool) -> Iterator[Outcome]:
    yield disconnects(1_000 if full else 60)


def _deaths(full: bool) -> Iterator[Outcome]:
    yield deaths(1_000 if full else 63)


def _refusing(full: bool) -> Iterator[Outcome]:
    yield refusing(200, 60.0) if full else refusing(50, 3.0)


def _gone(full: bool) -> Iterator[Outcome]:
    yield gone(100, 60.0) if full else gone(50, 7.0)


def _overload(full: bool) -> Iterator[Outcome]:
    yield overload(60.0 if full else 3.0)


def _slow_readers(full: bool) -> Iterator[Outcome]:
    yield slow_readers(500, 40.0) if full else slow_readers(50, 5.0)


def _farewells(full: bool) -> Iterator[Outcome]:
    yield farewell(200 if full else 20)
    yield restarts(10, 200) if full else restarts(2, 50)


def _outages(full: bool) -> Iterator[Outcome]:
    seconds = 60.0 if full else 4.0
    yield locked(seconds)
    for closed in (False, True):
        try:
            yield full_disk(min(seconds, 20.0), closed=closed)
        except PermissionError as error:
            print(f"not run: {error}", file=sys.stderr)
    with _database() as database:
        if database is not None:
            yield stopped(seconds, database, database.url)


def _budgets(full: bool) -> Iterator[Outcome]:
    calls, dollars = (10_000, 1.0) if full else (200, 0.1)
    yield budget(calls, dollars=dollars)
    with _database() as database:
        if database is not None:
            yield budget(calls, dollars=dollars, ledger=database.url)


@contextmanager
def _database() -> Iterator[Any]:
    """A PostgreSQL, or None where there is none to have."""
    try:
        from benchmarks.reliability.database import Database
    except ImportError as error:
        print(f"not run: PostgreSQL ({error})", file=sys.stderr)
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="headgate-postgres-") as folder:
        Path(folder).chmod(0o755)
        with Database(Path(folder) / "data") as database:
            yield database


def _canaries(full: bool) -> Iterator[Outcome]:  # noqa: ARG001 - it is short in full
    yield canaries()


TESTS: dict[str, Callable[[bool], Iterator[Outcome]]] = {
    "1": _spend,
    "2": _kills,
    "3": _disconnects,
    "4": _deaths,
    "5": _refusing,
    "6": _gone,
    "7": _overload,
    "8": _slow_readers,
    "9": _farewells,
    "10": _outages,
    "11": _budgets,
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
    numbers = given.tests or list(TESTS)
    held, first = True, time.monotonic()
    for place, number in enumerate(numbers, 1):
        _say(f"test {number} ({place} of {len(numbers)}) …", first)
        began = time.monotonic()
        for outcome in TESTS[number](given.full):
            held &= outcome.held and outcome.in_time
            mark = "BROKEN" if not outcome.held else "held" if outcome.in_time else "SLOW"
            print(f"{number:>3}  {mark:<7} {outcome.test}: {outcome.measured}", flush=True)
        _say(f"test {number} took {time.monotonic() - began:.0f} s", first)
    return 0 if held else 1


def _say(what: str, first: float) -> None:
    """Progress, beside the table."""
    print(f"[{time.monotonic() - first:5.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
