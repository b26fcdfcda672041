"""`python -m benchmarks.reliability [TEST…] [--full]`: what must hold, whether it did, and numbers.

Everything runs on loopback against simulated providers, bounded in time and in count. Without
`--full` each test is a short version of itself. Exit code 1: something did not hold.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from benchmarks.reliability.budgets import budget
from benchmarks.reliability.canaries import canaries
from benchmarks.reliability.crowds import overload, slow_readers
from benchmarks.reliability.database import database
from benchmarks.reliability.deaths import deaths
from benchmarks.reliability.detours import SPELLINGS, detours
from benchmarks.reliability.disconnects import disconnects
from benchmarks.reliability.doors import STRINGS, injections, matrix, timing
from benchmarks.reliability.farewells import farewell, restarts
from benchmarks.reliability.fuzzing import fuzzing
from benchmarks.reliability.kills import kills, starts
from benchmarks.reliability.outages import full_disk, locked, started_without, stopped
from benchmarks.reliability.outcome import Missing, Outcome
from benchmarks.reliability.refusals import gone, refusing
from benchmarks.reliability.reloads import FAULTS, reloads
from benchmarks.reliability.slow_senders import oversized, slow_senders
from benchmarks.reliability.smuggling import PROXIES, smuggling
from benchmarks.reliability.soaked import soak
from benchmarks.reliability.spend import spend
from benchmarks.reliability.supply import distributions, imports, pages

__all__ = ["TESTS", "main"]


Case = Callable[[], Outcome]

WORK = Path("perf-work")
"""Where what takes long to make is kept: the load harness, a ledger of ten million rows."""


def _spend(full: bool) -> Iterator[Case]:
    yield partial(spend, 10_000 if full else 400)


def _kills(full: bool, work: Path = WORK) -> Iterator[Case]:
    yield partial(kills, 200 if full else 4)
    if full:
        yield partial(starts, 10, 10_000_000, work)


def _disconnects(full: bool) -> Iterator[Case]:
    yield partial(disconnects, 1_000 if full else 60)


def _deaths(full: bool) -> Iterator[Case]:
    yield partial(deaths, 1_000 if full else 63)


def _refusing(full: bool) -> Iterator[Case]:
    yield partial(refusing, *((200, 60.0) if full else (50, 3.0)))


def _gone(full: bool) -> Iterator[Case]:
    yield partial(gone, *((100, 60.0) if full else (50, 7.0)))


def _overload(full: bool) -> Iterator[Case]:
    yield partial(overload, 60.0 if full else 3.0)


def _slow_readers(full: bool) -> Iterator[Case]:
    yield partial(slow_readers, *((500, 40.0) if full else (50, 5.0)))


def _farewells(full: bool) -> Iterator[Case]:
    yield partial(farewell, 200 if full else 20)
    yield partial(restarts, *((10, 200) if full else (2, 50)))


def _outages(full: bool) -> Iterator[Case]:
    seconds = 60.0 if full else 4.0
    yield partial(locked, seconds)
    for closed in (False, True):
        yield partial(full_disk, seconds, closed=closed)

    def stopping() -> Outcome:
        with database() as server, database() as other:
            return stopped(seconds, server, server.url, other.url)

    yield stopping

    def late() -> Outcome:
        with database() as server:
            return started_without(min(seconds, 10.0), server)

    yield late


def _budgets(full: bool) -> Iterator[Case]:
    calls, dollars = (10_000, 1.0) if full else (200, 0.1)
    yield partial(budget, calls, dollars=dollars)

    def shared() -> Outcome:
        with database() as server:
            return budget(calls, dollars=dollars, ledger=server.url)

    yield shared


def _soak(full: bool, work: Path = WORK) -> Iterator[Case]:
    requests, seconds = (1_000_000, 5) if full else (20_000, 1)
    yield partial(soak, work, requests, seconds=seconds, judged=full)


def _reloads(full: bool) -> Iterator[Case]:
    yield partial(reloads, len(FAULTS) if full else 3)


def _fuzzing(full: bool) -> Iterator[Case]:
    texts, files = (1_000_000, 100_000) if full else (20_000, 1_000)
    for kind, count in (("body", texts), ("stream", texts), ("config", files)):
        yield partial(fuzzing, kind, count)


def _detours(full: bool) -> Iterator[Case]:
    yield partial(detours, len(SPELLINGS) if full else 10)


def _doors(full: bool) -> Iterator[Case]:
    yield partial(injections, STRINGS if full else 50)
    yield matrix
    yield partial(timing, 100_000 if full else 5_000)


def _supply(full: bool) -> Iterator[Case]:
    yield distributions
    yield imports
    if full:
        yield pages


def _smuggling(full: bool) -> Iterator[Case]:
    for proxy in (None, *PROXIES):
        yield partial(smuggling, 10 if full else 1, proxy)


def _slow_senders(full: bool) -> Iterator[Case]:
    yield partial(slow_senders, *((1_000, 20.0) if full else (100, 4.0)))
    yield partial(oversized, 20 if full else 3)


def _canaries(full: bool) -> Iterator[Case]:  # noqa: ARG001 - it is short in full
    yield canaries


TESTS: dict[str, Callable[[bool], Iterator[Case]]] = {
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
    "12": _soak,
    "13": _reloads,
    "14": _smuggling,
    "15": _slow_senders,
    "16": _fuzzing,
    "17": _detours,
    "18": _canaries,
    "19": _doors,
    "20": _supply,
}
"""By their numbers in the table of docs/testing.md."""

LONGEST = 1800
"""Seconds that one line of the table may take."""


def main(
    arguments: list[str] | None = None,
    tests: Mapping[str, Callable[[bool], Iterator[Case]]] = TESTS,
) -> int:
    """Print the table, line by line; whatever becomes of one test, the others follow."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    parser.add_argument("tests", nargs="*", metavar="TEST", help=f"of {', '.join(tests)}; all")
    parser.add_argument("--full", action="store_true", help="the full counts")
    parser.add_argument(
        "--longest", type=int, default=LONGEST, metavar="SECONDS", help="of one line; %(default)s"
    )
    parser.add_argument(
        "--work", type=Path, default=WORK, help="where `python -m benchmarks.gateway` has run, and "
        "a ledger of ten million rows is kept; %(default)s",
    )  # fmt: skip
    given = parser.parse_args(arguments)
    if tests is TESTS:
        own = {"2": partial(_kills, work=given.work), "12": partial(_soak, work=given.work)}
        tests = {**TESTS, **own}
    unknown = set(given.tests) - tests.keys()
    if unknown:
        parser.error(f"there is no test {min(unknown)}; there are {', '.join(tests)}")
    numbers = given.tests or list(tests)
    held, first = True, time.monotonic()
    with _ending_in_order():
        for place, number in enumerate(numbers, 1):
            _say(f"test {number} ({place} of {len(numbers)}) …", first)
            began = time.monotonic()
            for case in tests[number](given.full):
                mark, said = _line(case, given.longest)
                held &= mark in ("held", "not run")
                print(f"{number:>3}  {mark:<7} {said}", flush=True)
            _say(f"test {number} took {time.monotonic() - began:.0f} s", first)
    return 0 if held else 1


def _line(case: Case, longest: int) -> tuple[str, str]:
    """What became of a test, in a word and in numbers."""
    try:
        with _at_most(longest):
            outcome = case()
    except Missing as error:
        return "not run", str(error)
    except Exception as error:  # noqa: BLE001 - the rest of the table is wanted all the same
        traceback.print_exc()
        return "ERROR", f"{type(error).__name__}: {error}"
    mark = "BROKEN" if not outcome.held else "held" if outcome.in_time else "SLOW"
    return mark, f"{outcome.test}: {outcome.measured}"


@contextmanager
def _at_most(seconds: int) -> Iterator[None]:
    """TimeoutError in whatever takes longer."""

    def over(*_: object) -> None:
        raise TimeoutError(f"not done after {seconds} s")

    before = signal.signal(signal.SIGALRM, over)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


@contextmanager
def _ending_in_order() -> Iterator[None]:
    """SIGTERM, as `timeout` sends it, ends what was started too."""

    def told(*_: object) -> None:
        raise SystemExit(128 + signal.SIGTERM)

    before = signal.signal(signal.SIGTERM, told)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _say(what: str, first: float) -> None:
    """Progress, beside the table."""
    print(f"[{time.monotonic() - first:5.0f} s] {what}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
