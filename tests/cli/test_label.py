"""`headgate label`: from a sample to graded rows, at a price said before, within a cap."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from headgate.analysis.readers import UnreadableError
from headgate.cli.main import cli
from headgate.errors import ConfigError
from headgate.testing.faults import FaultPlan, Pace
from headgate.testing.provider import Provider
from tests.bootstrap.panel import KEYS, USD, panel, requests
from tests.cli.graded_files import run


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)


def labelled(calls: Path, *more: object, cap: str = "5", yes: bool = True):
    judge = ("--judge", "panel/judge", "--max-usd", cap)
    return run("label", calls, *judge, *(["--yes"] if yes else []), *more)


def calls_of(provider: Provider) -> int:
    """Calls that the provider has billed."""
    return sum(told.calls for told in provider.tally.report().billed.values())


def judged(rows: list[dict[str, object]]) -> int:
    """Calls of the judge: two answers that are the same make the same case in both orders."""
    return sum(1 if row["cheap_answer"] == row["premium_answer"] else 2 for row in rows)


def rows_of(path: Path = Path("labels.jsonl")) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_a_random_part_is_labelled_and_the_estimate_reads_it(tmp_path: Path):
    calls = requests(tmp_path, 40)
    with panel(tmp_path) as (_, provider):
        result = labelled(calls, "--size", 20)
    assert result.return_value == 0, result.output
    assert "20 of 20 requests labelled" in result.stdout
    assert "80 calls: about $" in result.stderr
    assert calls_of(provider) == 40 + judged(rows_of())
    rows = rows_of()
    assert len(rows) == 20
    assert {row["category"] for row in rows} == {"a", "b"}
    for row in rows:
        assert row["premium"] == 1.0
        assert row["cheap"] == (0.0 if "hard" in str(row["prompt"]) else 1.0)
    estimate = run("estimate", "labels.jsonl", "--json", "--set", "traffic.requests_per_day=10")
    hard = sum("hard" in str(row["prompt"]) for row in rows)
    assert json.loads(estimate.stdout)["split"]["premium_only"] == hard


def test_nothing_that_was_paid_is_paid_again(tmp_path: Path):
    calls = requests(tmp_path, 12)
    with panel(tmp_path) as (_, provider):
        labelled(calls, "--size", 6)
        first = calls_of(provider)
        again = labelled(calls, "--size", 6, yes=False)
        assert calls_of(provider) == first == 12 + judged(rows_of())
        assert "All of it is paid already" in again.stderr
        labelled(calls, "--size", 12)
        assert calls_of(provider) == 24 + judged(rows_of())
    assert len(rows_of()) == 12


def test_what_is_spent_is_what_the_provider_billed(tmp_path: Path):
    with panel(tmp_path) as (_, provider):
        result = labelled(requests(tmp_path, 8), "--json")
    spent = json.loads(result.stdout)["spent"]
    nano = sum(
        1000 * (told.usage.input * USD[name][0] + told.usage.output * USD[name][1])
        for name, told in provider.tally.report().billed.items()
    )
    assert float(spent) * 1e9 == pytest.approx(nano, abs=0.5)


def test_the_cap_holds_and_the_exit_code_says_that_not_all_was_done(tmp_path: Path):
    with panel(tmp_path):
        result = labelled(requests(tmp_path, 40), "--max-tokens", 32, "--json", cap="0.03")
    told = json.loads(result.stdout)
    assert result.return_value == 1
    assert 0 < float(told["spent"]) <= 0.03
    assert told["not_begun"] > 0
    assert told["labelled"] + told["not_begun"] == 40


def test_without_a_yes_nothing_is_sent(tmp_path: Path):
    with panel(tmp_path) as (_, provider):
        result = labelled(requests(tmp_path, 4), yes=False)
    assert isinstance(result.exception, ConfigError)
    assert "--yes" in str(result.exception)
    assert "16 calls: about $" in result.stderr
    assert calls_of(provider) == 0


@pytest.mark.parametrize(("says", "code"), [("n\n", 1), ("y\n", 0)])
def test_a_person_is_asked(tmp_path: Path, monkeypatch, says: str, code: int):
    monkeypatch.setattr("headgate.cli.spending._is_person", lambda: True)
    file = requests(tmp_path, 4, hard_every=9)
    with panel(tmp_path) as (_, provider):
        result = CliRunner().invoke(
            cli,
            ["label", str(file), "--judge", "panel/judge", "--max-usd", "1"],
            input=says,
            standalone_mode=False,
        )
    assert result.return_value == code, result.output
    assert (calls_of(provider) > 0) == (code == 0)


def test_failures_are_tried_again_and_paid_once(tmp_path: Path):
    faults = FaultPlan(overloaded=0.2, rate_limited=0.1, error=0.1, retry_after=0, seed=3)
    with panel(tmp_path, faults) as (_, provider):
        result = labelled(requests(tmp_path, 12), "--json")
    told = json.loads(result.stdout)
    assert told["labelled"] >= 10
    assert calls_of(provider) <= 48


def test_after_a_kill_it_goes_on_and_pays_again_for_nothing_that_came_back(tmp_path: Path):
    calls = requests(tmp_path, 12)
    state = tmp_path / "labels.jsonl.state"
    with panel(tmp_path, pace=Pace(first=0.05)) as (_, provider):
        words = ["label", str(calls), "--judge", "panel/judge", "--max-usd", "5", "--yes"]
        process = subprocess.Popen(
            [sys.executable, "-m", "headgate", *words, "--concurrency", "2"],
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not state.exists() or state.read_bytes().count(b'"paid"') < 8:
            assert time.monotonic() < deadline
            assert process.poll() is None
            time.sleep(0.01)
        process.kill()
        process.wait()
        assert not Path("labels.jsonl").exists()
        result = labelled(calls)
        assert result.return_value == 0, result.output
        spare = calls_of(provider) - 24 - judged(rows_of())
    assert 0 <= spare <= 2  # what was under way
    assert len(rows_of()) == 12


def test_a_judge_that_is_swayed_by_the_order_is_found_out(tmp_path: Path):
    with panel(tmp_path):
        result = labelled(requests(tmp_path, 8, easy="first", hard="first"), "--json")
    assert json.loads(result.stdout)["judge_swung"] == 8
    assert {row["cheap"] for row in rows_of()} == {0.625}


def test_a_judge_without_marks_leaves_the_request_unlabelled(tmp_path: Path):
    with panel(tmp_path):
        result = labelled(requests(tmp_path, 8, hard="mute"))
    assert result.return_value == 1
    assert "2 not labelled: the judge gave no marks" in result.stdout


def test_the_sheet_names_no_model_and_comes_back_as_human_grades(tmp_path: Path):
    calls = requests(tmp_path, 24, hard="lenient")
    with panel(tmp_path):
        labelled(calls, "--sheet", "sheet.csv", "--sheet-size", 10)
        with Path("sheet.csv").open(newline="") as file:
            sheet = list(csv.DictReader(file))
        assert len(sheet) == 10
        assert "small" not in Path("sheet.csv").read_text()
        for row in sheet[:8]:
            for side in "12":
                row[f"grade_{side}"] = (
                    "right" if row[f"answer_{side}"].startswith("RIGHT") else "wrong"
                )
        with Path("filled.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(sheet[0]))
            writer.writeheader()
            writer.writerows(sheet)
        result = labelled(calls, "--human", "filled.csv")
    assert "8 are graded by a human too" in result.stdout
    graded = [row for row in rows_of() if "human_cheap" in row]
    assert len(graded) == 8
    for row in graded:  # the judge was lenient with the hard ones, the human was not
        assert row["cheap"] == 1.0
        assert row["human_cheap"] == (0.0 if "hard" in str(row["prompt"]) else 1.0)


def test_a_sheet_that_is_there_is_left_alone(tmp_path: Path):
    Path("sheet.csv").write_text("grades")
    with panel(tmp_path):
        result = labelled(requests(tmp_path, 4), "--sheet", "sheet.csv")
    assert isinstance(result.exception, ConfigError)
    assert Path("sheet.csv").read_text() == "grades"


def test_a_wrong_key_ends_it_at_once(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("PANEL_KEY", "panel-canary")
    with panel(tmp_path) as (file, _):
        file.write_text(file.read_text().replace('"panel/small"\ntimeout', '"panel/gone"\ntimeout'))
        prices = '[prices."panel/gone"]\ninput = "1"\noutput = "1"\n'
        file.write_text(file.read_text() + prices)
        result = labelled(requests(tmp_path, 4))
    assert isinstance(result.exception, ConfigError)
    assert "answers 404" in str(result.exception)


def test_rows_without_a_text_cannot_be_asked(tmp_path: Path):
    calls = tmp_path / "x.jsonl"
    calls.write_text('{"input_tokens": 5}\n')
    with panel(tmp_path):
        result = labelled(calls)
    assert isinstance(result.exception, UnreadableError)
    assert "1 × the text of the request is not recorded" in str(result.exception)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (("--max-usd", "much"), "no amount"),
        (("--max-usd", "1e999"), "no amount"),
        (("--max-usd", "9" * 60), "no amount"),
        (("--judge", "judge"), "provider"),
        (("--judge", "other/judge"), "is of a provider that is not in the file"),
        (("--judge", "panel/free"), "No price is known"),
        (("--human", "no.csv"), "There is no file no.csv"),
    ],
)
def test_a_wrong_first_guess_is_answered_with_the_fix(tmp_path: Path, more, says):
    with panel(tmp_path):
        result = labelled(requests(tmp_path, 4), *more)
    assert says in str(result.exception)
