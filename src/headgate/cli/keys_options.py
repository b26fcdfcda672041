"""What the commands over keys share: the limits they set, and the ledger where keys rest."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import click
import msgspec

from headgate.access.limits import Budget, Limits, budget
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.key_desk import KeyDesk
from headgate.bootstrap.keys import keys_of, pepper_of
from headgate.bootstrap.ledger import store_of
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.errors import ConfigError
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import Store
from headgate.settings import Settings
from headgate.values import Clock

__all__ = ["Label", "Opened", "Wanted", "limit_options", "over_keys"]

Wanted: TypeAlias = Callable[[Limits], Limits]
"""The limits before, with those in their place that were given."""


class Label(click.ParamType[tuple[str, str]]):
    """A label such as owner=alice."""

    name = "label"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[str, str]:
        """Its name and its value."""
        name, _, text = (part.strip() for part in str(value).partition("="))
        if not name or not text:
            self.fail(f"{value!r} is no label: write it as --label owner=alice.", param, ctx)
        return name, text


class _Money(click.ParamType[Budget]):
    """A budget such as 20/month."""

    name = "budget"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> Budget:
        """Nano-dollars a period."""
        try:
            return budget(str(value))
        except ValueError as error:
            self.fail(f"{error}.", param, ctx)


def _one_of_each(
    _: click.Context, param: click.Parameter, value: tuple[Budget, ...]
) -> tuple[Budget, ...]:
    if len({one.period for one in value}) < len(value):
        raise click.BadParameter("give one of each period at most.", param=param)
    return value


_LIMITS = (
    click.option(
        "--budget",
        "budgets",
        type=_Money(),
        multiple=True,
        metavar="USD/PERIOD",
        callback=_one_of_each,
        help="Money a day, week or month (UTC), as `20/month`; one of each.",
    ),
    click.option(
        "--requests-per-minute", type=click.IntRange(0, 10**9), help="Most requests a minute."
    ),
    click.option(
        "--tokens-per-minute",
        type=click.IntRange(0, 10**12),
        help="Most tokens a minute, input and output together.",
    ),
    click.option(
        "--model",
        "models",
        multiple=True,
        metavar="PATTERN",
        help="A model it may use, as `anthropic/*`; repeatable. Default: all.",
    ),
    click.option(
        "--tier",
        "tiers",
        multiple=True,
        metavar="NAME",
        help="A tier that may answer it; repeatable. Default: all.",
    ),
    click.option(
        "--policy",
        "policies",
        multiple=True,
        metavar="NAME",
        help="A policy it may ask for, as `auto` or `auto:NAME`; repeatable. Default: all.",
    ),
    click.option(
        "--pin/--no-pin", default=None, help="Whether it may choose a tier or model itself."
    ),
)


def limit_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a key or a team may use; the function receives `wanted: Wanted`."""

    @functools.wraps(command)
    def limited(*positional: Any, **given: Any) -> Any:
        changes = {name: given.pop(name) for name in Limits.__struct_fields__}
        said = {name: value for name, value in changes.items() if value not in (None, ())}
        return command(
            *positional, wanted=lambda before: msgspec.structs.replace(before, **said), **given
        )

    for option in reversed(_LIMITS):
        limited = option(limited)
    return limited


class Opened(NamedTuple):
    """The keys of a ledger, open for one command."""

    store: KeyStore
    desk: KeyDesk
    clock: Clock
    ledger: Store
    settings: Settings

    @property
    def now_us(self) -> int:
        """The time, microseconds since 1970."""
        return int(self.clock.time() * 1e6)


def over_keys(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add `-c`, `--set` and `--json`; the function receives `opened: Opened` and `as_json`."""

    @functools.wraps(command)
    def over(config: Path | None, sets: tuple[str, ...], **rest: Any) -> Any:
        with _opened(config, sets) as opened:
            return command(opened, **rest)

    return json_option(settings_options(over))


@contextmanager
def _opened(config: Path | None, sets: tuple[str, ...]) -> Iterator[Opened]:
    settings = open_settings(config, sets, need_file=True, need_providers=False).settings
    if settings.ledger.url == "memory:":
        raise ConfigError(
            "A ledger in memory holds no keys: they would be gone with this command.",
            fix="Set [ledger] url to sqlite:///headgate.db or a PostgreSQL database.",
        )
    clock = SystemClock()
    store = keys_of(settings, os.environ)
    try:
        pepper = pepper_of(settings, os.environ)
        ledger = store_of(settings.ledger, os.environ, create=True)
        try:
            desk = KeyDesk(store, pepper, clock, lambda event: _noted(ledger, event))
            yield Opened(store, desk, clock, ledger, settings)
        finally:
            ledger.close()
    finally:
        store.close()


def _noted(ledger: Store, event: Event) -> None:
    ledger.note([event])
