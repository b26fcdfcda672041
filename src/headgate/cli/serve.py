"""`headgate serve`: the gateway in the foreground, until it is told to stop."""

from __future__ import annotations

import os
from pathlib import Path

import click

from headgate.bootstrap.book import book_of
from headgate.bootstrap.doubts import warnings_of
from headgate.cli.options import open_settings, settings_options
from headgate.cli.running import log_to_stderr, run
from headgate.cli.serving import announce, serve_one
from headgate.cli.workers import supervise

__all__ = ["serve"]


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
    book = book_of(reading.settings, str(reading.file))
    for warning in warnings_of(reading, book, os.environ):
        click.echo(f"warning: {warning}", err=True)
    if reading.settings.server.workers > 1:
        return supervise(config, sets, reading, announce)
    run(serve_one(reading, sets=sets))
    return 0
