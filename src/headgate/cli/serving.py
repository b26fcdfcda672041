"""One process of the gateway: its parts are made, tied together, and closed in order."""

from __future__ import annotations

import asyncio
import gc
import os
import secrets
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, closing, suppress
from functools import partial
from typing import NamedTuple

import click

from headgate import __version__
from headgate.bootstrap.admin import AdminToken, admin_of, admin_token
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.decisions import PATH, decisions
from headgate.bootstrap.egress import missing_authorities
from headgate.bootstrap.gateway import app_of, need_keys, secrets_in_use, upstream_of
from headgate.bootstrap.key_files import KeyFiles
from headgate.bootstrap.keys import admission_of, gateway_keys_of, in_background
from headgate.bootstrap.ledger import exposed_prompts, ledger_of, recordable_of, transcripts_of
from headgate.bootstrap.metrics import metrics_of, scrape
from headgate.bootstrap.otel import Sending, sending
from headgate.bootstrap.quality import feedback_of, shadow_of
from headgate.bootstrap.reload import Reloader
from headgate.cli.beside import Beside, Gateway, beside_of
from headgate.cli.workers import Place
from headgate.gateway.admin import Admin
from headgate.gateway.app import App
from headgate.gateway.caller import Handler
from headgate.gateway.open_files import (
    allow_most,
    connections_within,
    requests_within,
    too_few_files,
)
from headgate.gateway.record import Told
from headgate.gateway.refusals import Refusals
from headgate.gateway.service import Port
from headgate.gateway.service import serve as serve_app
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import StoreError
from headgate.ledger.writer import Ledger
from headgate.monitor.metrics import Metrics
from headgate.routing.controls import Helm
from headgate.routing.ngrams import COMPILED
from headgate.settings import Reading, lasting, split_address
from headgate.settings.schema import LedgerSettings, Settings
from headgate.values import Clock

__all__ = ["announce", "serve_one"]


async def serve_one(
    reading: Reading, place: Place | None = None, sets: tuple[str, ...] = ()
) -> None:
    """Serve in this process, alone or, with a `place`, as one of several workers.

    Raises:
        ConfigError: a key is missing, an address cannot be bound, …
    """
    settings = reading.settings
    need_keys(settings, os.environ)  # what is missing stops the start before a ledger is made
    clock, helm = SystemClock(), Helm()
    first = place is None or place.number == 0
    files = allow_most()
    upstream = upstream_of(settings)
    async with AsyncExitStack() as parts:  # closes them in turn, the last first
        kept = _records(parts, settings, clock)
        metrics, ledger, telemetry = kept.metrics, kept.ledger, kept.telemetry
        admission = admission_of(settings, os.environ, clock, store=kept.keys, note=kept.note)
        app = app_of(
            settings,
            os.environ,
            upstream=upstream if telemetry is None else telemetry.introduce(upstream),
            recorder=Told(ledger, *kept.takers, admission.take),
            clock=clock,
            source=str(reading.file),
            helm=helm,
            admission=admission,
        )
        _confine(app, files, settings.server.max_requests, aloud=first)
        _furnish(parts, app, settings, kept, clock)
        taking_down = partial(_take_down, app, settings.ledger, ledger)
        taking_down(settings)
        token = admin_token(settings, os.environ) if settings.server.admin and first else None
        # closed after what is beside: a budget's slice goes back when nobody stores any more
        await parts.enter_async_context(admission)
        gateway = Gateway(metrics, ledger, kept.keys, helm, clock, kept.count_all, kept.note)
        beside = await beside_of(parts, reading, sets, token=token, first=first, gateway=gateway)
        app.beside = beside.trouble
        in_trouble = metrics.gauge("headgate_beside_trouble")
        kept.counts.append(lambda: in_trouble.set(beside.trouble() is not None))
        reloader = Reloader(
            app,
            reading,
            os.environ,
            sets=sets,
            note=kept.note,
            done=lambda new: _taken_over(new, metrics, beside, taking_down),
        )
        admin = None
        if token is not None:
            handler = _admin(app, token, ledger, metrics, reloader, beside.pages)
            admin = Port(handler, *_address(settings.server.admin), setting="admin")
        _spare_the_collector()
        keys = KeyFiles(
            lambda: reloader.settings.providers,
            lambda: app.plant.providers,
            lambda: taking_down(reloader.settings),
        )
        app.unreadable_keys = lambda: keys.unreadable
        unreadable = metrics.gauge("headgate_keys_unreadable")
        kept.counts.append(lambda: unreadable.set(keys.unreadable))
        async with reloader.running(watch=settings.server.reload), keys.running():
            host, port = _address(settings.server.listen)
            await serve_app(
                app,
                upstream,
                host=host,
                port=port,
                drain_seconds=settings.server.drain_seconds,
                notice_seconds=settings.server.drain_notice,
                ready=partial(_ready, reading, place, token, beside),
                admin=admin,
                lifeline=None if place is None else place.lifeline,
                room=connections_within(files),
            )


class _Records(NamedTuple):
    """What a process keeps of what it serves, and who hears of it."""

    metrics: Metrics
    ledger: Ledger
    keys: KeyStore | None
    """None: a ledger in memory has none."""
    telemetry: Sending | None
    note: Callable[[Event], None]
    takers: Sequence[Callable[[Entry], None]]
    """Told of every entry, beside the ledger."""
    counts: list[Callable[[], object]]
    """What is counted every second."""

    def count_all(self) -> None:
        """Count what has been served."""
        for one in self.counts:
            one()


