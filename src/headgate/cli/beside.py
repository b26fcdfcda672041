"""What `headgate serve` does beside serving: in its sidecar, or, where there is none, by itself."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple

from headgate.bootstrap.admin import AdminToken
from headgate.bootstrap.book import book_of
from headgate.bootstrap.follower import Follower
from headgate.bootstrap.ledger import reader_of
from headgate.cli.said import Said
from headgate.cli.workers import TOKEN
from headgate.gateway.caller import Handler
from headgate.gateway.relay import Relay
from headgate.gateway.sidecar import Sidecar, Trouble
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import StoreError, Window
from headgate.ledger.totals import DAY_US
from headgate.ledger.writer import Ledger
from headgate.monitor.gauges import silence
from headgate.monitor.metrics import Metrics
from headgate.monitor.mishaps import MISHAPS, back_event, mishap_event
from headgate.routing.controls import Controls, Helm
from headgate.settings import Reading
from headgate.settings.schema import EgressSettings, Settings
from headgate.settings.watching import AlertSettings
from headgate.values import Clock

__all__ = [
    "Beside",
    "Chronicle",
    "Gateway",
    "beside_of",
    "has_sidecar",
    "sidecar_of",
]


class Gateway(NamedTuple):
    """What the watch and the pages need of a gateway."""

    metrics: Metrics
    ledger: Ledger
    keys: KeyStore | None
    helm: Helm
    clock: Clock
    counts: Callable[[], object]
    """Counts what has been served; called every second."""
    note: Callable[[Event], object]
    """Keeps an event, and keeps nobody waiting."""


class Beside(NamedTuple):
    """The pages, how they and the watch learn of a new configuration, and when they begin."""

    pages: Handler | None
    adopt: Callable[[Reading], object]
    begin: Callable[[], object]
    """Called once the gateway serves."""
    trouble: Callable[[], Trouble | None] = lambda: None
    """What is wrong with the process beside, where there is one."""


async def beside_of(
    parts: AsyncExitStack,
    reading: Reading,
    sets: tuple[str, ...],
    *,
    token: AdminToken | None,
    first: bool,
    gateway: Gateway,
) -> Beside:
    """The watch and the pages; of several processes the first one has them, and all follow.

    Args:
        parts: what is to be closed at the end.
        token: the admin port's; None: nobody asks for pages.
        first: whether this process is the first one.

    Raises:
        ConfigError: a secret of the alerts is missing, or the ledger cannot be used.
    """
    settings, metrics = reading.settings, gateway.metrics
    if first:
        metrics.show_all(silence())  # nobody has looked yet
    if not has_sidecar(settings):
        return _within(parts, reading, token, gateway)
    _try_alerts(settings.alerts, settings.egress)
    _follow(parts, settings, gateway)
    if not first:
        return Beside(None, lambda _: None, lambda: None)
    kept = Chronicle(gateway, _name(settings))
    told, well = kept.trouble, kept.well
    sidecar = sidecar_of(reading, sets, token, metrics, os.environ, told=told, well=well)
    relay = Relay(await parts.enter_async_context(sidecar.running()))
    return Beside(
        relay, lambda _: sidecar.tell(True), sidecar.begin, trouble=lambda: sidecar.trouble
    )


def _name(settings: Settings) -> str:
    """This gateway among those that share its ledger: a file's are all on one machine."""
    listen = settings.server.listen
    alone = settings.ledger.url.startswith("sqlite:")
    return listen if alone else f"{socket.gethostname()} {listen}"


class Chronicle:
    """Keeps what befalls the process beside a gateway, for `headgate status`.

    Args:
        here: the gateway's name, among those that share its ledger.
        again: seconds until a store that is away is tried again.
    """

    def __init__(self, gateway: Gateway, here: str, *, again: float = 30.0) -> None:
        self._gateway = gateway
        self._here = here
        self._again = again
        self._keeping: set[asyncio.Task[None]] = set()
        self._untold: list[Event] = []

    def trouble(self, trouble: Trouble, why: str) -> None:
        """It is in trouble; that it ended is counted as well."""
        if trouble == "ended":
            self._gateway.metrics.counter("headgate_beside_ended_total").inc()
        event = mishap_event(trouble, why, self._now_us(), self._here)
        self._untold.append(event)
        self._gateway.note(event)

    def well(self) -> None:
        """It goes on; that is kept where it was in trouble, be it before this gateway began."""
        told, self._untold = self._untold, []
        end = partial(self.end, told, self._now_us())
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._keep(loop.run_in_executor(None, end), end))
        self._keeping.add(task)
        task.add_done_callback(self._keeping.discard)

    async def _keep(self, ended: Awaitable[bool], end: Callable[[], bool]) -> None:
        """Until it is kept: nothing else would say it before the next trouble is over."""
        while not await ended:
            await asyncio.sleep(self._again)
            ended = asyncio.get_running_loop().run_in_executor(None, end)

    def end(self, told: Sequence[Event], at_us: int) -> bool:
        """Keep that it is well, unless the store is away; it may not have what is `told` yet."""
        store = self._gateway.ledger.store
        with suppress(StoreError):  # whoever stores says so
            events = store.events(Window(at_us - DAY_US, None), MISHAPS)
            back = back_event([*events, *told], at_us, self._here)
            if back is not None:
                store.note([back])
            return True
        return False

    def _now_us(self) -> int:
        return round(self._gateway.clock.time() * 1e6)


