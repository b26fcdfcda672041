"""`headgate replay`: the policies of the file over graded rows, beside what anybody could do."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from headgate.errors import ConfigError
from tests.cli.graded_files import graded_file, run, trained_file

SETTINGS = """
[traffic]
requests_per_day = 100
[classifier]
kind = "rules"
[[classifier.rules]]
name = "proof"
tier = "premium"
matches = "prove|derive|integral|theorem"
[policies.bold]
kind = "none"
default = "cheap"
[tiers.cheap]
model = "anthropic/claude-haiku-4-5"
[tiers.premium]
model = "anthropic/claude-sonnet-4-6"
"""


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    Path("headgate.toml").write_text(SETTINGS)


def replayed(*args: object):
    result = run("replay", *args, "--json")
    assert result.exception is None, result.exception
    told = json.loads(result.stdout)
    return {one["name"]: one for one in told["policies"]}, told


def test_each_policy_of_the_file_stands_beside_the_limits(tmp_path: Path):
    found, told = replayed(graded_file(tmp_path))
    assert list(found) == ["auto", "bold", "all cheap", "all premium", "lottery", "oracle"]
    assert told["rows"] == 900
    auto = found["auto"]
    assert 0.2 < auto["escalation"]["value"] < 0.4
    assert auto["quality"]["value"] > found["lottery"]["quality"]["value"]
    assert found["bold"]["escalation"]["value"] == 0
    assert found["lottery"]["note"] == "as many as auto"
    assert found["bold"]["bill_a_month"] == found["all cheap"]["bill_a_month"]
    assert auto["reasons"]["rule:proof"] + auto["reasons"]["default"] == 900


def test_the_page_has_the_same_figures(tmp_path: Path):
    text = run("replay", graded_file(tmp_path), "--policy", "bold").stdout
    assert "900 graded requests replayed; bills for 3,000 a month" in text
    assert "all premium" in text
    assert "bold: default 100 %" in text
    assert "Note: The intervals are for requests such as these rows" in text


def test_a_router_is_replayed_on_rows_that_it_has_not_seen(tmp_path: Path):
    graded, router = trained_file(tmp_path)
    thresholds = ("--threshold", 0.2, "--threshold", 0.9)
    found, told = replayed(graded, "--router", router, *thresholds)
    assert told["rows"] == 270
    assert any("Left out, for all policies alike" in note for note in told["notes"])
    low, high = found["router.headgate from 0.200"], found["router.headgate from 0.900"]
    assert low["escalation"]["value"] > high["escalation"]["value"]


def test_a_router_that_saw_all_rows_is_said_to_be_flattered(tmp_path: Path):
    graded = graded_file(tmp_path)
    run("train", graded, "-o", "r", "--hold-out", "0")
    _, told = replayed(graded, "--router", "r", "--threshold", 0.5)
    assert any("flatter" in note for note in told["notes"])


def test_what_a_model_decides_is_bounded(tmp_path: Path):
    Path("headgate.toml").write_text(
        SETTINGS.replace('kind = "rules"\n', 'kind = "model"\nmodel = "google/gemini-2.5-flash"\n')
    )
    found, _ = replayed(graded_file(tmp_path), "--policy", "auto")
    assert "cannot decide" in found["auto, open: cheap"]["note"]
    assert found["auto, open: premium"]["escalation"]["value"] == 1


def test_without_costs_the_page_says_what_is_missing(tmp_path: Path):
    Path("g.jsonl").write_text('{"prompt": "x", "cheap": 1, "premium": 1}\n' * 5)
    found, told = replayed("g.jsonl")
    assert found["auto"]["bill_a_month"] == {"value": None, "low": None, "high": None}
    assert any("there is no bill" in note for note in told["notes"])


def test_a_wrong_first_guess_is_answered_with_the_fix(tmp_path: Path):
    result = run("replay", graded_file(tmp_path), "--policy", "shy")
    assert isinstance(result.exception, ConfigError)
    assert "The file has auto, bold" in str(result.exception)
    result = run("replay", graded_file(tmp_path), "--threshold", 0.5)
    assert isinstance(result.exception, click.UsageError)
