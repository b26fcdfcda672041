"""report_document: the page has the report's own figures, with a plan and without."""

from __future__ import annotations

import random

import pytest

from headgate.ledger.memory import MemoryStore
from headgate.ledger.store import EVER
from headgate.monitor.figures import money, percent
from headgate.monitor.report import Report, report
from headgate.monitor.report_document import bill_bars, bill_table, driver_spans, report_document
from headgate.render.page import Items, Text, html, markdown
from headgate.render.table import Table
from tests.ledger.samples import traffic
from tests.monitor.plans import EXAMPLE, cheap, premium, requests


def made(*, planned: bool = True, requests: int = 200) -> Report:
    store = MemoryStore()
    store.append(traffic(random.Random(3), requests))
    return report(store.tiers(EVER), store.requests(EVER), EXAMPLE if planned else None)


@pytest.fixture(scope="module")
def held() -> Report:
    return made()


def test_the_verdict_leads(held):
    lead = report_document(held).blocks[0]
    assert isinstance(lead, Text)
    assert (lead.text, lead.lead) == (held.verdict.sentence, True)


def test_the_figures_are_the_reports(held):
    text = html(report_document(held))
    for figure in (
        money(held.bill.actual_nano),
        money(held.saving.baseline_nano),
        percent(held.saving.share or 0).replace(" %", "&nbsp;%"),
        percent(held.escalation.rate or 0).replace(" %", "&nbsp;%"),
    ):
        assert figure in text


def test_every_line_and_driver_has_its_row(held):
    tables = {
        block.title: block for block in report_document(held).blocks if isinstance(block, Table)
    }
    rows = [row[0] for row in tables["Line by line"].rows]
    for line in held.bill.lines:
        assert any(line.name in row for row in rows)
    total = rows.index("total")
    assert total in tables["Line by line"].strong
    assert len(tables["The drivers in figures"].rows) == sum(1 for one in held.drivers if one.nano)


def test_the_bars_add_up_to_the_bill_and_to_the_plan(held):
    ((_, (plan, paid, comparable, premium)),) = bill_bars(held).groups
    assert sum(part.value for part in paid.parts) == pytest.approx(held.bill.actual_nano / 1e9)
    assert sum(part.value for part in plan.parts) == pytest.approx(
        (held.bill.planned_nano or 0) / 1e9
    )
    assert held.saving.left_out  # so the two that can be compared stand beside each other
    assert comparable.parts[0].value == held.saving.paid_nano / 1e9
    assert premium.parts[0].value == held.saving.baseline_nano / 1e9


def test_the_drivers_reach_from_nothing_to_what_they_did(held):
    spans = driver_spans(held).spans
    assert all(span.low == 0 for span in spans)
    difference = held.bill.actual_nano - (held.bill.planned_nano or 0)
    assert sum(span.high for span in spans) == pytest.approx(difference / 1e9)


def test_without_a_plan_there_is_no_plan_and_no_driver():
    page = report_document(made(planned=False))
    text = html(page)
    assert "Why the bill is not the plan" not in text
    assert "planned " not in text
    assert "scaled to these" not in page.subtitle
    ((_, bars),) = bill_bars(made(planned=False)).groups
    assert [bar.label for bar in bars] == ["paid", "paid, comparable", "all premium"]


@pytest.mark.parametrize("requests", [0, 1])
def test_a_ledger_with_next_to_nothing_is_a_page_too(requests):
    for planned in (True, False):
        page = report_document(made(planned=planned, requests=requests))
        assert html(page)
        assert markdown(page)


def test_a_line_without_any_known_price_is_unknown():
    dear = premium(40, priced=False, cost_nano=0)
    table = bill_table(report([cheap(160), dear], [requests(160, 0)], EXAMPLE))
    (row,) = [row for row in table.rows if row[0].startswith("hard")]
    assert row[-2:] == ("unknown", "")
    text = markdown(report_document(report([dear], [requests(0, 0, requests=40, served=40)])))
    assert "$0.00" not in text.replace("| retries | 0 | $0.000000 |", "")


def test_what_is_left_out_is_counted(held):
    (items,) = [block for block in report_document(held).blocks if isinstance(block, Items)]
    assert f"{held.bill.unpriced:,} unpriced attempts" in items.items[0]
    assert any(item.startswith("escalation: ") for item in items.items)


def test_without_a_plan_the_bill_has_neither_its_column_nor_a_difference():
    table = bill_table(made(planned=False))
    assert [column.title for column in table.columns] == ["line", "calls", "actual"]
    assert {len(row) for row in table.rows} == {3}
    assert len(bill_table(made()).columns) == 5


def test_the_axis_of_the_drivers_is_told_in_as_few_decimals_as_it_needs(held):
    labels = [label for _, label in driver_spans(held).x.ticks]
    assert len({len(label.partition(".")[2]) for label in labels}) == 1
    assert not all(label.endswith("00") for label in labels) or len(labels[0].split(".")[1]) == 2
