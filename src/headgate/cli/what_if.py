"""The flags that try changes out on the settings; plan and tripwire share them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import click

from headgate.bootstrap.archetypes import archetype
from headgate.bootstrap.scenario import WhatIf
from headgate.cli.flags import bad_flag
from headgate.cli.options import open_settings
from headgate.errors import ConfigError, ConfigFault
from headgate.settings import Reading

__all__ = [
    "CHANGES",
    "Origin",
    "archetype_option",
    "flag_of",
    "naming_flags",
    "open_origin",
    "unpercent",
    "what_if",
    "what_if_options",
]

SHARES = {
    "cache_hit_rate",
    "cheap_retry_rate",
    "escalation",
    "premium_retry_rate",
    "retry_rate",
    "stable_prefix",
}

CHANGES: dict[str, tuple[str, str]] = {
    "escalation": ("RATE", "Share of requests that the premium tier answers, such as 0.2 or 20%."),
    "premium": ("MODEL", "The premium tier's model, as provider/model."),
    "cheap": ("MODEL", "The cheapest tier's model, as provider/model."),
    "classifier": ("MODEL", "The model that decides, or none."),
    "requests_per_day": ("N", "Requests on an average day."),
    "days": ("N", "Days in a month."),
    "input_tokens": ("N", "Tokens that a request reads."),
    "output_tokens": ("N", "Tokens that an answer has."),
    "retry_rate": ("RATE", "Share of attempts, on every tier, that fail and are tried again."),
    "cheap_retry_rate": ("RATE", "The same for the cheapest tier alone."),
    "premium_retry_rate": ("RATE", "The same for the premium tier alone."),
    "stable_prefix": ("SHARE", "Share of the input that a prompt cache can hold."),
    "cache_hit_rate": ("RATE", "How often that share is read from the cache."),
    "overhead_usd": ("USD", "Fixed cost of routing a month, in US dollars."),
}


def flag_of(field: str) -> str:
    """The flag of a change."""
    return "--" + field.replace("_", "-")


def what_if_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add a flag for each change; the function receives them all as text, None where not given."""
    for field, (metavar, text) in reversed(CHANGES.items()):
        command = click.option(flag_of(field), field, metavar=metavar, help=text)(command)
    return command


def unpercent(field: str, text: str | None) -> str | None:
    """`20%` as `0.2`, where a share is asked for; what is no number is left for the scenario."""
    if text is None or field not in SHARES or not text.endswith("%"):
        return text
    try:
        return str(Decimal(text[:-1]) / 100)
    except ArithmeticError:  # no number, or one of millions of digits
        return text


def naming_flags(error: ConfigError, changes: Mapping[str, str | None]) -> ConfigError:
    """The same error, its faults under the flags that the values came from, each fault once."""
    faults = {}
    for fault in error.faults:
        key = (fault.field or "").rpartition(".")[2]
        field = flag_of(key) if changes.get(key) is not None else fault.field
        faults[field, fault.message] = ConfigFault(
            fault.message, fix=fault.fix, field=field, line=fault.line, source=fault.source
        )
    return ConfigError(error.message, fix=error.fix, faults=list(faults.values()))


class Origin(NamedTuple):
    """The settings that a command plans with, and how to speak of them."""

    reading: Reading
    source: str
    example: bool
    """They are the built-in example."""

    @property
    def named(self) -> str:
        """Where prices of their own are said to come from."""
        if self.reading.file is not None:
            return self.reading.file.name
        return "flags" if self.example else self.source


def archetype_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `--archetype NAME`; the function receives `name_of_archetype: str | None`."""
    return click.option(
        "--archetype",
        "name_of_archetype",
        metavar="NAME",
        help="A typical application in place of a file; `headgate archetypes` lists them.",
    )(command)


def open_origin(
    config: Path | None, sets: tuple[str, ...], *, prices: str | None, archetype_name: str | None
) -> Origin:
    """The file named or found, an archetype, or the built-in example.

    Raises:
        ConfigError: both a file and an archetype are named, or the settings cannot be read.
    """
    source = None
    if archetype_name is not None:
        if config is not None:
            raise bad_flag(
                "--archetype", "A file is named as well.", "Take --config or --archetype out."
            )
        found = archetype(archetype_name)
        config, source = found.path, f"archetype {found.name}"
    reading = open_settings(config, sets, prices=prices, need_providers=False)
    if source is None:
        source = str(reading.file) if reading.file else "the built-in example"
    return Origin(reading, source, example=reading.file is None)


def what_if(changes: Mapping[str, str | None]) -> WhatIf:
    """The changes that were asked for."""
    return WhatIf(**{field: unpercent(field, value) for field, value in changes.items()})