def _records(parts: AsyncExitStack, settings: Settings, clock: Clock) -> _Records:
    """Open them; `parts` closes them.

    Raises:
        ConfigError: the ledger, the keys or the telemetry cannot be used.
    """
    metrics = parts.enter_context(closing(metrics_of(settings)))
    ledger = parts.enter_context(closing(ledger_of(settings.ledger, os.environ, clock)))
    keys = telemetry = None
    if settings.ledger.url != "memory:":
        keys = parts.enter_context(closing(gateway_keys_of(settings, os.environ, ledger)))
    takers: list[Callable[[Entry], None]] = [metrics.take]
    counts: list[Callable[[], object]] = [
        metrics.fold,
        lambda: metrics.ledger(ledger.counts),
        lambda: metrics.prompts(ledger.prompts),
    ]
    if settings.watch.otel:
        telemetry = parts.enter_context(closing(sending(os.environ, clock)))
        takers.append(telemetry.take)
        counts.append(telemetry.fold)
    note = in_background(ledger.store)
    return _Records(metrics, ledger, keys, telemetry, note, takers, counts)


def _furnish(
    parts: AsyncExitStack, app: App, settings: Settings, kept: _Records, clock: Clock
) -> None:
    """Give the application who follows, samples, hears feedback and refusals, and may refuse."""
    ledger, note = kept.ledger, kept.note
    app.follow = None if kept.telemetry is None else kept.telemetry.follow
    app.shadow = shadow_of(settings, lambda: app.plant, ledger.store, clock, note)
    if app.shadow is not None:
        parts.push_async_callback(app.shadow.close)
    app.feedback = feedback_of(ledger.store, clock)
    app.stored = ledger.store.stored
    refusals = Refusals(kept.metrics.refused, note, clock, holder=secrets.token_hex(8))
    parts.push_async_callback(_tell_the_rest, refusals, ledger)
    app.refused = refusals.take
    app.recordable = recordable_of(settings.ledger, ledger)


def _confine(app: App, files: int, wanted: int, *, aloud: bool) -> None:
    """No more requests than the open files allow; where these are less than wanted, say so."""
    requests = requests_within(files)
    app.confine(requests)
    if aloud and requests < wanted:
        click.echo(f"warning: {too_few_files(requests)}", err=True)


def _ready(
    reading: Reading, place: Place | None, token: AdminToken | None, beside: Beside, *urls: str
) -> None:
    """It listens."""
    if place is None:
        announce(urls, reading, token)
    else:
        place.report()
    beside.begin()


def _address(text: str) -> tuple[str, int]:
    found = split_address(text)
    assert found is not None  # noqa: S101 - the settings have been checked
    return found


async def _tell_the_rest(refusals: Refusals, ledger: Ledger) -> None:
    """The last minute's refusals; a store that is away does not hold up the end."""
    with suppress(StoreError):
        await asyncio.to_thread(ledger.store.note, refusals.events())


def _take_down(app: App, where: LedgerSettings, ledger: Ledger, settings: Settings) -> None:
    """Have prompts taken down, where they are stored, but for the keys that are in use."""
    keys = secrets_in_use(settings, os.environ, app.plant.providers.values())
    app.transcripts = transcripts_of(where, ledger, keys)


def _taken_over(
    reading: Reading, metrics: Metrics, beside: Beside, taking_down: Callable[[Settings], None]
) -> None:
    """A changed configuration is in effect: metrics, the watch and the pages learn of it."""
    metrics.info(__version__, reading.settings.fingerprint)
    taking_down(reading.settings)
    beside.adopt(reading)


def _admin(
    app: App,
    token: AdminToken,
    ledger: Ledger,
    metrics: Metrics,
    reloader: Reloader,
    pages: Handler | None,
) -> Admin:
    """Who answers on the admin port."""
    handler = admin_of(app, token)
    handler.mount("/metrics", scrape(metrics, lambda: ledger.counts))
    handler.mount("/api/reload", reloader.answer)
    handler.mount(PATH, decisions(ledger, lambda: app.plant))
    if pages is not None:
        handler.mount("/", pages, access="own")
    return handler


def announce(
    urls: Sequence[str],
    reading: Reading,
    token: AdminToken | None,
    *,
    compiled: bool = COMPILED,
) -> None:
    """Say where the gateway listens: callers' URL first, then that of the admin port."""
    url, *others = urls
    settings = reading.settings
    tiers = ", ".join(f"{tier.name} ({tier.model})" for tier in settings.tiers)
    classifier = settings.classifier
    decided = classifier.model or classifier.router or classifier.kind
    click.echo(f"Headgate listens on {url}")
    click.echo(f"  base URL for clients  {url}/v1", err=True)
    click.echo(f"  tiers                 {tiers}", err=True)
    click.echo(f"  decided by            {decided}", err=True)
    if classifier.router and not compiled:
        click.echo(
            "  scores                in Python, slower: no C compiler when installed", err=True
        )
    click.echo(f"  ledger                {settings.ledger.url}", err=True)
    if settings.egress.proxy:
        click.echo(f"  proxy to providers    {settings.egress.proxy}", err=True)
    if settings.ledger.store_prompts:
        kept = lasting(settings.ledger.keep_prompts)
        click.echo(f"  prompts and answers   stored in the ledger, for {kept}", err=True)
    doubts = (exposed_prompts(settings.ledger), missing_authorities(settings, os.environ))
    for doubt in filter(None, doubts):
        click.echo(f"warning: {doubt.message} {doubt.fix}", err=True)
    if others and token is not None:
        kept = f"token {token.value}, until it stops" if token.origin == "memory" else token.origin
        click.echo(f"  admin                 {others[0]}  ({kept})", err=True)


def _spare_the_collector() -> None:
    """Look for cyclic garbage seldom: a request leaves none, and each look goes over all it finds.

    What is there before the first request stays for good and is not looked at again. Measured at 64
    connections: 8 % of a request's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
