"""`headgate watch`: the status again and again, live on a terminal and line by line elsewhere."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from itertools import count as numbers
from pathlib import Path

import click

from headgate.bootstrap.watch import Watch
from headgate.cli.ledger_options import ledger_options
from headgate.cli.length import Length
from headgate.cli.open_ledger import open_ledger, unplanned
from headgate.cli.options import json_option
from headgate.cli.period import window
from headgate.cli.status import BILL, exit_code, told
from headgate.cli.status_data import document
from headgate.cli.status_page import line, page
from headgate.ledger.store import StoreError
from headgate.monitor.status import Status

__all__ = ["repeat", "watch"]

LEAST_SECONDS, MOST_SECONDS = 0.1, 86400.0


@click.command()
@ledger_options
@click.option(
    "--since",
    metavar="WHEN",
    default=BILL,
    help="Begin of the money shown: 24h or 7d before each look, a day, or a day and time (UTC).",
)
@click.option(
    "--every",
    type=Length(LEAST_SECONDS, MOST_SECONDS),
    metavar="DURATION",
    default="5s",
    show_default=True,
    help="How long to wait between two looks.",
)
@click.option("--count", type=click.IntRange(min=1), help="Stop after so many looks.")
@json_option
def watch(
    config: Path | None,
    sets: tuple[str, ...],
    url: str | None,
    since: str,
    every: float,
    count: int | None,
    *,
    as_json: bool,
) -> int:
    """Show the status live, until Ctrl-C.

    On a terminal it is one screen; elsewhere each look is a line, or with --json a document on a
    line. The exit code is that of `headgate status` at the last look.
    """
    looks = numbers() if count is None else range(count)
    with _ends_like_ctrl_c(), open_ledger(config, sets, url) as (store, settings, book):
        watched = Watch(store, settings, book, follow=told)

        def look() -> Status:
            now = datetime.now(UTC)
            before, found = watched.unplanned, watched.look(now, window(since, None, now))
            if watched.unplanned is not None and str(watched.unplanned) != str(before):
                unplanned(watched.unplanned)
            return found

        with _shown(as_json=as_json) as show:
            last = repeat(look, show, lambda: time.sleep(every), looks)
    if last is None:
        return 0
    if not as_json and sys.stdout.isatty():
        click.echo(page(last), nl=False)
    return exit_code(last)


def repeat(
    look: Callable[[], Status],
    show: Callable[[Status], None],
    pause: Callable[[], None],
    looks: Iterable[int],
) -> Status | None:
    """Look and show for as long as there are looks, or until Ctrl-C; return the last status.

    A ledger that does not answer now is told on standard error, and looked at again.
    """
    last = None
    with suppress(KeyboardInterrupt):
        for number in looks:
            if number:
                pause()
            try:
                last = look()
            except StoreError as error:
                click.echo(f"{error} It is tried again.", err=True)
            else:
                show(last)
    return last


@contextmanager
def _shown(*, as_json: bool) -> Iterator[Callable[[Status], None]]:
    """How a look is shown: on a screen of its own that is put away in the end, or as a line."""
    if as_json:
        yield lambda status: click.echo(document(status, indent=None))
        return
    if not sys.stdout.isatty():
        yield lambda status: click.echo(line(status))
        return
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

    with Live(console=Console(), screen=True, auto_refresh=False) as live:
        yield lambda status: live.update(Text.from_ansi(page(status)), refresh=True)


@contextmanager
def _ends_like_ctrl_c() -> Iterator[None]:
    """A polite kill puts the terminal back too."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
