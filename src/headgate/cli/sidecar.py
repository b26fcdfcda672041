"""`python -m headgate.cli.sidecar`: what is done beside the process that serves.

Storing, watching and making pages take the interpreter from whoever waits for it in the same
process, so they are done in this one. It tells the gateway what the watch's gauges show, and that
the store failed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import AsyncExitStack, ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from headgate.bootstrap.book import book_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.late_pages import LatePages
from headgate.bootstrap.ledger import store_of, tender_of
from headgate.bootstrap.lookout import Lookout, lookout_of
from headgate.cli.main import main
from headgate.cli.options import open_settings, settings_options
from headgate.cli.running import log_to_stderr
from headgate.cli.said import Said, gauges_of
from headgate.errors import HeadgateError
from headgate.gateway.relay import framed, received, serve_relayed
from headgate.ledger.late import opened_or_late
from headgate.settings import Reading, read_with_sources

if TYPE_CHECKING:
    from headgate.bootstrap.site import Pages

__all__ = ["sidecar"]

log = logging.getLogger("headgate.gateway")

BEAT_SECONDS = 10.0
"""How often it says that it goes on, where it has nothing else to say."""
NICENESS = 10
"""Where processors are scarce, requests come first."""


@click.command()
@click.argument("listening", type=int)
@settings_options
def sidecar(listening: int, config: Path | None, sets: tuple[str, ...]) -> None:
    """Store, watch, and show the pages on the socket LISTENING, until standard input ends."""
    _stand_back()
    log_to_stderr()
    said = os.dup(1)
    os.dup2(2, 1)  # nothing else may stand between two messages
    reading = open_settings(config, sets, need_file=True)
    gateway = os.getppid()
    with socket.socket(fileno=listening) as held:
        place = Path(held.getsockname()).parent
        asyncio.run(_serve(reading, held, said, sets))  # uvloop takes memory, and little is said
    if os.getppid() != gateway:  # it was killed, and could not clean up
        shutil.rmtree(place, ignore_errors=True)


def _stand_back() -> None:
    os.nice(NICENESS)
    with suppress(OSError):  # where Linux weighs sessions before processes, ours is one of its own
        Path("/proc/self/autogroup").write_text(str(NICENESS))


async def _serve(
    reading: Reading, listening: socket.socket, said: int, sets: tuple[str, ...]
) -> None:
    settings, env = reading.settings, os.environ
    ended = _heeding()
    told = await _lifeline()
    async with AsyncExitStack() as parts:
        say = Voice(said)
        tender = tender_of(
            settings.ledger,
            env,
            SystemClock(),
            failed=lambda: say(Said(failed=1)),
            dropped=lambda prompts: say(Said(dropped=prompts)),
        )
        parts.callback(tender.close)
        tender.start()
        lookout: Lookout | None = None
        if settings.watch.live:
            book = book_of(settings, str(reading.file))
            lookout = lookout_of(
                settings,
                book,
                env,
                clock=SystemClock(),
                show=lambda values: say(Said(gauges_of(values))),
            )
            parts.callback(lookout.close)
            lookout.start()
        pages: LatePages | None = None
        if settings.server.admin:
            opened = parts.enter_context(ExitStack())
            pages = LatePages(reading, partial(_made, opened=opened))
            parts.callback((await serve_relayed(listening, pages)).close)
        beat = asyncio.create_task(_beat(say))
        parts.callback(beat.cancel)
        stop = asyncio.create_task(_heed(told, reading, sets, lookout, pages))
        parts.callback(stop.cancel)
        ending = asyncio.create_task(ended.wait())
        await asyncio.wait({stop, ending}, return_when=asyncio.FIRST_COMPLETED)
        if not ending.done():
            ending.cancel()
            stop.result()
            await asyncio.to_thread(tender.finish)


def _heeding() -> asyncio.Event:
    """Is set when the gateway ends us, as it does by SIGINT; it then stores what is left.

    SIGTERM is not heeded. A service manager tells all processes of a service, and we are needed
    until the gateway has finished what is under way.
    """
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, ended.set)
    loop.add_signal_handler(signal.SIGTERM, lambda: None)
    return ended


async def _beat(say: Callable[[Said], None]) -> None:
    """Say again and again that it goes on: one that is silent is taken for hung."""
    while True:
        say(Said())
        await asyncio.sleep(BEAT_SECONDS)


def _made(reading: Reading, *, opened: ExitStack) -> Pages:
    """The pages; what they read from is closed with `opened`."""
    from headgate.bootstrap.admin import admin_token  # a third of the memory, and nobody may look
    from headgate.bootstrap.keys import keys_of
    from headgate.bootstrap.site import pages_of

    settings, env = reading.settings, os.environ
    token = admin_token(settings, env).value
    with ExitStack() as trial:  # what fails is tried again with the next visitor
        shown = opened_or_late(lambda: store_of(settings.ledger, env))
        trial.enter_context(closing(shown))
        keys = opened_or_late(lambda: keys_of(settings, env), behind=shown)
        trial.enter_context(closing(keys))
        made = pages_of(reading, shown, token=token, keys=keys)
        opened.push(trial.pop_all())
    return made


async def _lifeline() -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    return reader


async def _heed(
    told: asyncio.StreamReader,
    reading: Reading,
    sets: tuple[str, ...],
    lookout: Lookout | None,
    pages: LatePages | None,
) -> None:
    """At each message, take the configuration over that the gateway has; return at their end."""
    while True:
        try:
            await received(told, bool)
        except EOFError:
            return
        try:
            new = await asyncio.to_thread(
                read_with_sources, reading.file, env=os.environ, sets=sets
            )
            book = book_of(new.settings, str(new.file))
        except HeadgateError as error:  # the file has been changed again meanwhile
            log.warning("the pages and the watch go on as they were: %s", error)
            continue
        if lookout is not None:
            lookout.adopt(new.settings, book)
        if pages is not None:
            pages.adopt(new, book)


class Voice:
    """Tells the gateway; the watch's thread does, and that which stores.

    Args:
        pipe: the descriptor that the gateway reads from.
    """

    def __init__(self, pipe: int) -> None:
        self._pipe = pipe
        self._one = threading.Lock()

    def __call__(self, said: Said) -> None:
        """Tell it."""
        message = framed(said)
        with self._one, suppress(BrokenPipeError):  # it is gone, and we are about to hear of it
            while message:
                message = message[os.write(self._pipe, message) :]


if __name__ == "__main__":
    main(command=sidecar)
