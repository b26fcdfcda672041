"""`headgate route`: decisions without a call, for one prompt or a file of requests."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from headgate.cli.main import cli
from headgate.routing.artifact import dump
from headgate.routing.router import Head
from tests.routing.routers import small_artifact
from tests.settings.files import GOOD

LEARNED = GOOD.replace(
    'kind = "model"\nmodel = "google/gemini-2.5-flash"',
    'kind = "learned"\nrouter = "router.headgate"',
)


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with a learned router to stand in."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "headgate.toml").write_text(LEARNED)
    (tmp_path / "router.headgate").write_bytes(dump(small_artifact()))
    return tmp_path


def route(*args: str, text: str | None = None) -> Result:
    return CliRunner().invoke(cli, ["route", *args], input=text, standalone_mode=False)


def test_a_prompt_is_decided_fact_by_fact():
    result = route("prove that")
    assert result.return_value == 0
    facts = dict(line.split("  ", 1) for line in result.output.splitlines())
    facts = {name.strip(): fact.strip() for name, fact in facts.items()}
    assert facts["tier"] == "premium (anthropic/claude-sonnet-4-6)"
    assert facts["reason"] == "router"
    assert facts["policy"] == "auto"
    assert "from 0.250 on to premium" in facts["score"]
    assert facts["cost on cheap"].startswith("$0.00")


def test_json_is_one_object_with_exact_money():
    found = json.loads(route("hello", "--json", "--max-tokens", "100").output)
    assert (found["tier"], found["reason"], found["outcome"]) == ("cheap", "router", "call")
    assert found["output_tokens"] == 100
    assert set(found["costs"]) == {"cheap", "premium"}
    assert float(found["costs"]["cheap"]) > 0.0005


def test_where_a_model_would_be_asked_that_is_said(here: Path):
    (here / "headgate.toml").write_text(GOOD)
    output = route("hello").output
    assert "would ask" in output
    assert "google/gemini-2.5-flash; premium answers where it fails" in output


def test_a_category_a_header_and_a_model_can_be_given():
    plain = json.loads(route("hello", "--json").output)
    header = ("--header", "X-Headgate-Category: maths")
    maths = json.loads(route("hello", "--json", *header).output)
    assert maths["score"] > plain["score"]
    assert json.loads(route("hello", "--json", "--model", "premium").output)["reason"] == "pinned"


LINES = [
    "hello there",
    '"prove that"',
    json.dumps({"prompt": "hello", "category": "maths"}),
    json.dumps({"model": "premium", "messages": [{"role": "user", "content": "hello"}]}),
    json.dumps({"input": "prove that"}),
    "",
    json.dumps({"messages": []}),
    json.dumps({"prompt": "hello", "model": "nonsense"}),
]


def test_every_line_of_a_file_is_decided_and_the_bad_ones_are_told(here: Path):
    (here / "requests.jsonl").write_text("\n".join(LINES))
    result = route("--file", "requests.jsonl", "--json")
    assert result.return_value == 1
    found = [json.loads(line) for line in result.output.splitlines()]
    assert [one["line"] for one in found] == [1, 2, 3, 4, 5, 7, 8]
    assert [one.get("tier") for one in found[:5]] == [
        "cheap",
        "premium",
        found[2]["tier"],
        "premium",
        "premium",
    ]
    assert [one["outcome"] for one in found[5:]] == ["refuse", "refuse"]
    assert "empty array" in found[5]["error"]
    assert "not served here" in found[6]["error"]


def test_a_file_ends_with_the_share_of_each_tier():
    result = route("--file", "-", text="hello\nhello there\nprove that\n")
    assert result.return_value == 0
    assert "cheap: 2 of 3 (66.7 %)" in result.output
    assert "premium: 1 of 3 (33.3 %)" in result.output


def test_a_refusal_is_exit_code_one():
    sets = ("--set", "tiers.cheap.context=1", "--set", "tiers.premium.context=1")
    result = route("hello", *sets)
    assert result.return_value == 1
    assert "refused" in result.output
    assert "cheap (context), premium (context)" in result.output


@pytest.mark.parametrize(
    ("args", "problem"),
    [
        ((), "Give either"),
        (("hello", "--file", "-"), "Give either"),
        (("hello", "--path", "/v2"), "The paths are"),
        (("hello", "--header", "nonsense"), "NAME:VALUE"),
    ],
)
def test_wrong_use_is_told(args: tuple[str, ...], problem: str):
    result = CliRunner().invoke(cli, ["route", *args])
    assert result.exit_code == 2
    assert problem in result.output


def test_a_missing_file_is_told_by_name():
    result = CliRunner().invoke(cli, ["route", "--file", "nowhere.jsonl"])
    assert result.exit_code == 2
    assert "nowhere.jsonl" in result.output


def test_messages_and_responses_have_their_own_paths():
    for path in ("/v1/messages", "/v1/responses", "/v1/chat/completions"):
        found = json.loads(route("hello", "--json", "--path", path).output)
        assert found["tier"] == "cheap"


@pytest.mark.parametrize("data", ["a prompt\n".encode("utf-16"), b"\x1f\x8b\x08\0\0x\n"])
def test_a_file_that_is_no_text_is_not_taken_for_prompts(here: Path, data: bytes):
    (here / "requests").write_bytes(data)
    assert "Line 1 of --file holds a null byte" in str(route("--file", "requests").exception)


def test_an_empty_file_is_said_to_be_empty():
    result = CliRunner().invoke(cli, ["route", "--file", "-", "--json"], input="\n")
    assert "no request" in result.stderr


def test_where_an_embedding_would_be_asked_for_that_is_said(here: Path):
    artifact = small_artifact(head=Head("google/embedder", "endpoint", (1.0,)))
    (here / "router.headgate").write_bytes(dump(artifact))
    output = route("hello").output
    assert "for the embedding, google/embedder; premium answers where it fails" in output
    (here / "requests.jsonl").write_text("hello\nprove that\n")
    assert "would ask for an embedding: 2 of 2" in route("--file", "requests.jsonl").output
