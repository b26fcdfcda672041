"""`headgate train`: from a file of graded rows to a router file."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headgate.analysis.readers import UnreadableError
from headgate.errors import ConfigError
from headgate.routing.artifact import load
from tests.analysis.planted import drafted
from tests.cli.graded_files import graded_file, run


def test_a_router_is_written_and_described(tmp_path: Path):
    output = tmp_path / "r.headgate"
    result = run("train", graded_file(tmp_path), "-o", output)
    assert "from 630 rows" in result.output
    assert "APGR, out of fold" in result.output
    assert load(output.read_bytes()).training.rows == 630


def test_where_it_cannot_be_written_is_told_before_anything_is_read(tmp_path: Path):
    wrong = run("train", tmp_path / "unread.jsonl", "-o", tmp_path / "nowhere" / "r").exception
    assert isinstance(wrong, ConfigError)
    assert "nowhere/r cannot be written: No such file or directory" in str(wrong)


def test_a_router_that_fell_back_says_so_and_is_written_all_the_same(tmp_path: Path):
    file = tmp_path / "flat.jsonl"
    lines = [{"prompt": f"question {n}", "cheap": 1, "premium": 1} for n in range(100)]
    file.write_text("\n".join(map(json.dumps, lines)))
    result = run("train", file, "-o", tmp_path / "r.headgate")
    assert "scores all alike" in result.output
    assert "no better than cheap" in result.output
    assert "no gap to recover" in result.output
    assert "scores all alike" in run("inspect", tmp_path / "r.headgate").output


def test_a_verifier_is_trained_shown_explained_and_certified_like_a_router(tmp_path: Path):
    file, output = tmp_path / "drafts.jsonl", tmp_path / "v.headgate"
    lines = []
    for row in drafted(900):
        assert row.draft
        lines.append(
            {
                "prompt": row.prompt,
                "cheap": row.cheap,
                "premium": row.premium,
                "draft": "x" * (row.draft.chars or 0),
                "draft_agreement": row.draft.agreement,
            }
        )
    file.write_text("\n".join(map(json.dumps, lines)))
    assert "v.headgate: verifier " in run("train", file, "--verifier", "-o", output).output
    assert load(output.read_bytes()).training.kind == "verifier"
    assert run("certify", output, file, "--quality-floor", "0.9").exception is None
    assert "verifier" in run("inspect", output).output
    found = run("explain", output, "hello", "--agreement", "0", "--draft", "x" * 200).output
    assert "draft agreement~0" in found
    assert "draft chars~" in found
    assert run("evaluate", output, file, "--draws", "20").exception is None


def test_a_verifier_needs_drafts_and_a_router_wants_none(tmp_path: Path):
    file, output = graded_file(tmp_path), tmp_path / "r.headgate"
    result = run("train", file, "--verifier", "-o", output)
    assert isinstance(result.exception, ConfigError)
    assert not output.exists()
    run("train", file, "-o", output)
    result = run("explain", output, "hello", "--agreement", "1")
    assert isinstance(result.exception, ConfigError)
    assert "knows nothing of cheap answers" in str(result.exception)


def test_json_gives_the_same_facts(tmp_path: Path):
    output = tmp_path / "r.headgate"
    result = run("train", graded_file(tmp_path), "-o", output, "--hold-out", "0", "--json")
    found = json.loads(result.stdout)
    assert found["training"]["rows"] == 900
    assert found["bytes"] == output.stat().st_size


def test_bad_rows_are_told_and_the_rest_is_used(tmp_path: Path):
    file = graded_file(tmp_path)
    file.write_text("{nonsense\n" * 5 + file.read_text())
    result = run("train", file, "-o", tmp_path / "r")
    assert "5 rows could not be read" in result.stderr
    assert "graded.jsonl:1" in result.stderr
    assert "from 630 rows" in result.stdout


def test_too_few_rows_write_nothing(tmp_path: Path):
    result = run("train", graded_file(tmp_path, 20), "-o", tmp_path / "r")
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "r").exists()


@pytest.mark.parametrize("pair", ["prompt=nothing", "colour=prompt", "prompt"])
def test_a_mapping_that_does_not_fit_is_refused(tmp_path: Path, pair: str):
    result = run("train", graded_file(tmp_path), "--map", pair, "-o", tmp_path / "r")
    assert isinstance(result.exception, (ConfigError, UnreadableError))
