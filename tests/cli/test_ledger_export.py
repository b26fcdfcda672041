"""ledger_export: every row comes out in every form, and a file is whole or not there."""

import csv
import json
import random

import click
import pytest
from pyarrow import parquet

from headgate.analysis.questions import may_be_asked
from headgate.analysis.readers.formats import FORMATS
from headgate.cli.ledger import ledger
from headgate.errors import ConfigError
from headgate.ledger.columns import COLUMNS, entry_of, row_of
from tests.cli.ledgers import URL, fill, run
from tests.ledger.samples import NOON_US, prompt, questions, shadowed

ROWS = shadowed(random.Random(3), 40)


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    fill(tmp_path, ROWS)
    return tmp_path


def export(*args):
    return run(ledger, "export", "--ledger", URL, *args)


def in_order(entries):
    return sorted(entries, key=lambda row: (row.request_id, row.attempt))


def test_parquet_gives_every_row_back(here):
    said = export("rows.parquet")
    assert f"Wrote {len(ROWS):,} attempts" in said.err
    assert said.out == ""
    table = parquet.read_table(here / "rows.parquet")
    assert tuple(table.column_names) == COLUMNS
    back = [entry_of([row[name] for name in COLUMNS]) for row in table.to_pylist()]
    assert in_order(back) == in_order(ROWS)


def test_json_lines_give_every_row_back(here):
    export("rows.jsonl")
    lines = (here / "rows.jsonl").read_text("utf-8").splitlines()
    back = [entry_of([json.loads(line)[name] for name in COLUMNS]) for line in lines]
    assert in_order(back) == in_order(ROWS)


def test_csv_has_the_tables_columns_and_flags_and_leaves_empty_what_is_not_known(here):
    export("rows.csv")
    with (here / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    first = in_order(ROWS)[0]
    (found,) = [
        row for row in rows
        if (row["request_id"], row["attempt"]) == (first.request_id, str(first.attempt))
    ]  # fmt: skip
    for name, value in zip(COLUMNS, row_of(first), strict=True):
        shown = "" if value is None else str(int(value) if isinstance(value, bool) else value)
        assert found[name] == shown


def test_standard_output_takes_rows_of_a_period(here):
    found = export("-", "--format", "jsonl", "--since", "2026-11-23T12:00:20")
    count = len(found.out.splitlines())
    assert 0 < count < len(ROWS)


@pytest.mark.parametrize("args", [("rows.txt",), ("-",), ("-", "--format", "parquet")])
def test_a_form_that_cannot_be_is_refused(here, args):
    with pytest.raises(click.UsageError, match="In what form"):
        export(*args)


def test_a_place_that_is_not_there_is_refused_and_nothing_is_left(here):
    with pytest.raises(ConfigError, match="cannot be written"):
        export("absent/rows.csv")
    assert not list(here.glob("**/*.part"))


@pytest.mark.parametrize("force", [(), ("--force",)])
def test_a_directory_is_no_file_to_write_to(here, force):
    (here / "rows.csv").mkdir()
    with pytest.raises(ConfigError, match=r"rows\.csv is a directory\. Name a file in it"):
        export("rows.csv", *force)


def test_an_export_that_fails_leaves_the_old_file(here, monkeypatch):
    (here / "rows.csv").write_text("old")
    monkeypatch.setattr("headgate.cli.ledger_export._flat", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        export("rows.csv", "--force")
    assert (here / "rows.csv").read_text() == "old"


def test_a_file_that_is_there_is_kept_unless_it_is_to_be_overwritten(here):
    (here / "rows.jsonl").write_text("old")
    with pytest.raises(ConfigError, match="is there already, and was kept") as caught:
        export("rows.jsonl")
    assert "--force" in str(caught.value)
    assert (here / "rows.jsonl").read_text() == "old"
    export("rows.jsonl", "--force")
    assert len((here / "rows.jsonl").read_text("utf-8").splitlines()) == len(ROWS)
    assert not list(here.glob(".*.part"))


PROMPTS = [*questions(3), prompt(request_id="r9", request='{"model', answer="[]", form="parts")]


@pytest.fixture
def asked(here):
    fill(here, [], PROMPTS)
    return here


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet"])
def test_an_export_of_attempts_holds_no_prompt(asked, form):
    export(f"rows.{form}")
    assert "Grüße".encode() not in (asked / f"rows.{form}").read_bytes()


def test_prompts_are_exported_where_it_is_said_and_for_their_owner_alone(asked):
    said = export("asked.csv", "--prompts")
    assert "Wrote 4 prompts to asked.csv" in said.err
    with (asked / "asked.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["request_id"] for row in rows] == ["r0", "r9", "r1", "r2"]
    assert rows[0]["request"] == PROMPTS[0].request
    assert (asked / "asked.csv").stat().st_mode & 0o077 == 0
    (asked / ".asked.parquet.part").touch(0o644)  # as an export of other rows left it, killed
    export("asked.parquet", "--prompts", "--since", "2026-11-23T12:00:00")
    assert (asked / "asked.parquet").stat().st_mode & 0o077 == 0
    table = parquet.read_table(asked / "asked.parquet").to_pylist()
    assert sorted(row["answer"] for row in table) == sorted(one.answer for one in PROMPTS)


def test_prompts_as_json_lines_are_the_log_of_their_calls(asked):
    found = export("-", "--format", "jsonl", "--prompts").out.splitlines()
    rows = {row["request_id"]: row for row in map(json.loads, found)}
    assert rows["r0"]["request"]["messages"][0]["content"] == "Grüße?"
    assert rows["r0"]["response"] == {"choices": []}
    assert rows["r9"]["request"] == '{"model', "what was cut is a text"
    assert rows["r9"]["response"] == []


def test_another_command_reads_them_as_a_sample(asked):
    export("asked.jsonl", "--prompts")
    lines = (asked / "asked.jsonl").read_text("utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["request_id"] != "r9"]
    records = [record for row in rows for record in FORMATS["openai"].records(row)]
    assert all(FORMATS["openai"].recognises(row) for row in rows)
    assert [record.prompt for record in records] == ["Grüße?"] * 3
    assert {round(record.time or 0) for record in records} == {NOON_US // 1_000_000}
    assert [may_be_asked(record) for record in records] == [None] * 3
