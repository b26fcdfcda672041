"""What labelling says: the price before, and after it what came of it and what is owed to whom."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from headgate.analysis.label import Unlabelled
from headgate.analysis.receipts import Receipt, Receipts
from headgate.bootstrap.labelling import Bench, Forecast, Outcome
from headgate.cli.label_page import Told, document, page, priced
from tests.analysis.test_label import labelled
from tests.bootstrap.panel import panel
from tests.bootstrap.test_asking import seats


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    with panel(tmp_path) as (file, _):
        return Bench(*seats(file)[1])


def told(bench: Bench, **other: object) -> Told:
    one = labelled(1)
    outcome = Outcome([one], [Unlabelled(one.item, "no marks")] * 2, 3)
    found = Told(
        outcome=outcome,
        human=set(),
        strangers=0,
        spent=1_500_000_000,
        cap=5_000_000_000,
        rows=100,
        unaskable={"it has images": 4},
        output="labels.jsonl",
        state="labels.jsonl.state",
        bench=bench,
        notes=["a note"],
    )
    return msgspec.structs.replace(found, **other)


def test_the_price_is_said_with_what_is_spent_and_what_was_lost(tmp_path: Path, bench: Bench):
    receipts = Receipts(tmp_path / "s")
    receipts.add(Receipt("k", "sent", 2_000_000))
    receipts.close()
    receipts = Receipts(tmp_path / "s")
    text = priced(9, Forecast(50_000_000, 90_000_000, 36), receipts, 40_000_000, bench)
    receipts.close()
    assert "36 calls: about $0.0500, at most $0.0900" in text
    assert "cap is $0.0400, of which $0.0020 is spent" in text
    assert "more than the cap leaves" in text
    assert "Under way when the last run was killed: 1 call." in text


def test_the_page_says_what_was_not_done_and_why(bench: Bench):
    text = page(told(bench))
    assert "1 of 6 requests labelled, $1.50 of $5.00 spent" in text
    assert "2 not labelled: no marks" in text
    assert "3 not begun" in text
    assert "No human has graded any" in text
    assert "Note: a note" in text
    assert "changed sides with the order in 100.0 %" in text


def test_what_comes_next_is_said_only_where_something_was_labelled(bench: Bench):
    assert "headgate estimate labels.jsonl" in page(told(bench))
    nothing = Outcome([], [Unlabelled(labelled(1).item, "no marks")], 0)
    assert "headgate estimate" not in page(told(bench, outcome=nothing))


def test_human_grades_are_counted_and_so_are_strays(bench: Bench):
    text = page(told(bench, human={"r1"}, strangers=2))
    assert "1 are graded by a human too" in text
    assert "2 grades by humans are of requests not among these" in text


def test_the_document_has_the_same_facts(bench: Bench):
    found = document(told(bench))
    assert (found["labelled"], found["not_labelled"], found["not_begun"]) == (1, {"no marks": 2}, 3)
    assert (found["spent"], found["judge"], found["judge_swung"]) == ("1.5", "panel/judge", 1)
