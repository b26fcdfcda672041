"""table: the same cells in a terminal, in CSV and in Markdown, and nothing breaks out of a cell."""

import csv
import doctest
import io

from hypothesis import given
from hypothesis import strategies as st

import headgate.render.table
from headgate.render.table import (
    Column,
    Table,
    aligned,
    csv_text,
    cut,
    harmless,
    markdown_text,
    plain,
)

PRICES = Table(
    (Column("model"), Column("in", right=True, key="input"), Column("note")),
    (("a/cheap", "1.00", ""), ("b/dear", "15.00", "batch")),
    title="Prices",
    strong=frozenset({1}),
)


def test_the_examples_in_the_docstrings_hold():
    assert doctest.testmod(headgate.render.table).failed == 0


def test_columns_are_aligned_and_numbers_stand_to_the_right():
    assert aligned(PRICES) == (
        "model       in  note\n"
        "a/cheap   1.00\n"
        "b/dear   15.00  batch\n"
    )  # fmt: skip


def test_a_table_that_is_too_wide_has_its_widest_left_column_cut_in_the_middle():
    wide = Table(PRICES.columns, (("openrouter/anthropic/claude-sonnet-4.6:batch", "1", "x"),))
    lines = aligned(wide, 40).splitlines()
    assert max(map(len, lines)) <= 40
    assert lines[1].startswith("openrouter")
    assert "…" in lines[1]
    assert "4.6:batch" in lines[1]


def test_a_column_that_is_there_to_be_copied_is_never_cut():
    columns = (Column("id", whole=True), Column("name"))
    lines = aligned(Table(columns, (("req_" + "0" * 32, "n" * 60),)), 60).splitlines()
    assert lines[1].startswith("req_" + "0" * 32)
    assert "…" in lines[1]


def test_what_cannot_be_cut_any_more_stays_whole():
    numbers = Table((Column("a", right=True),), (("1" * 90,),))
    assert "1" * 90 in aligned(numbers, 80)


def test_csv_has_the_keys_and_quotes_what_needs_it():
    table = Table((Column("name", key="id"),), (('a,"b"',), ("two\nlines",)))
    assert list(csv.reader(io.StringIO(csv_text(table)))) == [["id"], ['a,"b"'], ["two\nlines"]]
    assert csv_text(PRICES).splitlines()[0] == "model,input,note"


def test_markdown_has_a_heading_alignment_and_bold_totals():
    assert markdown_text(PRICES).splitlines() == [
        "### Prices",
        "",
        "| model | in | note |",
        "| --- | ---: | --- |",
        "| a/cheap | 1.00 |  |",
        "| **b/dear** | **15.00** | **batch** |",
    ]


def test_no_cell_ends_its_cell_or_writes_markup():
    odd = Table((Column("x"),), (("a|b\n<img src=x>`*_[l](u)\\",),))
    (row,) = markdown_text(odd).splitlines()[2:]
    assert row == r"| a\|b \<img src=x\>\`\*\_\[l\](u)\\ |"


def test_control_characters_do_not_reach_the_terminal():
    assert plain("a\x1b[31mb\u202ec\n d") == "a [31mb c d"
    assert "\x1b" not in aligned(Table((Column("x"),), (("\x1b]0;title\x07",),)))


@given(st.text(max_size=60), st.integers(min_value=1, max_value=30))
def test_a_cut_text_is_never_too_long(text: str, width: int):
    assert len(cut(text, width)) <= max(width, 1)


def test_every_kind_of_space_and_control_becomes_one_space():
    assert plain("a\u00a0\u2028 b\tc\u200bd  e") == "a b c d e"
    assert plain("  né 日本  %") == "né 日本 %"


def test_a_harmless_line_keeps_its_spaces_and_nothing_that_moves_a_cursor():
    assert harmless("    indented  é日\u00a0%") == "    indented  é日\u00a0%"
    assert harmless("  a\x1b[2J\x07b\u202ec") == "  a [2J b c"
