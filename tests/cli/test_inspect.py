"""`headgate inspect` and `explain`: what is in the file, and which features decide."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.errors import ConfigError
from headgate.routing.artifact import dump
from tests.cli.graded_files import run
from tests.routing.routers import small_artifact


@pytest.fixture
def router(tmp_path: Path) -> Path:
    path = tmp_path / "r.headgate"
    path.write_bytes(dump(small_artifact()))
    return path


def test_inspect_shows_origin_features_and_certificate(router: Path):
    output = run("inspect", router).output
    assert "trained on 100 rows" in output
    assert "2 words, 2 pairs, 2 traits" in output
    assert "Threshold 0.2500 for quality of at least 98.0 % of premium" in output
    assert "Nothing changes." in output


def test_inspect_says_where_there_is_no_certificate(tmp_path: Path):
    path = tmp_path / "r"
    path.write_bytes(dump(small_artifact(None)))
    assert "run `headgate certify`" in run("inspect", path).output


def test_inspect_gives_json(router: Path):
    found = json.loads(run("inspect", router, "--json").stdout)
    assert found["features"]["pairs"] == 2
    assert found["certificate"]["threshold"] == 0.25


def test_explain_names_the_features_that_decided(router: Path):
    output = run("explain", router, "Prove that!", "--category", "maths").output
    assert "so premium (threshold 0.2500)" in output
    assert output.index("+0.5000  word     prove") < output.index("trait    category=maths")
    assert "expected cost on cheap: 0.000001 USD" in output


def test_explain_gives_json_whose_parts_add_up(router: Path):
    found = json.loads(run("explain", router, "hello", "--json", "--top", "50").stdout)
    assert found["tier"] == "cheap"
    total = found["bias"] + sum(reason["gain"] for reason in found["reasons"])
    assert total == pytest.approx(found["gain"])


def test_explain_sums_up_what_it_does_not_name(router: Path):
    assert "weaker features together" in run("explain", router, "Prove that!", "--top", "1").output


@pytest.mark.parametrize("command", [("inspect",), ("explain", "text")])
def test_what_is_no_router_is_refused(tmp_path: Path, command: tuple[str, ...]):
    wrong = tmp_path / "wrong"
    for data in (None, b"not a router"):
        if data:
            wrong.write_bytes(data)
        result = run(command[0], wrong, *command[1:])
        assert isinstance(result.exception, ConfigError)
        assert "headgate train" in str(result.exception)
