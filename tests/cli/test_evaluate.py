"""`headgate evaluate`: the table on held-out rows, and nothing on rows that were trained on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import click

from headgate.errors import ConfigError
from tests.cli.graded_files import run

Files = tuple[Path, Path]


def test_every_policy_stands_in_the_table(trained_files: Files):
    graded, router = trained_files
    result = run("evaluate", router, graded, "--draws", 20)
    for name in ("router", "random mix", "prompt length", "category lookup", "kNN", "oracle"):
        assert f"  {name} " in result.output
    assert "270 held-out rows" in result.output
    assert "sent to cheap though only premium was right" in result.output
    assert result.return_value in (0, 1)


def test_json_gives_intervals_and_transfer(trained_files: Files):
    graded, router = trained_files
    result = run("evaluate", router, graded, "--draws", 20, "--transfer", "--json")
    found = json.loads(result.stdout)
    value, low, high = found["policies"]["router"]["apgr"]
    assert low <= value <= high
    assert set(found["transfer"]) == {"a", "b", "c", "(later half)"}
    rivals = [
        figures["apgr"][0]
        for name, figures in found["policies"].items()
        if name not in ("router", "oracle")
    ]
    assert result.return_value == (0 if value >= max(rivals) else 1)


def test_another_seed_would_test_on_trained_rows_and_is_refused(trained_files: Files):
    graded, router = trained_files
    result = run("evaluate", router, graded, "--hold-out", "0.5")
    assert isinstance(result.exception, ConfigError)
    assert "was not trained on these rows" in str(result.exception)
    assert "headgate certify --hold-out 1" in (result.exception.fix or "")


def test_the_other_forms_have_the_same_figures(trained_files: Files):
    graded, router = trained_files
    forms = {
        form: run("evaluate", router, graded, "--draws", 20, f"--{form}").stdout
        for form in ("csv", "markdown", "html")
    }
    ours = next(csv.DictReader(io.StringIO(forms["csv"])))
    assert ours["policy"] == "router"
    assert all(ours["apgr"] in text.replace("\\", "") for text in forms.values())
    assert "<svg" in forms["html"]
    assert "<script" not in forms["html"]


def test_two_forms_at_once_are_refused(trained_files: Files):
    graded, router = trained_files
    result = run("evaluate", router, graded, "--html", "--csv")
    assert isinstance(result.exception, click.UsageError)
