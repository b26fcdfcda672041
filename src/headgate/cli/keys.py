"""`headgate keys`: virtual keys and their teams are made, shown, changed, renewed and revoked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import msgspec

from headgate.access.key import Key, Team
from headgate.access.limits import NO_LIMITS, Budget, Limits, budget
from headgate.bootstrap.gateway import SystemClock
from headgate.bootstrap.key_desk import Issued, KeyDesk
from headgate.bootstrap.keys import keys_of, pepper_of, refused_today
from headgate.bootstrap.ledger import store_of
from headgate.cli.keys_page import key_document, key_page, keys_table, team_document, team_page
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.errors import ConfigError
from headgate.ledger.event import Event
from headgate.ledger.keys import KeyStore
from headgate.ledger.store import Store
from headgate.render.table import aligned
from headgate.settings import seconds
from headgate.values import Clock

__all__ = ["keys"]

_Callback = TypeVar("_Callback", bound=Callable[..., Any])

LONGEST_LIFE = 100 * 365 * 86400.0


class _Length(click.ParamType[float]):
    """A length of time such as 90d, in seconds."""

    name = "duration"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Seconds."""
        try:
            length = seconds(str(value))
        except ValueError:
            self.fail(f"{value!r} is not a length of time: write it as 12h, 90d.", param, ctx)
        if not 0 <= length <= LONGEST_LIFE:
            self.fail(f"{value!r} is not between 0 and 100 years.", param, ctx)
        return length


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


def _limit_options(command: _Callback) -> _Callback:
    """What a key or a team may use; the function receives `limits: _Given`."""
    for option in (
        click.option(
            "--pin/--no-pin", default=None, help="Whether it may choose a tier or model itself."
        ),
        click.option(
            "--policy",
            "policies",
            multiple=True,
            metavar="NAME",
            help="A policy it may ask for, as `auto` or `auto:NAME`; repeatable. Default: all.",
        ),
        click.option(
            "--tier",
            "tiers",
            multiple=True,
            metavar="NAME",
            help="A tier that may answer it; repeatable. Default: all.",
        ),
        click.option(
            "--model",
            "models",
            multiple=True,
            metavar="PATTERN",
            help="A model it may use, as `anthropic/*`; repeatable. Default: all.",
        ),
        click.option(
            "--tokens-per-minute",
            type=click.IntRange(0, 10**12),
            help="Most tokens a minute, input and output together.",
        ),
        click.option(
            "--requests-per-minute", type=click.IntRange(0, 10**9), help="Most requests a minute."
        ),
        click.option(
            "--budget",
            "budgets",
            type=_Money(),
            multiple=True,
            metavar="USD/PERIOD",
            help="Money a day, week or month (UTC), as `20/month`; one of each.",
        ),
    ):
        command = option(command)
    return command


def _limits(given: dict[str, Any], before: Limits = NO_LIMITS) -> Limits:
    """The limits before, with those that were given in their place."""
    periods = [one.period for one in given["budgets"]]
    if len(set(periods)) < len(periods):
        raise click.UsageError("Give one --budget of each period at most.")
    changes = {name: value for name, value in given.items() if value not in (None, ())}
    return msgspec.structs.replace(before, **changes)


class _Opened(NamedTuple):
    store: KeyStore
    desk: KeyDesk
    clock: Clock
    ledger: Store

    @property
    def now_us(self) -> int:
        return int(self.clock.time() * 1e6)


@contextmanager
def _opened(config: Path | None, sets: tuple[str, ...]) -> Iterator[_Opened]:
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
            yield _Opened(store, desk, clock, ledger)
        finally:
            ledger.close()
    finally:
        store.close()


@click.group()
def keys() -> None:
    """Hand out virtual keys: each with its own budget, limits and name in the ledger.

    A key's secret is shown once, when it is made. Running gateways see a change within seconds.
    """


@keys.command("create")
@click.argument("name")
@click.option("--team", metavar="NAME", help="The team whose limits it shares.")
@click.option("--expires", "lasts", type=_Length(), help="How long it is good, as 90d.")
@click.option(
    "--label", "labels", multiple=True, metavar="KEY=VALUE", help="A label of yours; repeatable."
)
@_limit_options
@json_option
@settings_options
def create(
    name: str,
    *,
    team: str | None,
    lasts: float | None,
    labels: tuple[str, ...],
    as_json: bool,
    config: Path | None,
    sets: tuple[str, ...],
    **given: Any,
) -> None:
    """Make a key called NAME and show its secret, this once."""
    limits, pairs = _limits(given), dict(map(_pair, labels))
    with _opened(config, sets) as opened:
        issued = opened.desk.create(name, team=team, limits=limits, labels=pairs, lasts=lasts)
        _show_issued(opened, issued, as_json=as_json)


