"""figures: the numbers of a chart as a table, none left out."""

from headgate.render.chart import Axis, Bar, Bars, Field, Line, Lines, Part, Span, Spans
from headgate.render.figures import table_of

PERCENT = Axis("share", ((0.0, "0 %"), (0.5, "50 %"), (1.0, "100 %")))
MONEY = Axis("cost", ((-5.0, "-$5.00"), (5.0, "$5.00")))


def test_lines_have_a_row_for_each_place_and_a_column_for_each_line():
    lines = (
        Line("a", ((0.0, 0.0), (0.5, 1.0))),
        Line("b", ((0.0, -2.5), (1.0, 1.0))),
    )
    table = table_of(Lines("t", "d", PERCENT, MONEY, lines))
    assert [column.title for column in table.columns] == ["share", "a", "b"]
    assert table.rows == (
        ("0 %", "$0.00", "-$2.50"),
        ("50 %", "$1.00", ""),
        ("100 %", "", "$1.00"),
    )


def test_values_between_the_ticks_are_written_like_them():
    table = table_of(Lines("t", "d", PERCENT, Axis("n", ((0.0, "0"), (9.0, "9"))),
                           (Line("a", ((0.125, 1234.5),)),)))  # fmt: skip
    assert table.rows == (("12.5 %", "1,234"),)


def test_bars_say_what_they_are_made_of():
    bar = Bar("routed", (Part("cheap", 1.0, "$1.00", 0), Part("premium", 2.0, "$2.00", 1)), "$3.00")
    grouped = table_of(Bars("t", "d", (("naive", (bar,)),)))
    assert grouped.rows == (("naive", "routed", "$3.00", "cheap $1.00, premium $2.00"),)
    plain = table_of(Bars("t", "d", (("", (bar,)),)))
    assert plain.rows == (("routed", "$3.00", "cheap $1.00, premium $2.00"),)


def test_spans_have_both_ends_in_words():
    spans = (Span("traffic", 1.0, 2.0, "$1 at 5, $2 at 9"),)
    assert table_of(Spans("t", "d", MONEY, spans)).rows == (("traffic", "$1 at 5, $2 at 9"),)


def test_a_field_names_who_is_ahead_in_each_cell():
    field = Field("t", "d", "x", "y", ("1", "2"), ("a",), ((0, 1),), (("one", 0), ("other", 1)))
    table = table_of(field)
    assert table.rows == (("a", "one", "other"),)
    assert [column.title for column in table.columns] == ["y \\ x", "1", "2"]
