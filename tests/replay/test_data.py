"""replay data: contaminated and repeated prompts stay out, marks find their prompt."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from benchmarks.replay.data import CHEAP, PREMIUM, SET, Recorded, available, load, pick

from tests.shared import shared_dir


def prompt(prompt_id: str, text: str, *, contaminated: bool = False) -> dict[str, object]:
    return {
        "prompt_id": prompt_id,
        "prompt": text,
        "category": "law",
        "source": "mmlu",
        "contaminated": contaminated,
    }


def mark(prompt_id: str, model: str, score: float, chars: float | None = None):
    return {"prompt_id": prompt_id, "model": model, "score": score, "out_chars": chars}


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    prompts = [
        prompt("p2", "second"),
        prompt("p1", "first"),
        prompt("p3", "first "),
        prompt("p4", "leaked", contaminated=True),
        prompt("p5", "only one model answered"),
    ]
    marks = [mark(f"p{n}", PREMIUM, 1.0, 250.0) for n in range(1, 6)]
    marks += [mark(f"p{n}", CHEAP, n % 2) for n in range(1, 5)]
    pq.write_table(pa.Table.from_pylist(prompts), tmp_path / f"{SET}_prompts.parquet")
    pq.write_table(pa.Table.from_pylist(marks), tmp_path / f"{SET}_outcomes.parquet")
    return tmp_path


def test_prompts_come_with_both_marks_in_the_order_of_their_ids(directory):
    assert load(directory) == [
        Recorded(
            prompt_id="p1",
            prompt="first",
            category="law",
            cheap_right=True,
            premium_right=True,
            premium_chars=250,
        ),
        Recorded(
            prompt_id="p2",
            prompt="second",
            category="law",
            cheap_right=False,
            premium_right=True,
            premium_chars=250,
        ),
    ]


def test_a_pick_depends_on_the_seed_and_takes_no_prompt_twice(directory):
    rows = [
        Recorded(prompt_id=str(n), prompt=str(n), category="", cheap_right=True, premium_right=True)
        for n in range(100)
    ]
    assert pick(rows, 20, 1) == pick(rows, 20, 1) != pick(rows, 20, 2)
    assert len({row.prompt_id for row in pick(rows, 20, 1)}) == 20
    assert len(pick(rows, 500, 1)) == 100


def test_where_there_is_no_data_that_is_said_by_none(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADGATE_SHARED", str(tmp_path))
    assert available() is None


def test_the_real_set_is_large_enough_and_clean():
    rows = load(shared_dir("data"))
    assert len(rows) > 15_000
    assert len({row.prompt.strip() for row in rows}) == len(rows)
    assert 0.6 < sum(row.cheap_right for row in rows) / len(rows) < 0.75
    assert 0.75 < sum(row.premium_right for row in rows) / len(rows) < 0.85
