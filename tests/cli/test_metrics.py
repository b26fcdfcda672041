"""headgate metrics: a list for people and programs, and two files."""

from __future__ import annotations

import json

import pytest
import yaml
from click.testing import CliRunner, Result

from headgate.cli.metrics import metrics
from headgate.monitor.metric import METRICS


def run(*arguments: str) -> Result:
    return CliRunner().invoke(metrics, list(arguments))


def test_every_metric_is_listed():
    listed = run().output
    for metric in METRICS:
        assert metric.name in listed


def test_json_has_their_meaning_too():
    rows = json.loads(run("--json").output)["metrics"]
    assert [row["name"] for row in rows] == [metric.name for metric in METRICS]
    labels = {row["name"]: row["labels"] for row in rows}
    assert labels["headgate_attempts_total"] == ["purpose", "tier", "model", "outcome"]


def test_the_files_are_json_and_yaml():
    assert json.loads(run("--dashboard").output)["title"] == "Headgate"
    assert yaml.safe_load(run("--alerts").output)["groups"]


@pytest.mark.parametrize("pair", [("--dashboard", "--alerts"), ("--alerts", "--json")])
def test_one_thing_is_printed_at_a_time(pair: tuple[str, str]):
    found = run(*pair)
    assert found.exit_code == 2
    assert "Choose one" in found.output
