"""sample: the command from the door: page, JSON, rejects, refusals, exit codes."""

import json

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headgate.cli.main import cli
from headgate.errors import HeadgateError
from tests.shared import shared_dir

AT = ("--at", "2026-11-20")
CALL = {"prompt": "Hi", "model": "anthropic/claude-haiku-4-5", "input_tokens": 1000}


@pytest.fixture(autouse=True)
def _empty_directory(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)


def test_columns_that_are_not_read_are_told_with_the_way_to_say_what_they_hold(tmp_path):
    path = tmp_path / "rows.jsonl"
    row = CALL | {f"field{number}": 1 for number in range(11)} | {"\x1b[2Jx": 1}
    path.write_text(json.dumps(row) + "\n")
    page = CliRunner().invoke(cli, ["sample", str(path), *AT], catch_exceptions=False).stdout
    assert "Not read, for what they hold is not known: field0, field1" in page
    assert "field7 and 4 more. If one matters, name its field: --map FIELD=field0;" in page
    assert "\x1b" not in page


@pytest.fixture
def file(tmp_path):
    rows = [CALL | {"output_tokens": 400, "time": 1790000000 + n * 86400} for n in range(11)]
    path = tmp_path / "calls.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows) + "{bad\n")
    return str(path)


def run(*args, **rest):
    return CliRunner().invoke(cli, ["sample", *args], standalone_mode=False, **rest)


def test_the_page_tells_volume_tokens_bill_and_what_is_missing(file):
    result = run(file, *AT, "--as", "anthropic/claude-sonnet-4-6")
    assert result.return_value == 0, result.output
    text = " ".join(result.output.split())
    assert "11 calls" in text
    assert "1 call a day" in text
    assert "Cost at list price: $0.0330, $0.0990 in 30 days." in text
    assert "Claude Sonnet 4.6: $0.0990" in text
    assert "Repeated word for word: 90.9 % of the prompts." in text
    assert "Missing: No grades" in text
    assert "1 row could not be read" in text
    assert "--rejects" in text


def test_one_call_is_one_call(tmp_path):
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(CALL | {"output_tokens": 4, "cheap": 1, "premium": 1}) + "\n")
    page = run(str(path), *AT).output
    assert "1 call\n" in page
    assert "Graded for both models: 1 call." in page
    assert "1 calls" not in page


def test_standard_input_is_called_by_its_name():
    for text in ("", "\0", "a\n1,2\n"):
        error = str(run("-", *AT, input=text).exception)
        assert error.startswith("Standard input"), text


def test_the_document_is_exact(file):
    result = run(file, *AT, "--json", "--as", "anthropic/claude-sonnet-4-6")
    found = json.loads(result.stdout)
    assert found["calls"] == 11
    assert found["rejected"]["rows"] == 1
    assert found["cost"]["list_price"] == {"usd": "0.033", "priced": 11, "unpriced": 0}
    assert [money["usd"] for money in found["cost"]["as"].values()] == ["0.099"]
    assert found["tokens"]["input"]["sum"] == 11_000
    assert found["days"] == 10


def test_rejects_are_kept_with_line_and_reason(file, tmp_path):
    run(file, "--rejects", "bad.jsonl")
    (kept,) = map(json.loads, (tmp_path / "bad.jsonl").read_text().splitlines())
    assert (kept["file"], kept["line"], kept["row"]) == (file, 12, "{bad")
    assert "JSON" in kept["reason"]


def test_the_file_that_is_read_is_not_overwritten_with_rejects(file):
    result = run(file, "--rejects", file)
    assert result.exception is not None
    assert "one of the files" in str(result.exception)


def test_standard_input_is_read():
    result = run("-", "--json", input=json.dumps(CALL) + "\n")
    assert json.loads(result.stdout)["calls"] == 1


def test_where_no_row_can_be_read_the_answer_is_no(tmp_path):
    (tmp_path / "x.csv").write_text("prompt,turns\na,many\n")
    assert run("x.csv").return_value == 1


@pytest.mark.parametrize(
    ("args", "told"),
    [
        (("gone.jsonl",), "There is no file gone.jsonl"),
        (("x.jsonl", "--map", "prompt"), "is no mapping"),
        (("x.jsonl", "--as", "haiku"), "provider"),
        (("x.jsonl", "--as", "anthropic/claude-nothing"), "No price is known"),
        (("x.jsonl", "--format", "litellm"), "`spend`"),
    ],
)
def test_wrong_use_is_told(args, told, tmp_path):
    (tmp_path / "x.jsonl").write_text(json.dumps(CALL) + "\n")
    result = run(*args)
    assert result.exception is not None
    assert told in str(result.exception)


@settings(max_examples=40, suppress_health_check=list(HealthCheck))
@given(
    data=st.binary(max_size=60)
    | st.builds(
        lambda row, tail: json.dumps([row, row]).encode() + tail,
        st.dictionaries(
            st.sampled_from(["prompt", "model", "category", "time", "turns"]),
            st.text(st.characters(exclude_categories=()), max_size=4) | st.integers(),
        ),
        st.binary(max_size=3),
    )
)
def test_any_bytes_give_a_page_or_a_sentence_and_never_a_traceback(data, tmp_path):
    (tmp_path / "any").write_bytes(data)
    result = run("any", "--rejects", "bad")
    assert result.exception is None or isinstance(result.exception, HeadgateError)


@pytest.mark.parametrize("name", ["mmlu_pro", "routellm_mmlu_gsm8k", "ulab_llmrouter"])
def test_the_shared_sets_are_described(name):
    path = shared_dir("data", f"{name}_prompts.parquet")
    found = json.loads(run(str(path), "--json").stdout)
    assert found["rejected"]["rows"] == 0
    assert found["calls"] > 6000
    assert found["categories"]
