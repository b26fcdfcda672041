"""Test 10: the database locked, stopped, or without room: callers see nothing, no row is lost."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.reliability.outcome import Missing, Outcome
from benchmarks.reliability.place import Caller, Place, body_of, place
from headgate.errors import ConfigError
from headgate.testing.processes import Child

__all__ = ["full_disk", "locked", "started_without", "stopped"]

CALLERS = 8
WORST_RATIO = 1.10


class Load:
    """What was acknowledged, refused, and how long each answer took."""

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.refused = 0
        self.seconds: list[float] = []

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.seconds, n=100)[98]

    async def ask(self, caller: Caller, text: str, *, stream: bool) -> None:
        """One request."""
        began = time.monotonic()
        status, headers, _ = await caller.ask("chat", body_of("chat", "auto", text, stream=stream))
        self.seconds.append(time.monotonic() - began)
        if status == 200:
            self.acknowledged.append(headers["x-headgate-request-id"])
        else:
            self.refused += 1


async def _load(callers: Sequence[Caller], seconds: float) -> list[Load]:
    """Requests to all in turn by each of a few, so that what else goes on strikes all alike."""
    until = time.monotonic() + seconds
    loads = [Load() for _ in callers]

    async def work(one: int) -> None:
        turn = one
        while time.monotonic() < until:
            turn += 1
            which = turn % len(callers)
            text = f"question {one} {turn}"
            await loads[which].ask(callers[which], text, stream=one % 4 < 2)
            await asyncio.sleep(0.02)

    await asyncio.gather(*(work(one) for one in range(CALLERS)))
    return loads


def _under_load(here: Place, seconds: float) -> Load:
    return asyncio.run(_load([here.caller()], seconds))[0]


def locked(seconds: float) -> Outcome:
    """Another program holds SQLite's lock meanwhile."""
    with place() as here:

        @contextmanager
        def away() -> Iterator[None]:
            other = sqlite3.connect(here.folder / "ledger.db", isolation_level=None)
            other.execute("BEGIN IMMEDIATE")
            try:
                yield
            finally:
                other.execute("ROLLBACK")
                other.close()

        twin = here.replica("twin", f"sqlite:///{here.folder}/twin.db")
        return _away(f"SQLite locked for {seconds:g} s", here, twin, away, seconds)


def stopped(seconds: float, server: Any, url: str, others: str) -> Outcome:
    """PostgreSQL is stopped meanwhile; `server` can `stop` and `start`, `others` stays."""
    with place(ledger=url) as here:

        @contextmanager
        def away() -> Iterator[None]:
            server.stop()
            try:
                yield
            finally:
                server.start()

        twin = here.replica("twin", others)
        return _away(f"PostgreSQL stopped for {seconds:g} s", here, twin, away, seconds)


def started_without(seconds: float, server: Any) -> Outcome:
    """A gateway that is started while its PostgreSQL is stopped, and needs no pepper to."""
    server.stop()
    began = time.monotonic()
    with place(ledger=server.url) as here:
        started = time.monotonic() - began
        try:
            load = _under_load(here, seconds)
            spooled = here.spooled()
        finally:
            server.start()
        _there(here)
        rows = [row.request_id for row in here.settled(len(load.acknowledged))]
    nowhere, lost = set(load.acknowledged) - spooled, set(load.acknowledged) - set(rows)
    doubled = len(rows) - len(set(rows))
    return Outcome(
        "started while PostgreSQL is stopped",
        bool(load.acknowledged) and not (load.refused or nowhere or lost or doubled),
        f"{len(load.acknowledged):,} served without it, {len(nowhere)} of them not in the journal; "
        f"{len(lost)} lost, {doubled} doubled once it was back; providers and gateway were up "
        f"after {started:.1f} s",
    )