def _try_alerts(settings: AlertSettings, egress: EgressSettings) -> None:
    """What is wrong with them stops the start, though the sidecar is who sends them."""
    if settings != AlertSettings():
        from headgate.bootstrap.alerts import channels_of  # a tenth of the start, for few

        channels_of(settings, os.environ, egress)


def _follow(parts: AsyncExitStack, settings: Settings, gateway: Gateway) -> None:
    """Count, and do what others have decided."""

    def steer(controls: Controls) -> None:
        gateway.helm.controls = controls

    follower = Follower(
        open_store=lambda: reader_of(gateway.ledger, settings.ledger, os.environ),
        steer=steer,
        clock=gateway.clock,
        count=gateway.counts,
    )
    parts.callback(follower.close)
    follower.start()


def _within(
    parts: AsyncExitStack, reading: Reading, token: AdminToken | None, gateway: Gateway
) -> Beside:
    """All in this process. What it needs is read here, for where there is a sidecar nobody does."""
    from headgate.bootstrap.lookout import lookout_of
    from headgate.bootstrap.site import pages_of

    settings, ledger = reading.settings, gateway.ledger
    lookout, pages = None, None
    if settings.watch.live:
        lookout = lookout_of(
            settings,
            book_of(settings, str(reading.file)),
            os.environ,
            clock=gateway.clock,
            show=gateway.metrics.show_all,
            helm=gateway.helm,
            store=ledger.store if settings.ledger.url == "memory:" else None,
            count=gateway.counts,
        )
        parts.callback(lookout.close)
        lookout.start()
    else:
        _follow(parts, settings, gateway)
    if token is not None:
        shown = parts.enter_context(closing(reader_of(ledger, settings.ledger, os.environ)))
        pages = pages_of(reading, shown, token=token.value, keys=gateway.keys)

    def adopt(new: Reading) -> None:
        book = book_of(new.settings, str(new.file))
        if lookout is not None:
            lookout.adopt(new.settings, book)
        if pages is not None:
            pages.adopt(new, book)

    return Beside(None if pages is None else pages.site, adopt, lambda: None)


def has_sidecar(settings: Settings) -> bool:
    """Whether the first process that serves has a sidecar, which stores, watches and has the pages.

    A ledger in memory can be read by nobody else, so all that stays with the gateway; and so it
    does where a process cannot hand a socket to its child.
    """
    return settings.ledger.url != "memory:" and os.name == "posix"


def sidecar_of(
    reading: Reading,
    sets: tuple[str, ...],
    token: AdminToken | None,
    metrics: Metrics,
    env: Mapping[str, str],
    *,
    told: Callable[[Trouble, str], object] = lambda _, __: None,
    well: Callable[[], object] = lambda: None,
) -> Sidecar[Said]:
    """The sidecar of a gateway.

    Args:
        token: the admin port's; one that is kept nowhere reaches the sidecar by its environment.
        metrics: what its gauges are shown by.
        told: is told of trouble when it begins, and why.
        well: is told when it speaks first, and when it is out of trouble.
    """
    settled, env = [*sets], dict(env)
    if token is not None and token.origin == "memory":
        env[TOKEN] = token.value
        settled.append(f"server.admin_token_env={TOKEN}")
    options = [word for value in settled for word in ("--set", value)]

    def command(listening: int) -> list[str]:
        file = str(Path(reading.file)) if reading.file else ""
        at = [sys.executable, "-m", "headgate.cli.sidecar", str(listening), "--config", file]
        return [*at, *options]

    def heard(said: Said) -> None:
        metrics.show_all({name: dict(labelled) for name, labelled in said.gauges.items()})
        metrics.counter("headgate_ledger_failures_total").inc(said.failed)
        metrics.counter("headgate_ledger_dropped_prompts_total").inc(said.dropped)

    return Sidecar(command, says=Said, heard=heard, told=told, well=well, env=env)
