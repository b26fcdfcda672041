"""The options that commands share: which file, single settings, JSON instead of a table."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from headgate.cli.files import FilePath
from headgate.errors import ConfigError
from headgate.settings import Reading, find, read_with_sources

__all__ = [
    "config_option",
    "document_options",
    "json_option",
    "one_format",
    "open_settings",
    "prices_option",
    "set_option",
    "settings_options",
    "table_width",
]

NARROWEST = 60
"""Columns that a table takes at least: in fewer, names could not be told apart."""

_Callback = TypeVar("_Callback", bound=Callable[..., Any])


def config_option(command: _Callback) -> _Callback:
    """Add `-c/--config PATH`; the function receives `config: Path | None`."""
    return click.option(
        "-c",
        "--config",
        type=FilePath(),
        help="The settings file; default: HEADGATE_CONFIG, else ./headgate.toml.",
    )(command)


def set_option(command: _Callback) -> _Callback:
    """Add `--set KEY=VALUE`, repeatable; the function receives `sets: tuple[str, ...]`."""
    return click.option(
        "--set",
        "sets",
        multiple=True,
        metavar="KEY=VALUE",
        help="Set one value over the file, such as traffic.requests_per_day=5000; repeatable.",
    )(command)


def settings_options(command: _Callback) -> _Callback:
    """Add both `-c/--config` and `--set`; the function receives `config` and `sets`."""
    return config_option(set_option(command))


def json_option(command: _Callback) -> _Callback:
    """Add `--json`; the function receives `as_json: bool`."""
    return click.option(
        "--json", "as_json", is_flag=True, help="Print one JSON document instead of a table."
    )(command)


def prices_option(command: _Callback) -> _Callback:
    """Add `--prices FILE`, short for a setting; the function receives `prices: str | None`."""
    return click.option(
        "--prices",
        metavar="FILE",
        help="A file of your own prices, TOML or JSON lines; as [price_list] file.",
    )(command)


def document_options(command: _Callback) -> _Callback:
    """Add `--csv`, `--markdown` and `--html`; the function receives `as_csv`, `as_markdown` and
    `as_html`, and asks `one_format` whether there is one at most."""
    for name, text in (
        ("html", "Print one self-contained HTML page with charts instead of a table."),
        ("markdown", "Print Markdown instead of a table."),
        ("csv", "Print the money as CSV instead of a table."),
    ):
        command = click.option(f"--{name}", f"as_{name}", is_flag=True, help=text)(command)
    return command


def one_format(**chosen: bool) -> None:
    """Refuse more than one of the formats that were chosen.

    Raises:
        click.UsageError: there are two or more.
    """
    names = [f"--{name}" for name, taken in chosen.items() if taken]
    if len(names) > 1:
        raise click.UsageError(f"Choose one: {' or '.join(names)}.")


def table_width() -> int:
    """Ids and models are long: as wide as the terminal, and wide where there is none."""
    return max(NARROWEST, shutil.get_terminal_size((160, 24)).columns)


def open_settings(
    config: Path | None,
    sets: tuple[str, ...] = (),
    *,
    prices: str | None = None,
    need_file: bool = False,
    need_providers: bool = True,
) -> Reading:
    """Read the settings as every command does: the file named or found, environment, flags.

    Without a file the built-in example is read, unless `need_file`. `need_providers=False` lets a
    plan name models of providers that are not configured, which only serving needs. `prices` is
    what `--prices` was given.

    Raises:
        ConfigError: no file where one is needed, or faults in the settings.
    """
    if prices is not None:
        sets = (*sets, f"price_list.file={prices}")
    path = config or find(Path(), os.environ)
    if path is None and need_file:
        raise ConfigError(
            "There is no headgate.toml in this directory.",
            fix="Run `headgate init` to write one, or name yours with --config.",
        )
    return read_with_sources(path, env=os.environ, sets=sets, need_providers=need_providers)
