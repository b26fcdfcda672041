"""`headgate certify`: the certificate goes into the router; an impossible one is refused."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from headgate.errors import ConfigError
from headgate.routing.artifact import load
from tests.cli.graded_files import graded_file, run

Files = tuple[Path, Path]


@pytest.mark.parametrize(
    ("option", "promise"),
    [
        (("--quality-floor", "0.85"), "quality of at least 85.0 % of premium"),
        (("--max-escalation", "0.6"), "at most 60.0 % of requests to premium"),
        (("--max-bill", "0.5", "--requests", "30000"), "at most 0.000017 USD a request"),
    ],
)
def test_the_certificate_is_written_into_the_router(
    trained_files: Files, option: tuple[str, ...], promise: str
):
    graded, router = trained_files
    before = load(router.read_bytes())
    result = run("certify", router, graded, *option)
    assert result.return_value == 0
    assert promise in result.output
    last = result.stdout.splitlines()[-1]
    assert last.startswith(f'Next: kind = "learned" and router = "{router}" below [classifier]')
    after = load(router.read_bytes())
    assert after.certificate
    assert after.certificate.threshold is not None
    assert after.certificate.rows == 270
    assert after.router.words == before.router.words
    assert after.training == before.training


def test_where_no_threshold_passes_the_answer_is_no_and_what_is_needed(trained_files: Files):
    graded, router = trained_files
    result = run("certify", router, graded, "--quality-floor", "0.999")
    assert result.return_value == 1
    assert "every request goes to premium" in result.output
    assert "rows are needed" in result.output
    assert "Next" not in result.output


def test_json_gives_the_certificate(trained_files: Files):
    graded, router = trained_files
    result = run("certify", router, graded, "--quality-floor", "0.85", "--json")
    found = json.loads(result.stdout)["certificate"]
    assert (found["goal"], found["target"], found["risk"]) == ("quality", 0.85, 0.05)


def test_rows_that_training_saw_are_refused(trained_files: Files):
    graded, router = trained_files
    result = run("certify", router, graded, "--seed", "5", "--hold-out", "0.4")
    assert isinstance(result.exception, ConfigError)
    assert "never seen" in str(result.exception)


def test_new_rows_can_all_be_used(trained_files: Files, tmp_path: Path):
    _, router = trained_files
    fresh = graded_file(tmp_path, 400)
    run("certify", router, fresh, "--hold-out", "1", "--quality-floor", "0.85")
    certificate = load(router.read_bytes()).certificate
    assert certificate
    assert certificate.rows == 400


def test_one_goal_at_a_time(trained_files: Files):
    graded, router = trained_files
    result = run("certify", router, graded, "--quality-floor", "0.9", "--max-escalation", "0.2")
    assert isinstance(result.exception, click.UsageError)
