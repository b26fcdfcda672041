"""plan_charts: curves and bars are the plan's own numbers, and say where they end."""

import pytest

from headgate.costs.gap import gap
from headgate.costs.model import evaluate
from headgate.costs.plan_charts import bill_bars, gap_bars, growth_bars, saving_curve
from headgate.costs.plan_document import plan_document
from headgate.costs.scenario import Classifier
from headgate.render.page import html
from tests.costs.cards import SONNET
from tests.costs.test_plan_document import plan, scenario


def test_the_curve_goes_through_the_plans_own_saving():
    breakdown = evaluate(scenario())
    curve = saving_curve(breakdown)
    assert [line.name for line in curve.lines] == [column.name for column in breakdown.columns]
    naive = dict(curve.lines[0].points)
    assert naive[0.2] == pytest.approx(0.5178, abs=1e-4)
    assert naive[1.0] == pytest.approx(-0.0156, abs=1e-4)


def test_the_crossover_is_marked_on_the_zero_line():
    breakdown = evaluate(scenario())
    now, crossover = saving_curve(breakdown).marks
    assert now.at == 0.2
    assert crossover.at == pytest.approx(float(breakdown.realistic.crossover.rate or 0))
    assert crossover.height == 0.0


def test_where_nothing_flips_no_crossover_is_marked():
    never = scenario(classifier=Classifier(SONNET, input_tokens=5000))
    curve = saving_curve(evaluate(never))
    assert [mark.label for mark in curve.marks] == ["you are here: 20 %"]
    assert "it is nothing at" not in curve.description
    assert html(plan_document(plan(classifier=Classifier(SONNET, input_tokens=5000))))


def test_a_saving_below_every_sense_is_cut():
    dear = scenario(classifier=Classifier(SONNET, input_tokens=1_000_000))
    lows = [saving for line in saving_curve(evaluate(dear)).lines for _, saving in line.points]
    assert min(lows) == -2.0


def test_bars_are_made_of_the_bills_lines():
    breakdown = evaluate(scenario())
    for (name, bars), column in zip(bill_bars(breakdown).groups, breakdown.columns, strict=True):
        assert name == column.name
        assert [bar.label for bar in bars] == ["all premium", "all cheap", "routed", "cascade"]
        for bar, bill in zip(
            bars,
            (column.all_premium, column.all_cheap, column.routed, column.cascade),
            strict=True,
        ):
            assert sum(part.value for part in bar.parts) == pytest.approx(bill.total / 1e9)


def test_the_gap_is_shown_by_its_drivers_largest_first():
    found = gap(scenario())
    ((_, bars),) = gap_bars(found).groups
    assert [bar.label for bar in bars] == [name for name, nano in found.parts if nano > 0]
    assert sum(bar.parts[0].value for bar in bars) <= found.nano / 1e9 + 1e-6


def test_growth_bars_show_both_bills_at_each_factor():
    groups = growth_bars(plan().growth).groups
    assert [name for name, _ in groups] == ["1× traffic", "3× traffic", "10× traffic"]
    assert all(len(bars) == 2 for _, bars in groups)
