"""Takes a changed configuration over while the gateway runs: the whole of it, or nothing."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import signal
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec

from headgate.bootstrap.book import snapshots_of
from headgate.bootstrap.gateway import plant_of
from headgate.bootstrap.keys import Note, terms_of
from headgate.errors import HeadgateError
from headgate.gateway.app import App
from headgate.gateway.caller import Caller
from headgate.gateway.paths import not_allowed
from headgate.gateway.plant import Plant
from headgate.ledger.event import Event
from headgate.prices.charge import charge
from headgate.settings import Reading, read_with_sources
from headgate.settings.schema import Settings
from headgate.values import ModelRef, Usage

__all__ = ["Outcome", "Reloader", "objections", "restart_needed"]

log = logging.getLogger("headgate.gateway")

POLL_SECONDS = 2.0
JUMP = 10
"""A price that rises or falls by this factor is taken for a slip until somebody says it is none."""

_PROBES = (Usage(input=1_000_000), Usage(output=1_000_000), Usage(cache_read=1_000_000))

_FIXED = {
    "server": (
        "listen",
        "admin",
        "admin_token_env",
        "workers",
        "drain_notice",
        "drain_seconds",
        "api_key_env",
    ),
    "keys": ("required", "pepper_env"),
    "ledger": None,
    "watch": None,
    "alerts": None,
    "escalation": None,
    "escalation_budgets": None,
    "quality": None,
}
"""Settings that a running gateway cannot change; None: the whole section."""


class Outcome(NamedTuple):
    """What came of a change."""

    kind: Literal["done", "refused"]
    config: str
    """Fingerprint of the configuration in effect now."""
    why: str = ""
    """Why it was refused."""
    restart: tuple[str, ...] = ()
    """Settings in the file that are not those of the start, and wait for the next one."""


class Reloader:
    """Watches what a gateway was made from, and makes it anew.

    Args:
        app: the gateway; it is handed a new plant.
        reading: what it was made from.
        sets: the `--set` options of its start.
        note: where events go.
        done: told of every configuration that has been taken over.
    """

    def __init__(
        self,
        app: App,
        reading: Reading,
        env: Mapping[str, str],
        *,
        sets: tuple[str, ...] = (),
        note: Note | None = None,
        done: Callable[[Reading], None] = lambda _: None,
    ) -> None:
        self._app = app
        self._reading = reading
        self._started = reading.settings
        self._env = env
        self._sets = sets
        self._note = note
        self._done = done
        self._lock = asyncio.Lock()
        self._looks = self._look()
        self._content = self._hash()
        self._refused = ""
        self.last = Outcome("done", reading.settings.fingerprint)

    @property
    def settings(self) -> Settings:
        """Those in effect."""
        return self._reading.settings

    @asynccontextmanager
    async def running(self, *, watch: bool) -> AsyncIterator[None]:
        """Reload at SIGHUP and, where `watch` says so, at every change of a file."""
        loop, tasks = asyncio.get_running_loop(), set[asyncio.Task[Any]]()

        def hung_up() -> None:
            task = loop.create_task(self.reload("signal"))
            tasks.add(task)
            task.add_done_callback(tasks.discard)

        if hasattr(signal, "SIGHUP"):
            loop.add_signal_handler(signal.SIGHUP, hung_up)
        if watch:
            tasks.add(loop.create_task(self.watch()))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def watch(self) -> None:
        """Take changes over as they come, until cancelled.

        A file is read once it has been still for one look, so that one that is being written is
        not read half; half of a file that stays is refused as any other fault is.
        """
        before = self._looks
        while True:
            await asyncio.sleep(POLL_SECONDS)
            looks = await asyncio.to_thread(self._look)
            if looks == before and looks != self._looks:
                self._looks = looks
                content = await asyncio.to_thread(self._hash)
                if content != self._content:
                    await self.reload("file")
            before = looks

    async def reload(self, cause: str, *, accept: bool = False) -> Outcome:
        """Read everything again and take it over, or say why not.

        Args:
            cause: who asks, for the event: `file`, `signal`, `api`.
            accept: take prices over that have jumped or come from an older list.
        """
        async with self._lock:
            self._content = await asyncio.to_thread(self._hash)
            try:
                reading, plant = await asyncio.to_thread(self._made)
            except HeadgateError as error:
                return self._refuse(cause, str(error))
            found = [] if accept else objections(self._app.plant, plant)
            if found:
                return self._refuse(cause, " ".join(found))
            return self._take_over(cause, reading, plant)

    def _made(self) -> tuple[Reading, Plant]:
        old = self._app.plant
        reading = read_with_sources(self._reading.file, env=self._env, sets=self._sets)
        plant = plant_of(
            reading.settings,
            self._env,
            upstream=old.upstream,
            recorder=old.recorder,
            clock=old.clock,
            jitter=old.jitter,
            source=str(reading.file),
            helm=old.helm,
        )
        return reading, msgspec.structs.replace(plant, deadlines=old.deadlines)

    def _take_over(self, cause: str, reading: Reading, plant: Plant) -> Outcome:
        settings = reading.settings
        if self._reading.settings.resilience == settings.resilience:
            plant.brakes.resume(self._app.plant.brakes)
        server = settings.server
        self._app.adopt(plant, max_body=server.max_body_bytes, max_requests=server.max_requests)
        self._app.admission.terms = terms_of(settings)
        self._app.refused_reload, self._refused = False, ""
        self._reading = reading
        self._done(reading)
        restart = tuple(restart_needed(self._started, settings))
        self.last = Outcome("done", settings.fingerprint, restart=restart)
        log.info("configuration %s is in effect (%s)", settings.fingerprint, cause)
        if restart:
            log.warning("these settings wait for a restart: %s", ", ".join(restart))
        self._tell("reload.done", cause, restart=restart)
        return self.last

    def _refuse(self, cause: str, why: str) -> Outcome:
        config = self._app.plant.config
        self.last = Outcome("refused", config, why)
        self._app.refused_reload = True
        if why != self._refused:  # the same fault is told once
            self._refused = why
            log.error("the changed configuration is refused, %s goes on: %s", config, why)
            self._tell("reload.refused", cause, why=why)
        return self.last

    def _tell(self, kind: str, cause: str, **detail: object) -> None:
        if self._note is None:
            return
        at_us = int(self._app.plant.clock.time() * 1e6)
        config = self._app.plant.config
        text = msgspec.json.encode({"cause": cause, **detail}).decode()
        self._note(
            Event(
                id=f"{kind}/{config}/{at_us}", at_us=at_us, kind=kind, subject=config, detail=text
            )
        )

    # ---- what it is made from

    def _files(self) -> Iterator[Path]:
        settings = self._reading.settings
        if self._reading.file is not None:
            yield self._reading.file
        if settings.price_list.file is not None:
            yield Path(settings.price_list.file)
        for policy in (settings.classifier, *settings.policies):
            if policy.router is not None:
                yield Path(policy.router)
        snapshots = snapshots_of(settings.price_list, self._env)
        if not settings.price_list.shipped and snapshots is not None:
            yield from sorted(snapshots.directory.glob("*"))

    def _look(self) -> list[tuple[str, int, int]]:
        found = []
        for path in self._files():
            try:
                stat = path.stat()
            except OSError:
                found.append((str(path), 0, -1))
            else:
                found.append((str(path), stat.st_mtime_ns, stat.st_size))
        return found

    def _hash(self) -> str:
        content = hashlib.sha256()
        for path in self._files():
            content.update(str(path).encode())
            try:
                content.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError:
                content.update(b"-")
        return content.hexdigest()

    # ---- the admin port's side

    async def answer(self, caller: Caller) -> None:
        """`GET`: what came of the last change. `POST`: reload; `?accept=prices` takes a jump.

        Raises:
            RequestError: 405, another method.
        """
        if caller.method == "POST":
            outcome = await self.reload("api", accept="accept=prices" in caller.query.split("&"))
        elif caller.method == "GET":
            outcome = self.last
        else:
            raise not_allowed(caller.method, ["GET", "POST"])
        status = 409 if caller.method == "POST" and outcome.kind == "refused" else 200
        body = msgspec.json.encode(outcome._asdict())
        caller.respond(status, [("content-type", "application/json")], body)


def objections(old: Plant, new: Plant) -> list[str]:
    """What speaks against the prices of a new plant: each a sentence with what to do."""
    at_us = int(old.clock.time() * 1e6)
    found = []
    if new.pricer.book.table.index.compiled < old.pricer.book.table.index.compiled:
        found.append("The price list is older than the one in use.")
    models = sorted({tier.model for tier in new.policies.tiers})
    found += filter(None, (_jump(old, new, model, at_us) for model in models))
    if found:
        found.append(
            "If that is meant, POST /api/reload?accept=prices on the admin port, or restart."
        )
    return found


def _jump(old: Plant, new: Plant, model: ModelRef, at_us: int) -> str | None:
    before, after = old.pricer.card(model, at_us), new.pricer.card(model, at_us)
    if before is None:
        return None
    if after is None:
        return f"The price of {model} is no longer known."
    for usage in _PROBES:
        was, now = charge(before, usage), charge(after, usage)
        if was and now is not None and not was < now * JUMP < was * JUMP * JUMP:
            return f"A price of {model} changes {JUMP}-fold or more."
    return None


def restart_needed(before: Settings, after: Settings) -> Iterator[str]:
    """The settings that differ and that a running gateway cannot change."""
    for section, names in _FIXED.items():
        old: Any = getattr(before, section)
        new: Any = getattr(after, section)
        if isinstance(old, tuple):  # tables by name
            if old != new:
                yield section
            continue
        for name in names or old.__struct_fields__:
            if getattr(old, name) != getattr(new, name):
                yield f"{section}.{name}"
    hooks = (before.alerts.webhook_url, before.alerts.slack_url_env)
    if before.egress != after.egress and any(hooks):
        yield "egress"  # providers' calls go by the new one, alerts by that of the start
