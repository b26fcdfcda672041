"""A gateway with its watch on real sockets, whose clock a simulation moves on day by day."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from headgate.bootstrap.book import book_of
from headgate.bootstrap.gateway import app_of, upstream_of
from headgate.bootstrap.ledger import ledger_of
from headgate.bootstrap.lookout import Lookout, lookout_of, release_event
from headgate.bootstrap.metrics import metrics_of
from headgate.gateway.http1_server import Http1Server
from headgate.gateway.record import Told
from headgate.ledger.event import Event
from headgate.ledger.store import Store
from headgate.ledger.writer import Ledger
from headgate.monitor.standing import standing
from headgate.routing.controls import Helm
from headgate.settings import read
from headgate.testing.brain import Echo
from headgate.testing.provider import DIALECTS, Provider
from headgate.testing.server import Server

__all__ = ["BEGIN", "DAY", "SETTINGS", "Clock", "Day", "House", "creeping", "house", "run_day"]

DAY = 86_400.0
ENV = {"SIM_KEY": "sk-sim"}
BEGIN = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

SETTINGS = """
[classifier]
kind = "rules"
[[classifier.rules]]
name = "hard"
tier = "premium"
matches = "prove"
[tiers.cheap]
model = "sim/cheap-1"
[tiers.premium]
model = "sim/premium-1"
[escalation]
rate = 0.12
budget = 0.15
on_breach = "{on_breach}"
[watch]
every = "1s"
[alerts]
webhook_url = "{webhook}"
repeat = "0s"
[providers.sim]
dialect = "openai"
base_url = "{provider}/v1"
api_key_env = "SIM_KEY"
[prices."sim/cheap-1"]
input = "1.00"
output = "5.00"
[prices."sim/premium-1"]
input = "3.00"
output = "15.00"
[ledger]
url = "sqlite:///{ledger}"
"""


class Clock:
    """Simulated time of day; durations within a request are real ones."""

    def __init__(self) -> None:
        self.now = BEGIN
        self._skipped = 0.0

    def time(self) -> float:
        """Seconds since 1970, as the simulation has it."""
        return self.now

    def monotonic(self) -> float:
        """Real seconds, for a time-out is a time-out, and those that were skipped."""
        return time.monotonic() + self._skipped

    def skip(self, seconds: float) -> None:
        """As if so much time had gone by, on both clocks."""
        self.now += seconds
        self._skipped += seconds


class Day(NamedTuple):
    """What a day looked like from outside."""

    number: int
    requests: int
    premium: int
    """Answered by the premium tier, as the response headers say."""
    pinned: int


class House:
    """All that a simulation has its hands on."""

    def __init__(self, port: int, clock: Clock, ledger: Ledger, lookout: Lookout) -> None:
        self.port = port
        self.clock = clock
        self.ledger = ledger
        self.lookout = lookout
        self.number = 0

    @property
    def store(self) -> Store:
        """Where events are."""
        return self.ledger.store

    def events(self, *kinds: str) -> list[Event]:
        """The events of these kinds so far."""
        return self.store.events(kinds=kinds)

    def release(self) -> None:
        """What `headgate escalation release` does."""
        action = standing(self.events()).action
        assert action is not None
        at_us = int(self.clock.now * 1_000_000)
        self.store.note([release_event(action, at_us, by="command", why="the rule was mended")])

    async def look(self) -> None:
        """All rows in the store, and one turn of the watch, as after `every` has gone by."""
        self.clock.skip(3.0)
        await asyncio.to_thread(self.ledger.flush)
        await asyncio.to_thread(self.lookout.tick)


@asynccontextmanager
async def house(folder: Path, *, on_breach: str, webhook: str) -> AsyncIterator[House]:
    """A provider, a gateway and its watch; torn down to the last socket at the end."""
    provider = Server(Provider(DIALECTS["openai"](), models=["cheap-1", "premium-1"], brain=Echo()))
    address = await provider.start("127.0.0.1", 0)
    file = folder / "headgate.toml"
    file.write_text(
        SETTINGS.format(
            on_breach=on_breach,
            webhook=webhook,
            provider=f"http://127.0.0.1:{address}",
            ledger=folder / "creep.db",
        )
    )
    settings, clock, helm = read(file, env=ENV), Clock(), Helm()
    ledger = ledger_of(settings.ledger, ENV, clock)
    metrics, upstream = metrics_of(settings), upstream_of(settings)
    recorder = Told(ledger, metrics.take)
    app = app_of(settings, ENV, upstream=upstream, recorder=recorder, clock=clock, helm=helm)
    lookout = lookout_of(
        settings,
        book_of(settings),
        ENV,
        clock=clock,
        show=metrics.show_all,
        helm=helm,
        count=metrics.fold,
    )
    gateway = Http1Server(app)
    _, port = await gateway.listen("127.0.0.1", 0)
    try:
        yield House(port, clock, ledger, lookout)
    finally:
        await gateway.close()
        await upstream.close()
        await provider.stop()
        await asyncio.to_thread(lookout.close)
        ledger.close()


async def run_day(home: House, number: int, requests: int, rate: float, dice: random.Random) -> Day:
    """Ask for a day, its requests spread over it, and let the watch look at its end.

    `rate` is the chance that a request is one that the rule sends to premium.
    """
    begin = BEGIN + number * DAY
    reader, writer = await asyncio.open_connection("127.0.0.1", home.port)
    premium = pinned = 0
    for place in range(requests):
        home.clock.now = begin + DAY * place / requests
        hard = dice.random() < rate
        head = await _ask(reader, writer, "prove it" if hard else "hello")
        premium += head["x-headgate-tier"] == "premium"
        pinned += head["x-headgate-reason"] == "pinned-by-watch"
    writer.close()
    home.clock.now = begin + DAY - 10
    await home.look()
    return Day(number, requests, premium, pinned)


async def _ask(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, content: str
) -> dict[str, str]:
    message = {"model": "auto", "messages": [{"role": "user", "content": content}]}
    body = json.dumps(message).encode()
    writer.write(
        b"POST /v1/chat/completions HTTP/1.1\r\nhost: h\r\ncontent-type: application/json\r\n"
        b"content-length: %d\r\n\r\n%s" % (len(body), body)
    )
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 30)).decode()
    status, *lines = head.strip().split("\r\n")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    await reader.readexactly(int(headers["content-length"]))
    if " 200 " not in f"{status} ":
        raise RuntimeError(f"the gateway answered {status}")
    return headers


def creeping(begin: int, start: float, a_day: float) -> Callable[[int], float]:
    """A rate that leaves `start` on a day, and rises by `a_day` with each further one."""
    return lambda day: start + max(0, day - begin) * a_day
