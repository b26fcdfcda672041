"""comparison: what sets one scenario apart from another."""

from headgate.render.chart import Lines
from headgate.render.table import Table
from headgate.web.comparison import comparison
from headgate.web.question import Question
from tests.web.houses import planner


def compared(**changes: str) -> tuple[Table, Lines]:
    plans = planner()
    table, curves = comparison(plans.plan(Question()), plans.plan(Question(changes=changes)))
    assert isinstance(table, Table)
    assert isinstance(curves, Lines)
    return table, curves


def test_the_difference_is_the_second_less_the_first():
    table, _ = compared(escalation="0.5")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["routed, naive"] == ("$130.20", "$184.20", "+$54.00")
    assert rows["saved, naive"] == ("$139.80", "$85.80", "-$54.00")
    assert rows["saved, as a share"][2].startswith("-")


def test_equal_scenarios_differ_by_nothing():
    table, _ = compared()
    assert {row[3] for row in table.rows} <= {"$0.00", "0.0 points"}


def test_where_nothing_crosses_no_difference_is_told():
    table, _ = compared(classifier="none")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["routing pays until"][1:] == ("–", "–")


def test_marks_that_say_the_same_are_one():
    _, curves = compared(escalation="0.5")
    assert [mark.label.partition(":")[0] for mark in curves.marks] == ["A", "A and B", "B"]
    _, same = compared()
    assert {mark.label.partition(":")[0] for mark in same.marks} == {"A and B"}


def test_curves_that_lie_on_each_other_are_both_seen():
    _, curves = compared()
    assert [line.dashed for line in curves.lines] == [False, True]


def test_both_curves_share_their_axes_and_have_their_marks():
    _, curves = compared(escalation="0.5")
    assert [line.name for line in curves.lines] == ["A", "B"]
    assert {mark.label[0] for mark in curves.marks} == {"A", "B"}
    ends = curves.y.ticks[0][0], curves.y.ticks[-1][0]
    assert all(ends[0] <= y <= ends[1] for line in curves.lines for _, y in line.points)


def test_a_cascade_is_compared_by_its_own_bill():
    plans = planner()
    routed, cascade = plans.plan(Question()), plans.plan(Question(strategy="cascade"))
    table, _ = comparison(routed, cascade)
    assert isinstance(table, Table)
    rows = {row[0]: row[1:] for row in table.rows}
    name = f"A routed, B {cascade.a.name}, naive"
    assert rows[name] == ("$130.20", "$144.00", "+$13.80")
    assert "routing pays until" not in rows
    alike, _ = comparison(cascade, cascade)
    assert isinstance(alike, Table)
    assert alike.rows[1][0] == f"{cascade.a.name}, naive"
