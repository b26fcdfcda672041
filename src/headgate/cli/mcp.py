"""`headgate mcp`: the cost model for agents, over the Model Context Protocol."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click

from headgate.cli.ledger_options import ledger_options
from headgate.errors import ConfigError

__all__ = ["mcp_command"]


@click.command("mcp")
@ledger_options
def mcp_command(config: Path | None, sets: tuple[str, ...], url: str | None) -> None:
    """Let an agent ask what routing would cost, and whether it still pays.

    Speaks the Model Context Protocol on stdin and stdout: an agent's program starts it, and ends it
    by closing stdin. Its tools only read: the settings named here, their prices and their ledger.
    Nothing is written and nothing is sent anywhere.
    """
    if config is not None and not config.exists():
        raise ConfigError(
            f"There is no file {config}.",
            fix="Name the one that is meant with --config, by its whole path.",
        )
    try:  # an extra, and slow to import: only who asks for it pays for it
        from headgate.cli.mcp_server import serve
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "headgate":
            raise
        raise ConfigError(
            "This needs the SDK of the Model Context Protocol, which is not installed.",
            fix="Run `pip install 'headgate[mcp]'`.",
        ) from error
    from headgate.cli.mcp_answers import Place

    if sys.stdin.isatty():
        click.echo(
            "Waiting for an agent's messages on stdin: this is for a program to start; see "
            "docs/mcp.md. Ctrl-D ends it.",
            err=True,
        )
    # the thread that waits for a line cannot be stopped; nothing is held that an end would spoil
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    asyncio.run(serve(Place(config, sets, url)))
