"""`headgate metrics`: what the admin port tells Prometheus, and the files that go with it."""

from __future__ import annotations

import json

import click

from headgate.cli.options import json_option, one_format
from headgate.monitor.dashboard import grafana, prometheus_rules
from headgate.monitor.metric import METRICS
from headgate.render.table import Column, Table, aligned

__all__ = ["metrics"]

MOST_WIDTH = 200
"""Names are there to be copied, and never cut."""


@click.command()
@click.option("--dashboard", is_flag=True, help="Print a dashboard for Grafana (JSON).")
@click.option("--alerts", is_flag=True, help="Print alert rules for Prometheus (YAML).")
@json_option
def metrics(*, dashboard: bool, alerts: bool, as_json: bool) -> None:
    """List the metrics, or print the dashboard and the alert rules made for them.

    The metrics themselves are at /metrics of the admin port.
    """
    one_format(dashboard=dashboard, alerts=alerts, json=as_json)
    if dashboard:
        click.echo(grafana())
    elif alerts:
        click.echo(prometheus_rules(), nl=False)
    elif as_json:
        rows = [
            {
                "name": metric.name,
                "kind": metric.kind,
                "labels": list(metric.labels),
                "meaning": metric.meaning,
            }
            for metric in METRICS
        ]
        click.echo(json.dumps({"metrics": rows}, indent=2))
    else:
        table = Table(
            (Column("metric"), Column("kind"), Column("labels")),
            tuple((metric.name, metric.kind, ", ".join(metric.labels)) for metric in METRICS),
        )
        click.echo(aligned(table, width=MOST_WIDTH), nl=False)
