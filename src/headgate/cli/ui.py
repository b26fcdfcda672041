"""`headgate ui`: the pages alone, without a gateway and without any key, on this machine only."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path

import click

from headgate.bootstrap.ledger import store_of
from headgate.bootstrap.measured import estimated_settings
from headgate.bootstrap.site import pages_of
from headgate.cli.files import FilePath
from headgate.cli.ledger_options import ledger_options
from headgate.cli.options import open_settings, prices_option
from headgate.errors import ConfigError
from headgate.gateway.http1_server import Http1Server
from headgate.ledger.store import Store
from headgate.ledger.url import open_store
from headgate.settings import Reading
from headgate.web.site import Site

__all__ = ["ui"]

HOST = "127.0.0.1"


@click.command()
@ledger_options
@prices_option
@click.option(
    "--sample",
    type=FilePath(),
    help="What `headgate estimate --write` wrote: the calculator can start from it.",
)
@click.option(
    "--port",
    default=8788,
    show_default=True,
    type=click.IntRange(0, 65535),
    help="Where to listen on 127.0.0.1; 0 takes a free port.",
)
def ui(
    config: Path | None,
    sets: tuple[str, ...],
    prices: str | None,
    url: str | None,
    sample: Path | None,
    *,
    port: int,
) -> None:
    """Show the pages in a browser: the calculator, and what the ledger says.

    Needs no gateway, no key and no file: without a headgate.toml the built-in example is shown.
    Answers to this machine only. Stops on Ctrl-C.
    """
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    measured = None if sample is None else estimated_settings(sample)
    store = _ledger(reading, url)
    try:
        pages = pages_of(reading, store, token=None, sample=measured, sums_up=True)
        asyncio.run(_serve(pages.site, port))
    finally:
        if store is not None:
            store.close()


def _ledger(reading: Reading, url: str | None) -> Store | None:
    """The ledger that is named must be there; the one that the settings name may be missing."""
    if url is not None:
        return open_store(url, create=False)
    if reading.file is None:
        return None
    try:
        return store_of(reading.settings.ledger, os.environ, create=False)
    except ConfigError as error:
        click.echo(f"There is no ledger to show yet: {error.message}", err=True)
        return None


async def _serve(site: Site, port: int) -> None:
    server = Http1Server(site)
    try:
        host, bound = await server.listen(HOST, port)
    except OSError as error:
        raise ConfigError(
            f"Cannot listen on {HOST}:{port}: {error.strerror or error}.",
            fix="Stop what uses it, or take another --port.",
        ) from error
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop.set)
    click.echo(f"Headgate shows its pages on http://{host}:{bound}")
    await stop.wait()
    await server.close()