def _there(here: Place, seconds: float = 20.0) -> None:
    """The gateway makes the ledger's tables once it has found the database."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(ConfigError), here.store():
            return
        time.sleep(0.2)


def _away(what: str, here: Place, twin: Child, away: Callable[[], Any], seconds: float) -> Outcome:
    """Load before, meanwhile and after, in turn on a twin whose store stays where it is.

    The two are compared while the same else goes on: a before would be another moment's.
    """
    callers = [here.caller(), here.caller(twin)]
    asyncio.run(_load(callers, min(seconds, 2.0)))  # warm
    before, calm = asyncio.run(_load(callers, seconds))
    stored = {row.request_id for row in here.settled(len(before.acknowledged))}
    with away():
        during, beside = asyncio.run(_load(callers, seconds))
        spooled = here.spooled()  # nobody can store them now, and they are on the disk all the same
    nowhere = {*before.acknowledged, *during.acknowledged} - stored - spooled
    after, _ = asyncio.run(_load(callers, min(seconds, 2.0)))
    acknowledged = [*before.acknowledged, *during.acknowledged, *after.acknowledged]
    rows = [row.request_id for row in here.settled(len(acknowledged))]
    lost, doubled = set(acknowledged) - set(rows), len(rows) - len(set(rows))
    ratio, usual = during.p99 / beside.p99, before.p99 / calm.p99
    return Outcome(
        what,
        not lost and not doubled and not nowhere and not during.refused,
        f"{len(during.acknowledged):,} served meanwhile, {len(nowhere)} of them in neither journal "
        f"nor store, {len(lost)} lost, {doubled} doubled; p99 {during.p99 * 1000:.1f} ms, its twin "
        f"with a store {beside.p99 * 1000:.1f} ms ({ratio:.2f} ×; before, with two, {usual:.2f} ×)",
        ratio <= WORST_RATIO,
    )


@contextmanager
def _small_disk(megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory.

    Raises:
        Missing: this user may not mount.
    """
    if os.geteuid() != 0:
        raise Missing("a small disk: only root may mount one")
    with TemporaryDirectory(prefix="headgate-small-") as folder:
        command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", folder]
        mounted = subprocess.run(command, check=False, capture_output=True, text=True)
        if mounted.returncode:
            raise Missing(f"a small disk: {mounted.stderr.strip()}")
        try:
            yield Path(folder)
        finally:
            subprocess.run(["umount", "-l", folder], check=True, capture_output=True)


def full_disk(seconds: float, *, closed: bool) -> Outcome:
    """The disk of ledger and journal is filled meanwhile, and then has room again."""
    policy = "closed" if closed else "open"
    with (
        _small_disk(24) as disk,
        place(folder=disk, more=f'on_failure = "{policy}"') as here,
    ):
        before = _under_load(here, min(seconds, 2.0))
        filler = disk / "filler"
        stop = threading.Event()
        filling = threading.Thread(target=_fill, args=(filler, stop))
        filling.start()
        try:
            during = _under_load(here, seconds)
        finally:
            stop.set()
            filling.join()
            filler.unlink()
        _ready_again(here)
        after = _under_load(here, min(seconds, 2.0))
        acknowledged = [*before.acknowledged, *during.acknowledged, *after.acknowledged]
        rows = [row.request_id for row in here.settled(len(acknowledged))]
    lost, doubled = set(acknowledged) - set(rows), len(rows) - len(set(rows))
    as_told = bool(during.refused) if closed else not during.refused
    return Outcome(
        f"disk full for {seconds:g} s, on_failure = {policy}",
        not lost and not doubled and as_told and not after.refused,
        f"{len(during.acknowledged):,} served and {during.refused:,} refused meanwhile, "
        f"{len(lost)} lost, {doubled} doubled; afterwards {len(after.acknowledged):,} served",
    )


def _ready_again(here: Place, seconds: float = 15.0) -> None:
    """The gateway tries its journal every few seconds."""
    deadline = time.monotonic() + seconds
    while here.gateway.fetch("/readyz")[0] != 200 and time.monotonic() < deadline:
        time.sleep(0.1)


def _fill(file: Path, stop: threading.Event) -> None:
    """Take all the room there is, and what becomes free."""
    with file.open("wb", buffering=0) as out:
        size = 1 << 16
        while not stop.is_set():
            try:
                out.write(b"x" * size)
            except OSError:
                size = max(size // 2, 1)
                time.sleep(0.005)
