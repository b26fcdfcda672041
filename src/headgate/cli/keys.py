"""`headgate keys`: virtual keys and their teams are made, shown, changed, renewed and revoked."""

from __future__ import annotations

import click
import msgspec

from headgate.access.key import Key, Team
from headgate.access.limits import NO_LIMITS, Limits
from headgate.bootstrap.key_desk import Issued
from headgate.bootstrap.keys import refused_today
from headgate.cli.group import Group
from headgate.cli.keys_doubts import doubts
from headgate.cli.keys_options import Label, Opened, Wanted, limit_options, over_keys
from headgate.cli.keys_page import key_document, key_page, keys_table, team_document, team_page
from headgate.cli.length import Length
from headgate.cli.options import table_width
from headgate.errors import ConfigError
from headgate.render.table import aligned
from headgate.settings.draft import did_you_mean

__all__ = ["keys"]

YEAR = 365 * 86400.0
LIFE = Length(1.0, 100 * YEAR)
GRACE = Length(0.0, 100 * YEAR)


@click.group(cls=Group)
def keys() -> None:
    """Hand out virtual keys: each with its own budget, limits and name in the ledger.

    A key's secret is shown once, when it is made. Running gateways see a change within seconds.
    """


@keys.command("create")
@click.argument("name")
@click.option(
    "--team", metavar="NAME", help="The team whose limits it shares; made where there is none."
)
@click.option("--expires", "lasts", type=LIFE, help="How long it is good, as 90d.")
@click.option(
    "--label",
    "labels",
    type=Label(),
    multiple=True,
    metavar="KEY=VALUE",
    help="A label of yours; repeatable.",
)
@over_keys
@limit_options
def create(
    opened: Opened,
    name: str,
    *,
    team: str | None,
    lasts: float | None,
    labels: tuple[tuple[str, str], ...],
    wanted: Wanted,
    as_json: bool,
) -> None:
    """Make a key called NAME and show its secret, this once."""
    limits = wanted(NO_LIMITS)
    _warn(opened, limits)
    known = opened.store.keys()
    if any(key.name == name and key.state(opened.now_us) == "active" for key in known):
        click.echo(
            f"warning: Another key is called {name!r} too. Commands tell them apart by id.",
            err=True,
        )
    issued = opened.desk.create(name, team=team, limits=limits, labels=dict(labels), lasts=lasts)
    _show_issued(opened, issued, as_json=as_json)


@keys.command("list")
@click.option("--all", "everything", is_flag=True, help="Expired and revoked ones too.")
@over_keys
def list_keys(opened: Opened, *, everything: bool, as_json: bool) -> None:
    """List the keys, what they may spend, and what they have spent."""
    known = opened.store.keys()
    found = [key for key in known if everything or key.state(opened.now_us) == "active"]
    spent = {key.id: opened.store.spending(f"key:{key.id}") for key in found}
    refused = refused_today(opened.ledger, opened.now_us)
    if as_json:
        documents = [
            key_document(key, spent[key.id], opened.now_us)
            | {"refused_today": refused.get(key.id, 0)}
            for key in found
        ]
        teams = [_team_document(opened, team) for team in opened.store.teams()]
        _echo_json({"keys": documents, "teams": teams})
    elif found:
        table = keys_table(found, spent, opened.now_us, refused)
        click.echo(aligned(table, table_width()), nl=False)
    else:
        click.echo("There are no keys. `headgate keys create NAME` makes one.")


@keys.command("show")
@click.argument("key")
@over_keys
def show(opened: Opened, key: str, *, as_json: bool) -> None:
    """Show one KEY: its limits, and what it has spent.

    KEY is an id or a name.
    """
    _show_key(opened, opened.desk.find(key), as_json=as_json)


@keys.command("change")
@click.argument("key")
@click.option("--no-limits", is_flag=True, help="Take all limits off first.")
@over_keys
@limit_options
def change(opened: Opened, key: str, *, no_limits: bool, wanted: Wanted, as_json: bool) -> None:
    """Change the limits of a KEY.

    Those that are given take the place of those that were.
    """
    before = NO_LIMITS if no_limits else opened.desk.find(key).limits
    limits = wanted(before)
    _warn(opened, limits)
    _show_key(opened, opened.desk.change(key, limits), as_json=as_json)


@keys.command("rotate")
@click.argument("key")
@click.option(
    "--grace",
    type=GRACE,
    default="1d",
    show_default=True,
    help="How long the old secret stays good.",
)
@over_keys
def rotate(opened: Opened, key: str, *, grace: float, as_json: bool) -> None:
    """Give a KEY a new secret and show it, this once.

    Its budget and its name stay.
    """
    _show_issued(opened, opened.desk.rotate(key, grace=grace), as_json=as_json)


@keys.command("revoke")
@click.argument("key")
@over_keys
def revoke(opened: Opened, key: str, *, as_json: bool) -> None:
    """Take a KEY back, for ever."""
    _show_key(opened, opened.desk.revoke(key), as_json=as_json)


@keys.command("team")
@click.argument("name")
@click.option("--no-limits", is_flag=True, help="Take all limits off first.")
@over_keys
@limit_options
def team(opened: Opened, name: str, *, no_limits: bool, wanted: Wanted, as_json: bool) -> None:
    """Set the limits that all keys of the team NAME share.

    Without any, they are shown. A team that is not there is made where a limit is given.
    """
    known = {team.name: team for team in opened.store.teams()}
    if name not in known and not no_limits and wanted(NO_LIMITS) == NO_LIMITS:
        raise ConfigError(
            f"There is no team {name[:100]!r}.",
            fix=f"{did_you_mean(name, known)}A limit such as --budget 50/month makes it.",
        )
    before = known[name].limits if name in known and not no_limits else NO_LIMITS
    limits = wanted(before)
    _warn(opened, limits)
    if name in known and limits == known[name].limits:
        found = known[name]
    else:
        found = opened.desk.team(name, limits)
        if name not in known:
            told = f"{name!r} is a new team. {did_you_mean(name, known)}"
            click.echo(told + "It has the keys made with --team.", err=True)
    if as_json:
        _echo_json(_team_document(opened, found))
    else:
        click.echo(team_page(found, opened.store.spending(f"team:{name}"), opened.now_us))


def _warn(opened: Opened, limits: Limits) -> None:
    for doubt in doubts(limits, opened.settings):
        click.echo(f"warning: {doubt}", err=True)


def _show_key(opened: Opened, key: Key, *, as_json: bool) -> None:
    spent = opened.store.spending(f"key:{key.id}")
    if as_json:
        _echo_json(key_document(key, spent, opened.now_us))
    else:
        click.echo(key_page(key, spent, opened.now_us))


def _show_issued(opened: Opened, issued: Issued, *, as_json: bool) -> None:
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


def _team_document(opened: Opened, team: Team) -> dict[str, object]:
    return team_document(team, opened.store.spending(f"team:{team.name}"), opened.now_us)


def _echo_json(document: object) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(document)).decode())
