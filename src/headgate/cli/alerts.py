"""`headgate alerts`: try the ways that alerts take, and see what was told."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import click

from headgate.bootstrap.alerts import channels_of
from headgate.cli.group import Group
from headgate.cli.ledger_options import ledger_options
from headgate.cli.open_ledger import open_ledger
from headgate.cli.options import json_option, open_settings, settings_options
from headgate.cli.period import window
from headgate.ledger.event import Event
from headgate.monitor.alerting import Alert
from headgate.monitor.channels import deliver
from headgate.monitor.figures import day_and_time
from headgate.monitor.standing import KINDS, detail_of
from headgate.render.table import plain
from headgate.settings import seconds

__all__ = ["alerts", "list_alerts", "test"]


@click.group(cls=Group)
def alerts() -> None:
    """Try the ways that alerts take, and see what was told."""


@alerts.command()
@settings_options
@json_option
def test(config: Path | None, sets: tuple[str, ...], *, as_json: bool) -> int:
    """Send a test alert to every channel of the settings.

    What became of it is told. Exit code 1: a channel did not take it.
    """
    settings = open_settings(config, sets, need_file=True, need_providers=False).settings
    channels = channels_of(settings.alerts, os.environ, settings.egress)
    now = time.time()
    alert = Alert(
        id=f"alert_test_{int(now)}",
        subject="test",
        news="test",
        level="warning",
        at_us=int(now * 1_000_000),
        since_us=int(now * 1_000_000),
        title="A test alert of Headgate",
        text="Somebody ran `headgate alerts test`. Nothing is wrong",
    )
    found = []
    for channel in channels:
        if not as_json and channel.name != "log":
            click.echo(f"Sending to {channel.name} …", err=True)
        why = deliver(channel, alert, clock=time.time, wait=time.sleep)
        found.append((channel, why))
    failed = any(why for _, why in found)
    if as_json:
        rows = [
            {"channel": channel.name, "where": channel.where, "taken": why is None, "why": why}
            for channel, why in found
        ]
        click.echo(json.dumps({"ok": not failed, "channels": rows}, indent=2))
        return int(failed)
    for channel, why in found:
        mark = click.style("taken", fg="green") if why is None else click.style(why, fg="red")
        click.echo(f"  {channel.name:<9} {channel.where}: {mark}")
    if len(channels) == 1:
        click.echo("  Only the log is told: name a webhook, Slack or mail below [alerts].")
    return int(failed)


@alerts.command("list")
@ledger_options
@click.option(
    "--since",
    metavar="WHEN",
    default="30d",
    show_default=True,
    help="Where to begin: 24h or 7d before now, a day, or a day and time (UTC).",
)
@json_option
def list_alerts(
    config: Path | None, sets: tuple[str, ...], url: str | None, since: str, *, as_json: bool
) -> None:
    """List alarms, actions and alerts, the oldest first.

    They are what the ledger's events say.
    """
    asked = window(since, None, datetime.now(UTC))
    with open_ledger(config, sets, url) as (store, _, _):
        events = store.events(asked, KINDS)
    if as_json:
        click.echo(json.dumps({"events": [_plain(event) for event in events]}, indent=2))
        return
    for event in events:
        click.echo(_line(event))
    if not events:
        click.echo(f"Nothing was raised, done or told {_when(since)}.")


def _when(since: str) -> str:
    try:
        seconds(since)
    except ValueError:
        return f"since {since}"
    return f"in the last {since}"


def _plain(event: Event) -> dict[str, object]:
    at = datetime.fromtimestamp(event.at_us / 1e6, UTC).isoformat()
    return {
        "id": event.id,
        "at": at.replace("+00:00", "Z"),
        "kind": event.kind,
        "subject": event.subject,
        "detail": detail_of(event),
    }


_COLOURS = {"alarm.raised": "red", "alarm.cleared": "green", "alert.failed": "red"}


def _line(event: Event) -> str:
    facts = detail_of(event)
    kind = click.style(f"{event.kind:<14}", fg=_COLOURS.get(event.kind))
    said = "; ".join(str(facts[key]) for key in ("title", "why", "answer") if facts.get(key))
    return f"{day_and_time(event.at_us)}  {kind}  {plain(event.subject)}  {plain(said)}".rstrip()
