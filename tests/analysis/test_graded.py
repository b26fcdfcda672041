"""Graded files: every sound row is read, every other is kept with its place and reason."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headgate.analysis.graded import mapping_of, read_graded
from headgate.analysis.rows import GradedRow
from headgate.errors import ConfigError


def written(path: Path, *lines: object) -> Path:
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines))
    return path


def test_a_full_row_is_read(tmp_path: Path):
    file = written(
        tmp_path / "a.jsonl",
        {
            "id": 7,
            "prompt": "Why?",
            "category": "chat",
            "time": "2026-11-20T12:00:00Z",
            "tokens": 12,
            "json_schema": True,
            "cheap": 0,
            "premium": 1.0,
            "cheap_cost": 0.00001,
            "premium_cost": 2e-3,
            "more": [1],
        },
    )
    assert read_graded([file]).rows == [
        GradedRow(
            id="7",
            prompt="Why?",
            category="chat",
            time=datetime(2026, 11, 20, 12, tzinfo=UTC).timestamp(),
            tokens=12,
            json_schema=True,
            cheap=0.0,
            premium=1.0,
            cheap_nano=10_000,
            premium_nano=2_000_000,
        )
    ]


def test_parquet_gives_the_same_rows_as_jsonl(tmp_path: Path):
    rows = [
        {"prompt": f"p{i}", "cheap": 0.5, "premium": 1.0, "cheap_cost": None, "time": 5.0}
        for i in range(5000)
    ]
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    found = read_graded([tmp_path / "a.parquet"])
    assert found == read_graded([written(tmp_path / "a.jsonl", *rows)])
    assert len(found.rows) == 5000


def test_columns_can_have_other_names(tmp_path: Path):
    file = written(tmp_path / "a.jsonl", {"q": "x", "small": 0, "large": 1})
    mapping = mapping_of(["prompt=q", "cheap=small", "premium=large"])
    assert read_graded([file], mapping).rows == [GradedRow(prompt="x", cheap=0, premium=1)]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("{broken", "not a JSON object"),
        ("[1]", "not a JSON object"),
        ({"cheap": 0, "premium": 1}, "no 'prompt'"),
        ({"prompt": "x", "cheap": 0}, "no 'premium'"),
        ({"prompt": "x", "cheap": "bad", "premium": 1}, "'cheap' is not a number"),
        ({"prompt": "x", "cheap": 0, "premium": 2}, "not between 0 and 1"),
        ({"prompt": "x", "cheap": 0, "premium": 1, "tokens": -1}, "'tokens' is not 0 or more"),
        ({"prompt": "x", "cheap": 0, "premium": 1, "time": "soon"}, "'time' is no time"),
        ({"prompt": "x", "cheap": 0, "premium": 1, "cheap_cost": -1}, "'cheap_cost' is not 0"),
    ],
)
def test_a_row_that_cannot_be_used_is_kept_with_its_reason(
    tmp_path: Path, row: object, reason: str
):
    good = {"prompt": "x", "cheap": 0, "premium": 1}
    found = read_graded([written(tmp_path / "a.jsonl", good, row, good)])
    assert len(found.rows) == 2
    [(place, why)] = found.rejected
    assert place.endswith("a.jsonl:2")
    assert reason in why


def test_a_cost_that_is_not_a_number_is_unknown(tmp_path: Path):
    table = pa.table(
        {"prompt": ["x"], "cheap": [0.0], "premium": [1.0], "cheap_cost": [float("nan")]}
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert read_graded([tmp_path / "a.parquet"]).rows[0].cheap_nano is None


def test_a_file_of_another_shape_is_refused_with_what_was_expected(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"holds no graded row.*--map FIELD=COLUMN"):
        read_graded([written(tmp_path / "a.jsonl", {"text": "x"})])


def test_an_empty_file_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="it is empty"):
        read_graded([written(tmp_path / "a.jsonl")])


def test_a_missing_file_is_refused(tmp_path: Path):
    for name in ("no.jsonl", "no.parquet"):
        with pytest.raises(ConfigError, match="cannot be read"):
            read_graded([tmp_path / name])


def test_what_is_no_parquet_is_refused(tmp_path: Path):
    with pytest.raises(ConfigError, match="no Parquet"):
        read_graded([written(tmp_path / "a.parquet", "hello there")])


@pytest.mark.parametrize("pair", ["prompt", "prompt=", "colour=x"])
def test_a_mapping_that_maps_nothing_is_refused(pair: str):
    with pytest.raises(ConfigError, match="maps no column"):
        mapping_of([pair])
