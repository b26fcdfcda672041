"""plan_tables: the tables show the plan's own numbers, and the rows add up."""

from collections import defaultdict
from decimal import Decimal

import pytest

from headgate.costs.model import evaluate
from headgate.costs.plan_document import plan_document
from headgate.costs.plan_tables import alternatives, amount, bills_table, plan_rows
from headgate.render.page import Page
from tests.costs.test_plan_document import plan, scenario, tables


@pytest.fixture(scope="module")
def document() -> Page:
    return plan_document(plan())


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


@pytest.mark.parametrize(
    ("nano", "text"),
    [
        (0, "$0.00"), (4_200_000, "$0.0042"), (-4_200_000, "-$0.0042"), (10**9, "$1.00"),
        (9_999_994 * 10**6, "$9,999.99"), (10_000 * 10**9, "$10,000"),
    ],
)  # fmt: skip
def test_an_amount_has_cents_while_they_say_something_and_more_digits_below_a_dollar(nano, text):
    assert amount(nano) == text


def test_single_models_stand_before_routing_the_dearest_first():
    column = evaluate(scenario()).realistic
    assert [bill.name for bill in alternatives(column)] == [
        "all premium", "all cheap", "routed", "cascade",
    ]  # fmt: skip


def test_other_bills_stand_first():
    table = bills_table(evaluate(scenario()), [("all Opus", (10**9, 2 * 10**9, 3 * 10**9))])
    assert table.rows[0] == ("all Opus", "$1.00", "$2.00", "$3.00")
