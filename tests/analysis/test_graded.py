"""Graded rows: every form of grades becomes the same rows, and what is left out is counted."""

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given
from hypothesis import strategies as st

from headgate.analysis.graded import Graded
from headgate.analysis.pairs import Names
from headgate.analysis.readers import Reader
from headgate.analysis.record import Record
from headgate.analysis.rows import GradedRow
from headgate.routing.draft import Draft
from headgate.values import Usage


def gathered(*records: Record, names: Names = Names()) -> Graded:  # noqa: B008
    graded = Graded(names)
    for record in records:
        graded.add(record)
    return graded


def of_file(path: Path, **mapping: str) -> list[GradedRow]:
    return gathered(*Reader([str(path)], mapping=mapping).records()).rows()


FULL = {
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
}
ROW = GradedRow(
    id="7",
    prompt="Why?",
    category="chat",
    time=1795176000.0,
    tokens=12,
    json_schema=True,
    cheap=0.0,
    premium=1.0,
    cheap_nano=10_000,
    premium_nano=2_000_000,
)


def test_a_full_row_is_read(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text(json.dumps(FULL))
    assert of_file(tmp_path / "a.jsonl") == [ROW]


def test_parquet_with_gaps_as_pandas_writes_them_gives_the_same(tmp_path: Path):
    table = pa.table(
        {
            "prompt": ["x", "y"],
            "cheap": [0.0, 1.0],
            "premium": [1.0, 1.0],
            "cheap_cost": [float("nan"), 0.5],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    rows = of_file(tmp_path / "a.parquet")
    assert [row.cheap_nano for row in rows] == [None, 500_000_000]


def test_columns_can_have_other_names(tmp_path: Path):
    (tmp_path / "a.jsonl").write_text(json.dumps({"q": "x", "small": 0, "large": 1}))
    rows = of_file(tmp_path / "a.jsonl", prompt="q", cheap="small", premium="large")
    assert rows == [GradedRow(prompt="x", cheap=0, premium=1)]


def test_rows_of_one_model_are_joined_with_their_prompt():
    graded = gathered(
        Record(id="1", model="s", score=0.0, cost_nano=5, usage=Usage(10)),
        Record(id="1", prompt="Why?", category="maths"),
        Record(id="1", model="l", score=1.0, cost_nano=50, usage=Usage(11)),
        Record(id="1", model="other", score=1.0, usage=Usage(99)),
        names=Names("s", "l"),
    )
    [row] = graded.rows()
    assert row == GradedRow(
        id="1",
        prompt="Why?",
        category="maths",
        tokens=11,
        cheap=0.0,
        premium=1.0,
        cheap_nano=5,
        premium_nano=50,
    )


def test_the_draft_is_that_of_the_cheap_answer():
    (row,) = gathered(
        Record(id="1", prompt="Why?", tier="cheap", score=0.0, draft=Draft(chars=5)),
        Record(id="1", tier="premium", score=1.0, draft=Draft(chars=900)),
    ).rows()
    assert row.draft == Draft(chars=5)


def test_a_human_grade_stands_before_a_judges():
    record = Record(prompt="x", cheap=1.0, premium=1.0, human_cheap=0.0, human_premium=0.5)
    [row] = gathered(record).rows()
    assert (row.cheap, row.premium) == (0.0, 0.5)


def test_what_cannot_be_trained_on_is_counted():
    graded = gathered(
        Record(cheap=1.0, premium=1.0),
        Record(id="1", model="s", score=1.0),
        Record(id="1", model="l", score=1.0),
        Record(id="2", model="s", score=1.0, prompt="x"),
        Record(winner="a", model_a="other", model_b="l", prompt="x"),
        names=Names("s", "l"),
    )
    assert graded.rows() == []
    assert (graded.bare, graded.halves.single, graded.other) == (2, 1, 1)


RECORDS = st.lists(
    st.builds(
        Record,
        id=st.sampled_from(["", "1", "2"]),
        prompt=st.sampled_from(["", "x", "y"]),
        model=st.sampled_from(["s", "l", "x"]),
        time=st.none() | st.sampled_from([1.0, 2.0]),
        turns=st.sampled_from([1, 2]),
        score=st.none() | st.sampled_from([0.0, 1.0]),
        cheap=st.none() | st.sampled_from([0.0, 1.0]),
        premium=st.none() | st.sampled_from([0.0, 1.0]),
        winner=st.none() | st.sampled_from(["a", "tie"]),
        model_a=st.just("l"),
        model_b=st.sampled_from(["s", "x"]),
        cost_nano=st.none() | st.sampled_from([1, 2]),
    ),
    max_size=8,
)


@given(RECORDS, RECORDS, RECORDS)
def test_merging_in_any_order_gives_the_rows_of_one_pass(one, two, three):
    def part(*records):
        return gathered(*records, names=Names("s", "l"))

    def state(graded):
        return (
            sorted(map(repr, graded.rows())),
            graded.facts,
            graded.bare,
            graded.other,
            graded.strangers,
        )

    whole = state(part(*one, *two, *three))
    a, b, c = part(*one), part(*two), part(*three)
    assert state(a.merge(b).merge(c)) == state(a.merge(b.merge(c))) == whole
    assert state(c.merge(a).merge(b)) == whole