@keys.command("list")
@click.option("--all", "everything", is_flag=True, help="Expired and revoked ones too.")
@json_option
@settings_options
def list_keys(
    *, everything: bool, as_json: bool, config: Path | None, sets: tuple[str, ...]
) -> None:
    """List the keys, what they may spend, and what they have spent."""
    with _opened(config, sets) as opened:
        known = opened.store.keys()
        found = [key for key in known if everything or key.state(opened.now_us) == "active"]
        spent = {key.id: opened.store.spending(f"key:{key.id}") for key in found}
        teams = opened.store.teams()
        refused = refused_today(opened.ledger, opened.now_us)
        if as_json:
            _echo_json(
                {
                    "keys": [
                        key_document(key, spent[key.id], opened.now_us)
                        | {"refused_today": refused.get(key.id, 0)}
                        for key in found
                    ],
                    "teams": [_team_document(opened, team) for team in teams],
                }
            )
            return
    if not found:
        click.echo("There are no keys. `headgate keys create NAME` makes one.")
        return
    click.echo(aligned(keys_table(found, spent, opened.now_us, refused)))


@keys.command("show")
@click.argument("key")
@json_option
@settings_options
def show(key: str, *, as_json: bool, config: Path | None, sets: tuple[str, ...]) -> None:
    """Show one KEY: its limits, and what it has spent.

    KEY is an id or a name.
    """
    with _opened(config, sets) as opened:
        _show_key(opened, opened.desk.find(key), as_json=as_json)


@keys.command("change")
@click.argument("key")
@click.option("--no-limits", is_flag=True, help="Take all limits off first.")
@_limit_options
@json_option
@settings_options
def change(
    key: str,
    *,
    no_limits: bool,
    as_json: bool,
    config: Path | None,
    sets: tuple[str, ...],
    **given: Any,
) -> None:
    """Change the limits of a KEY.

    Those that are given take the place of those that were.
    """
    with _opened(config, sets) as opened:
        before = NO_LIMITS if no_limits else opened.desk.find(key).limits
        _show_key(opened, opened.desk.change(key, _limits(given, before)), as_json=as_json)


@keys.command("rotate")
@click.argument("key")
@click.option(
    "--grace",
    type=_Length(),
    default="1d",
    show_default=True,
    help="How long the old secret stays good.",
)
@json_option
@settings_options
def rotate(
    key: str, *, grace: float, as_json: bool, config: Path | None, sets: tuple[str, ...]
) -> None:
    """Give a KEY a new secret and show it, this once.

    Its budget and its name stay.
    """
    with _opened(config, sets) as opened:
        _show_issued(opened, opened.desk.rotate(key, grace=grace), as_json=as_json)


@keys.command("revoke")
@click.argument("key")
@json_option
@settings_options
def revoke(key: str, *, as_json: bool, config: Path | None, sets: tuple[str, ...]) -> None:
    """Take a KEY back, for ever."""
    with _opened(config, sets) as opened:
        _show_key(opened, opened.desk.revoke(key), as_json=as_json)


@keys.command("team")
@click.argument("name")
@click.option("--no-limits", is_flag=True, help="Take all limits off first.")
@_limit_options
@json_option
@settings_options
def team(
    name: str,
    *,
    no_limits: bool,
    as_json: bool,
    config: Path | None,
    sets: tuple[str, ...],
    **given: Any,
) -> None:
    """Set the limits that all keys of the team NAME share.

    Without any, they are shown.
    """
    with _opened(config, sets) as opened:
        known = {team.name: team for team in opened.store.teams()}
        before = known[name].limits if name in known and not no_limits else NO_LIMITS
        wanted = _limits(given, before)
        if name in known and wanted == known[name].limits:
            found = known[name]
        else:
            found = opened.desk.team(name, wanted)
        if as_json:
            _echo_json(_team_document(opened, found))
        else:
            click.echo(team_page(found, opened.store.spending(f"team:{name}"), opened.now_us))


def _show_key(opened: _Opened, key: Key, *, as_json: bool) -> None:
    spent = opened.store.spending(f"key:{key.id}")
    if as_json:
        _echo_json(key_document(key, spent, opened.now_us))
    else:
        click.echo(key_page(key, spent, opened.now_us))


def _show_issued(opened: _Opened, issued: Issued, *, as_json: bool) -> None:
    """The secret is the one line on stdout: it can be piped to where secrets are kept."""
    if as_json:
        document = key_document(
            issued.key, opened.store.spending(f"key:{issued.key.id}"), opened.now_us
        )
        _echo_json({**document, "secret": issued.secret})
        return
    click.echo(key_page(issued.key, [], opened.now_us), err=True)
    click.echo("Its secret is shown this once:", err=True)
    click.echo(issued.secret)


def _team_document(opened: _Opened, team: Team) -> dict[str, object]:
    return team_document(team, opened.store.spending(f"team:{team.name}"), opened.now_us)


def _noted(ledger: Store, event: Event) -> None:
    ledger.note([event])


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise click.UsageError(f"{text!r} is no label: write it as --label owner=alice.")
    return name.strip(), value.strip()


def _echo_json(document: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
