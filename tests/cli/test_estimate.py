"""estimate: the command from the door: verdicts, exit codes, JSON, settings written, refusals."""

import json
import tomllib

import pytest
from click.testing import CliRunner

from headgate.cli.main import cli
from headgate.stats.intervals import blaker
from tests.shared import shared_dir

AT = ("--at", "2026-11-20")


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)


def grade(tmp_path, n=400, hard=80, **more):
    rows = [{"cheap": k >= hard, "premium": True, "category": "ab"[k % 2]} | more for k in range(n)]
    (tmp_path / "graded.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return "graded.jsonl"


def run(*args):
    return CliRunner().invoke(cli, ["estimate", *AT, *args], standalone_mode=False)


def test_a_planted_split_is_worth_building_and_the_page_says_what_it_saves(tmp_path):
    result = run(grade(tmp_path))
    assert result.return_value == 0, result.output
    text = " ".join(result.output.split())
    assert "Build: routing saves" in text
    assert "% (95 % interval)" in text
    assert "Hard: 20.0 % of 400 graded requests" in text
    assert "never wrong" in text
    assert "headroom" in text or "no break-even" in text


def test_the_document_agrees_with_the_interval(tmp_path):
    found = json.loads(run(grade(tmp_path), "--json").stdout)
    low, high = blaker(80, 400)
    assert (found["split"]["low"], found["split"]["high"]) == (low, high)
    assert found["escalation"] == pytest.approx({"rate": 0.2, "low": low, "high": high})
    assert found["saving"]["low"] < found["saving"]["estimate"] < found["saving"]["high"]
    assert [part["stratum"] for part in found["strata"]] == ["a", "b"]
    assert found["verdict"] == "build"


def test_conversations_are_told_and_count_for_less_than_their_rows(tmp_path):
    rows = [
        {
            "cheap": talk >= 20,
            "premium": True,
            "conversation": f"c{talk}",
            "prompt": f"{talk} {turn}",
        }
        for talk in range(100)
        for turn in range(8)
    ]
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    text = " ".join(run("talks.jsonl").output.split())
    assert "They are of 100 conversations and tell as much as 88 independent requests." in text
    assert "for conversations drawn at random" in text
    split = json.loads(run("talks.jsonl", "--json").stdout)["split"]
    assert (split["graded"], split["conversations"]) == (800, 100)
    assert split["high"] - split["low"] > 0.15


def test_prompts_that_come_again_are_spoken_of_where_nothing_says_what_they_are(tmp_path):
    said = " ".join(run(grade(tmp_path, prompt="hello")).output.split())
    assert "repeat another one's prompt word for word" in said
    rows = [
        {"id": str(k), "model": m, "score": 1, "prompt": f"{k}"} for k in range(90) for m in "sl"
    ]
    (tmp_path / "halves.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    named = ("--graded-cheap", "s", "--graded-premium", "l")
    assert "word for word" not in " ".join(run("halves.jsonl", *named).output.split())


def test_grades_of_another_scale_are_told_where_none_is_left(tmp_path):
    rows = [{"prompt": f"{k}", "cheap": 7, "premium": 9} for k in range(9)]
    (tmp_path / "tens.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    told = str(run("tens.jsonl").exception)
    assert "No row is graded for both models. 9 rows could not be read" in told
    assert "divide by the scale's top" in told


def test_too_few_requests_are_not_enough_and_their_number_is_told(tmp_path):
    result = run(grade(tmp_path, 30, 6), "--min-saving", "50%")
    assert result.return_value == 1
    assert "more graded requests are needed" in " ".join(result.output.split())


def test_few_requests_are_told_to_be_few(tmp_path):
    text = " ".join(run(grade(tmp_path, 2, 0)).output.split())
    assert "Graded are 2 requests only" in text
    assert "Grade 30 at least" in text
    assert "Graded are" not in " ".join(run(grade(tmp_path, 30, 6)).output.split())


def test_what_saves_too_little_is_not_to_be_built(tmp_path):
    result = run(grade(tmp_path), "--min-saving", "0.9")
    assert result.return_value == 1
    assert "Do not build" in result.output


def test_the_measured_values_are_written_as_settings_that_can_be_read(tmp_path):
    file = grade(tmp_path, input_tokens=700, output_tokens=90)
    run(file, "--write", "measured.toml")
    found = tomllib.loads((tmp_path / "measured.toml").read_text())
    assert found["traffic"] == {"input_tokens": 700, "output_tokens": 90}
    assert found["escalation"]["low"] < found["escalation"]["rate"] == 0.2
    again = run(file, "--write", "measured.toml")
    assert "there already" in str(again.exception)


def test_a_router_that_errs_saves_less(tmp_path):
    file = grade(tmp_path)
    sure = json.loads(run(file, "--json").stdout)["saving"]["estimate"]
    erring = ("--set", "plan.true_positive_rate=0.9", "--set", "plan.false_positive_rate=0.2")
    assert json.loads(run(file, "--json", *erring).stdout)["saving"]["estimate"] < sure


def test_the_volume_is_measured_where_not_all_rows_were_chosen_to_be_graded(tmp_path):
    rows = [{"prompt": "x", "time": 1790000000 + n * 8640} for n in range(100)]
    rows += [{"cheap": 1, "premium": 1}] * 50
    (tmp_path / "x").write_text("".join(json.dumps(row) + "\n" for row in rows))
    found = json.loads(run("x", "--json").stdout)
    assert found["traffic"]["requests_per_day"] == {"value": 15, "measured": True}
    stated = json.loads(run("x", "--json", "--set", "traffic.requests_per_day=7").stdout)
    assert stated["traffic"]["requests_per_day"] == {"value": 7, "measured": False}


def test_rows_without_grades_are_refused_with_the_way_out(tmp_path):
    (tmp_path / "x").write_text('{"prompt": "a"}\n')
    assert "--map cheap=" in str(run("x").exception)
    (tmp_path / "y").write_text('{"prompt_id": 1, "model": "small", "score": 1}\n')
    assert "the rows have small" in str(run("y").exception)


def test_a_share_that_is_none_is_told(tmp_path):
    assert "--min-saving" in str(run(grade(tmp_path), "--min-saving", "lots").exception)


@pytest.mark.parametrize(
    ("name", "cheap", "premium", "n"),
    [
        ("mmlu_pro", "Meta-Llama-3_1-8B-Instruct", "gpt4o-2024-05", 12_026),
        ("ulab_llmrouter", "llama-3.1-8b-instruct", "llama-3.3-nemotron-super-49b-v1", 6_108),
    ],
)
def test_the_shared_outcomes_give_an_estimate(name, cheap, premium, n):
    files = [str(shared_dir("data", f"{name}_{part}.parquet")) for part in ("prompts", "outcomes")]
    result = run(*files, "--graded-cheap", cheap, "--graded-premium", premium, "--json")
    found = json.loads(result.stdout)
    assert found["split"]["graded"] == n
    assert found["strata"]
    assert found["verdict"] == "build"
