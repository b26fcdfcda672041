"""`headgate escalation`: what the watch does to routing, and taking it in one's own hands."""

from __future__ import annotations

import functools
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from headgate.bootstrap.follower import FOLLOW_SECONDS
from headgate.bootstrap.lookout import action_event, release_event
from headgate.cli.group import Group
from headgate.cli.ledger_options import ledger_options
from headgate.cli.open_ledger import open_ledger
from headgate.cli.options import json_option
from headgate.ledger.store import Store
from headgate.monitor.figures import day_and_time
from headgate.monitor.standing import ACTION_KINDS, Action, standing

__all__ = ["escalation", "pin", "release", "show"]

_FOLLOW = f"Gateways on this ledger follow within {FOLLOW_SECONDS:g} seconds."


@click.group(cls=Group)
def escalation() -> None:
    """Show, pin and release what the watch does to routing."""


def _over_a_ledger(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what says which ledger, and `--json`: `store`, open meanwhile, and `as_json`."""

    @functools.wraps(command)
    def over(config: Path | None, sets: tuple[str, ...], url: str | None, **rest: Any) -> Any:
        with open_ledger(config, sets, url) as (store, _, _):
            return command(store, **rest)

    return ledger_options(json_option(over))


_why = click.option("--why", metavar="TEXT", default="", help="A reason, kept with the event.")


@escalation.command()
@_over_a_ledger
def show(store: Store, *, as_json: bool) -> int:
    """Say whether a hold or a pin is in force, since when and by whom.

    Exit code 1: one is.
    """
    action = _in_force(store)
    if as_json:
        click.echo(json.dumps(_document(action), indent=2))
    else:
        click.echo(_said(action))
    return int(action is not None)


@escalation.command()
@_over_a_ledger
@_why
def pin(store: Store, why: str, *, as_json: bool) -> None:
    """Send all routed traffic to the premium tier, until `release`."""
    now_us = time.time_ns() // 1000
    before = _in_force(store)
    action = Action(kind="pin", since_us=now_us, by="command")
    if before is None or before.kind != "pin":
        store.note([action_event(action, why or "by command")])
        before = action
    if as_json:
        click.echo(json.dumps(_document(before), indent=2))
        return
    click.echo(_said(before))
    click.echo(_FOLLOW, err=True)


@escalation.command()
@_over_a_ledger
@_why
def release(store: Store, why: str, *, as_json: bool) -> None:
    """End a hold or a pin; the watch begins anew.

    It takes a new alarm for it to act again.
    """
    now_us = time.time_ns() // 1000
    action = _in_force(store)
    if action is not None:
        store.note([release_event(action, now_us, by="command", why=why or "by command")])
    if as_json:
        released = None if action is None else action.kind
        click.echo(json.dumps({"released": released, **_document(None)}, indent=2))
    elif action is None:
        click.echo("There was nothing to release: the settings decide.")
    else:
        click.echo(f"The {action.kind} of {day_and_time(action.since_us)} UTC is over.")
        click.echo(_FOLLOW, err=True)


def _in_force(store: Store) -> Action | None:
    return standing(store.events(kinds=ACTION_KINDS)).action


def _said(action: Action | None) -> str:
    if action is None:
        return "Nothing is held or pinned: the settings decide."
    by = "by the watch" if action.by == "watch" else "by command"
    since = f"since {day_and_time(action.since_us)} UTC, {by}"
    if action.kind == "pin":
        return f"PINNED to the premium tier {since}. `headgate escalation release` ends it."
    return (
        f"HELD at a threshold of {action.threshold:g} {since}. "
        "`headgate escalation release` ends it."
    )


def _document(action: Action | None) -> dict[str, object]:
    if action is None:
        return {"action": None}
    at = datetime.fromtimestamp(action.since_us / 1e6, UTC).isoformat().replace("+00:00", "Z")
    return {
        "action": action.kind,
        "since": at,
        "by": action.by,
        "threshold": action.threshold,
    }
