"""plan_document: the page shows the plan's own numbers, and the rows add up."""

from collections import defaultdict
from decimal import Decimal

import pytest

from headgate.costs.advice import advice_of
from headgate.costs.gap import bound, gap
from headgate.costs.model import evaluate
from headgate.costs.plan import Plan
from headgate.costs.plan_document import (
    bill_bars,
    gap_bars,
    growth_bars,
    plan_document,
    plan_rows,
    saving_curve,
)
from headgate.costs.scenario import Classifier, Scenario, Tier
from headgate.render.chart import Bars
from headgate.render.page import Items, Page, Text, html, markdown
from headgate.render.table import Table
from tests.costs.cards import HAIKU, SONNET, mission


def scenario(**more) -> Scenario:
    tiers = (Tier("cheap", HAIKU), Tier("premium", SONNET, retry_rate="0.08"))
    return mission(**({"tiers": tiers} | more))


def plan(**more) -> Plan:
    asked = scenario(**more)
    factors = (Decimal(1), Decimal(3), Decimal(10))
    return Plan(
        source="headgate.toml",
        example=False,
        changed=("--escalation",),
        prices="a list (2026-11-20)",
        breakdown=evaluate(asked),
        growth=tuple((factor, evaluate(asked.at_traffic(factor))) for factor in factors),
        notes=("Mind the gap.",),
    )


@pytest.fixture(scope="module")
def document() -> Page:
    return plan_document(plan())


def tables(document: Page) -> dict[str, Table]:
    return {block.title: block for block in document.blocks if isinstance(block, Table)}


def test_the_page_says_what_was_asked(document):
    for part in ("headgate.toml", "changed: --escalation", "30,000 requests a month", "20 %"):
        assert part in document.subtitle
    assert "a list (2026-11-20)" in document.footer
    assert isinstance(document.blocks[0], Text)
    assert "Routing pays until 97.7 % of requests escalate" in document.blocks[0].text


def test_the_bills_are_the_missions_golden_numbers(document):
    rows = {row[0]: row[1] for row in tables(document)["The bill for a month"].rows}
    assert rows["all premium"] == "$270.00"
    assert rows["all cheap"] == "$90.00"
    assert rows["routed"] == "$130.20"
    assert rows["as a share"] == "51.8 %"
    assert rows["one more point of escalation adds"] == "$1.80"


def test_the_routed_lines_end_in_their_total(document):
    table = tables(document)["What the routed bill is made of"]
    assert [row[3] for row in table.rows[:3]] == ["$4.20", "$72.00", "$54.00"]
    assert table.rows[-1][0] == "routed"
    assert table.rows[-1][3] == "$130.20"


def test_growth_and_prices_have_their_tables(document):
    found = tables(document)
    rows = found["Growth"].rows
    assert [row[0] for row in rows if row[0]] == ["1×", "3×", "10×"]
    assert rows[4][:4] == ("10×", "300,000", "all premium", "$2,700.00")
    assert rows[5][2:4] == ("routed", "$1,302.00")
    assert len(found["Prices, US dollars per million tokens"].rows) == 3


def test_notes_and_assumptions_are_listed(document):
    items = {block.title: block.items for block in document.blocks if isinstance(block, Items)}
    assert items["Notes"] == ("Mind the gap.",)
    assert any(
        item.startswith("realistic: ") for item in items["What each column takes for granted"]
    )


def test_a_plan_without_growth_or_notes_is_a_page_too():
    bare = Plan(source="x", example=True, prices="p", breakdown=evaluate(scenario()))
    page = plan_document(bare)
    assert "Growth" not in tables(page)
    assert page.subtitle.startswith("the built-in example")
    assert html(page)
    assert markdown(page)


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


def test_the_bound_and_the_advice_are_told():
    asked = scenario()
    made = plan_document(
        Plan(
            source="x",
            example=False,
            prices="p",
            breakdown=evaluate(asked),
            gap=gap(asked),
            bound=bound(asked),
            advice=advice_of(evaluate(asked), ()),
        )
    )
    items = {block.title: block.items for block in made.blocks if isinstance(block, Items)}
    assert any(item.startswith("No request of ") for item in items["What follows"])
    assert any(
        block.title == "Why the worst case is dearer"
        for block in made.blocks
        if isinstance(block, Bars)
    )


def test_growth_bars_show_both_bills_at_each_factor():
    groups = growth_bars(plan().growth).groups
    assert [name for name, _ in groups] == ["1× traffic", "3× traffic", "10× traffic"]
    assert all(len(bars) == 2 for _, bars in groups)


def test_the_rows_of_a_bill_add_up_to_its_total():
    table = plan_rows(plan())
    keys = [column.title for column in table.columns]
    sums: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    totals = {}
    for cells in table.rows:
        row = dict(zip(keys, cells, strict=True))
        if row["section"] == "bill":
            sums[row["column"], row["alternative"]] += Decimal(row["usd"])
        elif row["section"] == "total":
            totals[row["column"], row["alternative"]] = Decimal(row["usd"])
    assert sums == totals
    assert totals["naive", "routed"] == Decimal("130.2")
    assert sum(row[0] == "growth" for row in table.rows) == 3 * 2 * len(
        evaluate(scenario()).columns
    )


def test_a_hostile_tier_name_does_not_become_markup():
    tiers = (Tier("<script>x</script>", HAIKU), Tier("premium|", SONNET))
    made = Plan(
        source="<img>", example=False, prices="p",
        breakdown=evaluate(Scenario(tiers, escalation="0.2")),
    )  # fmt: skip
    text = html(plan_document(made))
    assert "<script" not in text
    assert "<img" not in text
