"""Labels: items with ids of their own, rows that the readers take, sheets that tell no model."""

from headgate.analysis.judging import Verdict
from headgate.analysis.label import (
    Labelled,
    first_is_cheap,
    items_of,
    row_of,
    sheet_of,
    sheet_pair,
)
from headgate.analysis.pairs import Pair
from headgate.analysis.readers.columns import Columns
from headgate.analysis.receipts import Receipt
from headgate.analysis.record import Record


def labelled(number: int, cheap: str = "CHEAP", premium: str = "PREMIUM") -> Labelled:
    [item], _ = items_of([Record(id=f"r{number}", prompt="Why?", category="c", time=1.79e9)], 10)
    return Labelled(
        item,
        Receipt("a", "paid", 1_000, text=cheap, model="p/small", input_tokens=7, output_tokens=3),
        Receipt("b", "paid", 9_000, text=premium, model="p/large"),
        Verdict(Pair(0.25, 1.0), swung=True),
    )


def test_ids_are_kept_made_and_told_apart():
    records = [
        Record(id="x", prompt="a"),
        Record(id="x", prompt="b"),
        Record(prompt="c"),
        Record(prompt="c"),
        Record(prompt="d", images=1),
    ]
    items, reasons = items_of(records, 10)
    names = [item.id for item in items]
    assert names[:2] == ["x", "x#2"]
    assert names[3] == f"{names[2]}#2"
    assert reasons == ["it has images"]


def test_a_row_comes_back_through_the_readers():
    row = row_of(labelled(1), "p/judge", Pair(0.0, 1.0))
    (record,) = Columns().records(row)
    assert (record.id, record.prompt, record.category, record.time) == ("r1", "Why?", "c", 1.79e9)
    assert (record.cheap, record.premium) == (0.25, 1.0)
    assert (record.human_cheap, record.human_premium) == (0.0, 1.0)
    assert (record.cheap_nano, record.premium_nano) == (1_000, 9_000)
    assert record.usage is not None
    assert record.usage.total_input == 7
    assert record.judge == "p/judge"
    assert record.draft is not None  # a verifier can be trained on it
    assert record.draft.chars == len("CHEAP")
    assert row["judge_swung"] is True


def test_what_is_not_known_is_left_out():
    row = row_of(labelled(1), "p/judge")
    assert "human_cheap" not in row
    assert "system" not in row


def test_a_sheet_shows_answers_in_an_order_that_the_id_alone_decides():
    found = [labelled(n) for n in range(200)]
    rows = list(sheet_of(found, 100))
    assert len(rows) == 100
    firsts = [row[2] == "CHEAP" for row in rows]
    assert 25 < sum(firsts) < 75
    assert firsts == [first_is_cheap(row[0]) for row in rows]


def test_grades_on_the_sheet_go_back_to_their_answers():
    for n in range(20):
        name = f"r{n}"
        first, second = (0.0, 1.0) if first_is_cheap(name) else (1.0, 0.0)
        assert sheet_pair(name, first, second) == Pair(0.0, 1.0)


def test_no_cell_is_a_formula():
    [row] = sheet_of([labelled(1, "=HYPERLINK(1)", "+1")], 1)
    assert {cell[:2] for cell in row[2:4]} == {"'=", "'+"}
