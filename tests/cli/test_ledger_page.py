"""ledger_page: money keeps its digits, control characters stay out, unknown is not nothing."""

from headgate.analysis.reconcile import Difference
from headgate.analysis.reprice import Repriced
from headgate.cli.ledger_page import differences_table, repriced_table, rows_table, sums_table
from headgate.ledger.memory import MemoryStore
from headgate.render.table import aligned
from tests.ledger.samples import entry


def test_a_row_says_what_became_of_it():
    rows = [entry(), entry(attempt=1, served=False), entry(attempt=2, error="timeout")]
    ends = [row[6] for row in rows_table(rows).rows]
    assert ends == ["served", "unused", "timeout"]


def test_a_models_name_cannot_steer_the_terminal():
    text = aligned(rows_table([entry(model_asked="a\x1b[31mb\nc")]), 200)
    assert "\x1b" not in text
    assert len(text.splitlines()) == 2


def test_sums_for_programs_have_every_digit_and_for_people_as_many_as_fit():
    store = MemoryStore()
    store.append([entry(cost_nano=1), entry(request_id="r1", cost_nano=None)])
    exact = sums_table(store.tiers(), (), exact=True)
    assert [row[-1] for row in exact.rows] == ["", "0.000000001"]
    assert sums_table(store.tiers(), ()).rows[0][-1] == "unknown"


def test_differences_are_signed():
    lines = [
        Difference(20_780, "m", "output", 5, 7),
        Difference(20_780, "", "cost", 2_000_000, 1_000_000),
    ]
    assert differences_table(lines).rows == (
        ("2026-11-23", "m", "output", "5", "7", "-2"),
        ("2026-11-23", "all", "cost", "$0.002", "$0.001", "+$0.001000"),
    )


def test_the_last_line_of_what_was_repriced_is_its_sum():
    lines = [
        Repriced(model="a", attempts=1, changed=1, was_nano=10**9, now_nano=2 * 10**9),
        Repriced(model="b", attempts=2, was_nano=10**9, now_nano=10**9, was_unpriced=1),
    ]
    assert repriced_table(lines).rows[-1] == (
        "total", "3", "1", "1", "0", "$2.0000", "$3.0000", "+$1.0000",
    )  # fmt: skip
