"""`headgate serve`: the gateway in the foreground, until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from headgate import __version__
from headgate.bootstrap.admin import AdminToken, admin_of, admin_token
from headgate.bootstrap.book import book_of, doubts_about_prices
from headgate.bootstrap.decisions import PATH, decisions
from headgate.bootstrap.gateway import SystemClock, app_of, upstream_of
from headgate.bootstrap.keys import admission_of, in_background, keys_of
from headgate.bootstrap.ledger import ledger_of, reader_of, recordable_of
from headgate.bootstrap.lookout import Lookout, lookout_of
from headgate.bootstrap.metrics import metrics_of, scrape
from headgate.bootstrap.otel import sending
from headgate.bootstrap.quality import feedback_of, shadow_of
from headgate.bootstrap.reload import Reloader
from headgate.bootstrap.site import site_of
from headgate.cli.options import open_settings, settings_options
from headgate.cli.workers import Place, supervise
from headgate.gateway.admin import Admin
from headgate.gateway.app import App
from headgate.gateway.record import Told
from headgate.gateway.service import Port
from headgate.gateway.service import serve as serve_app
from headgate.ledger.store import Store
from headgate.ledger.writer import Ledger
from headgate.monitor.metrics import Metrics
from headgate.routing.controls import Helm
from headgate.settings import Reading, Settings, split_address

__all__ = ["announce", "log_to_stderr", "run", "serve", "serve_one"]


@click.command()
@settings_options
@click.option("--listen", metavar="HOST:PORT", help="Where to listen, instead of the file's.")
@click.option(
    "--workers", type=click.IntRange(1, 256), help="How many processes, instead of the file's."
)
def serve(
    config: Path | None, sets: tuple[str, ...], *, listen: str | None, workers: int | None
) -> int:
    """Serve the gateway: callers use it as they use OpenAI, and ask for model `auto`.

    Needs a headgate.toml and the environment variables that it names. Stops on Ctrl-C or SIGTERM,
    after what is under way has been answered.
    """
    if listen is not None:
        sets = (*sets, f"server.listen={listen}")
    if workers is not None:
        sets = (*sets, f"server.workers={workers}")
    reading = open_settings(config, sets, need_file=True)
    log_to_stderr()
    settings, today = reading.settings, datetime.now(UTC).date()
    book = book_of(settings, str(reading.file))
    for warning in (*reading.warnings, *doubts_about_prices(settings, book, today)):
        click.echo(f"warning: {warning}", err=True)
    if settings.server.workers > 1:
        return supervise(config, sets, reading, announce)
    run(serve_one(reading, sets=sets))
    return 0


def log_to_stderr() -> None:
    """Where a gateway's log goes."""
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(name)s %(message)s",
    )


async def serve_one(
    reading: Reading, place: Place | None = None, sets: tuple[str, ...] = ()
) -> None:
    """Serve in this process, alone or, with a `place`, as one of several workers.

    Raises:
        ConfigError: a key is missing, an address cannot be bound, …
    """
    settings = reading.settings
    clock = SystemClock()
    upstream = upstream_of(settings)
    ledger = ledger_of(settings.ledger, os.environ, clock)
    metrics, helm = metrics_of(settings), Helm()
    telemetry = sending(os.environ) if settings.watch.otel else None
    others = [metrics.take] if telemetry is None else [metrics.take, telemetry.take]
    store = None if settings.ledger.url == "memory:" else keys_of(settings, os.environ)
    note = in_background(ledger.store)
    app: App | None = None
    lookout: Lookout | None = None
    pages: Store | None = None
    try:
        admission = admission_of(settings, os.environ, clock, store=store, note=note)
        app = app_of(
            settings,
            os.environ,
            upstream=upstream,
            recorder=Told(ledger, *others, admission.take),
            clock=clock,
            source=str(reading.file),
            helm=helm,
            admission=admission,
        )
        book = book_of(settings, str(reading.file))
        lookout = lookout_of(
            settings,
            book,
            os.environ,
            ledger=ledger,
            helm=helm,
            metrics=metrics,
            clock=clock,
            further=None if telemetry is None else telemetry.fold,
        )
        app.shadow = shadow_of(settings, lambda: app.plant, ledger.store, clock, note)
        app.feedback = feedback_of(ledger.store, clock)
        lookout.start(look=settings.watch.live)
        app.recordable = recordable_of(settings.ledger, ledger)
        reloader = Reloader(
            app,
            reading,
            os.environ,
            sets=sets,
            note=note,
            done=lambda new: _taken_over(new, reading, metrics, lookout),
        )
        address = split_address(settings.server.listen)
        assert address is not None  # noqa: S101 - the settings have been checked
        admin, token = None, None
        listen = split_address(settings.server.admin)
        if listen is not None and (place is None or place.number == 0):
            token = admin_token(settings, os.environ)
            pages = reader_of(ledger, settings.ledger, os.environ)
            handler = _admin(app, token, ledger, metrics, reloader)
            site = site_of(reading, pages, token=token.value, keys=store)
            handler.mount("/", site, access="own")
            admin = Port(handler, *listen, setting="admin")
        _spare_the_collector()
        async with admission, reloader.running(watch=settings.server.reload):
            await serve_app(
                app,
                upstream,
                host=address[0],
                port=address[1],
                drain_seconds=settings.server.drain_seconds,
                notice_seconds=settings.server.drain_notice,
                ready=(lambda *urls: announce(urls, reading, token))
                if place is None
                else place.report,
                admin=admin,
                lifeline=None if place is None else place.lifeline,
            )
    finally:
        if app is not None and app.shadow is not None:
            await app.shadow.close()
        for part in (pages, lookout, telemetry, store, ledger, metrics):
            if part is not None:
                part.close()


def _taken_over(
    settings: Settings, reading: Reading, metrics: Metrics, lookout: Lookout | None
) -> None:
    """A changed configuration is in effect: metrics and the watch learn of it."""
    metrics.info(__version__, settings.fingerprint)
    if lookout is not None:
        lookout.adopt(settings, book_of(settings, str(reading.file)))


def _admin(
    app: App, token: AdminToken, ledger: Ledger, metrics: Metrics, reloader: Reloader
) -> Admin:
    """Who answers on the admin port, but for the pages."""
    handler = admin_of(app, token)
    handler.mount("/metrics", scrape(metrics, lambda: ledger.counts))
    handler.mount("/api/reload", reloader.answer)
    handler.mount(PATH, decisions(ledger, lambda: app.plant))
    return handler


def announce(urls: Sequence[str], reading: Reading, token: AdminToken | None) -> None:
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
    click.echo(f"  ledger                {settings.ledger.url}", err=True)
    if others and token is not None:
        kept = f"token {token.value}, until it stops" if token.origin == "memory" else token.origin
        click.echo(f"  admin                 {others[0]}  ({kept})", err=True)


def run(main: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop where there is one (not on Windows): it halves the cost of a request."""
    try:
        import uvloop
    except ImportError:
        asyncio.run(main)
    else:
        uvloop.run(main)


def _spare_the_collector() -> None:
    """Look for cyclic garbage seldom: a request leaves none, and each look goes over all it finds.

    What is there before the first request stays for good and is not looked at again. Measured at 64
    connections: 8 % of a request's processor time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
