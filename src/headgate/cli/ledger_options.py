"""Options that the commands over the ledger share: which ledger, and which period."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from headgate.cli.options import settings_options

__all__ = ["ledger_options", "period_options"]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


def ledger_options(command: _Callback) -> _Callback:
    """Add `-c`, `--set` and `--ledger`: `config`, `sets` and `url`."""
    option = click.option(
        "--ledger",
        "url",
        metavar="URL",
        help="The ledger; default: [ledger] url of the settings.",
    )
    return settings_options(option(command))


def period_options(command: _Callback) -> _Callback:
    """Add `--since` and `--until`."""
    for name, text in (
        ("until", "End, in the same forms; a day is taken to its end."),
        ("since", "Begin: 24h or 7d before now, a day, or a day and time (UTC)."),
    ):
        command = click.option(f"--{name}", metavar="WHEN", help=text)(command)
    return command
