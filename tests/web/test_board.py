"""board: the worst comes first in the sentence, and a part without blocks has no heading."""

from datetime import date
from typing import Any

import msgspec
import pytest

from headgate.monitor.budget import EscalationBudget
from headgate.monitor.drift import Drift
from headgate.monitor.endings import Ending
from headgate.render.page import Items
from headgate.render.table import Table
from headgate.web.board import Board, board
from headgate.web.observer import Seen, Unplanned
from headgate.web.period import period_of
from tests.ledger.samples import NOON_US
from tests.monitor.test_budget import WEEK, outcomes
from tests.monitor.test_quality import fallen
from tests.web.ledgers import observer
from tests.web.test_certificates import STALE


@pytest.fixture(scope="module")
def looked() -> Seen:
    return observer().look(period_of({}, NOON_US))


def shown(seen: Seen, query: dict[str, str] | None = None, **changes: Any) -> Board:
    return board(msgspec.structs.replace(seen, **changes), period_of(query or {}, NOON_US))


def labels(made: Board) -> list[str]:
    return [figure.label for figure in made.figures.figures]


def test_the_parts_stand_in_the_order_of_money(looked):
    assert [part.title for part in shown(looked).parts] == [
        "The bill", "Tiers", "Where it comes from",
    ]  # fmt: skip
    assert [part.title for part in shown(looked, quality=fallen()).parts][1] == "Quality"


def test_what_ends_stands_below_the_tiers_with_who_uses_it(looked):
    ending = Ending(
        model="a/old", day=date(2026, 12, 1), successor=None, used_by=("tier cheap", "classifier")
    )
    (tiers,) = [part for part in shown(looked, ends=(ending,)).parts if part.title == "Tiers"]
    listed = tiers.blocks[-1]
    assert isinstance(listed, Items)
    assert listed.title == "Ends announced"
    assert listed.items == (
        "a/old ends on 2026-12-01; what takes its place is not known. (tier cheap, classifier)",
    )
    none = next(part for part in shown(looked, ends=()).parts if part.title == "Tiers")
    assert not any(isinstance(block, Items) for block in none.blocks)


def test_good_news_is_good(looked):
    made = shown(looked)
    assert made.mood == "good"
    assert made.sentence.startswith("Routing pays")
    assert {"Saved", "Paid", "Escalated", "Headroom"} <= set(labels(made))


def test_what_is_worst_leads(looked):
    drift: tuple[Drift, ...] = (STALE,)
    made = shown(looked, quality=fallen(), drift=drift)
    assert made.mood == "bad"
    assert made.sentence.startswith("Cheap answers no longer keep the floor of quality. The cert")
    assert made.certificates[0].stale
    assert "Quality kept" in labels(made)


def test_a_breach_is_said_first(looked):
    account = EscalationBudget(0.15, WEEK)
    account.fold(outcomes(3, 14, 200, lambda day: 0.6))
    made = shown(looked, escalation=account.assess(NOON_US))
    assert made.sentence.startswith("The escalation budget is breached. Routing pays")


def test_without_a_plan_the_bill_has_no_empty_columns(looked):
    bill = msgspec.structs.replace(looked.report.bill, planned_nano=None)
    report = msgspec.structs.replace(looked.report, bill=bill)
    made = shown(
        looked, report=report, headroom=None, unplanned=Unplanned("No price.", "State it.")
    )
    table = made.parts[0].blocks[0]
    assert isinstance(table, Table)
    assert [column.title for column in table.columns] == ["line", "calls", "actual"]
    assert "Headroom" not in labels(made)
    assert made.unplanned is not None


def test_the_budget_is_told_without_a_plan_too(looked):
    def told(seen: Seen, **changes: Any) -> str:
        (figure,) = [
            one for one in shown(seen, **changes).figures.figures if one.label == "Escalated"
        ]
        return figure.note

    unplanned = msgspec.structs.replace(
        looked.report,
        escalation=msgspec.structs.replace(looked.report.escalation, budget=None, state="none"),
    )
    assert told(looked, report=unplanned) == "budget 25.0 %"
    assert told(looked, report=unplanned, escalation=None) == "no budget"


def test_how_long_requests_waited_says_of_how_many_it_is(looked):
    made = shown(looked, overhead_us=(400.0, 900.0, 1200.0), waited=1959)
    last = made.figures.figures[-1]
    assert last.value.replace("\u00a0", " ") == "0.4 ms"
    assert last.note.endswith("; the newest 1,959 requests")


def test_what_cannot_be_narrowed_says_that_it_is_of_all(looked):
    def notes(made: Board) -> set[str]:
        return {one.label for one in made.figures.figures if one.note.startswith("all requests; ")}

    assert notes(shown(looked)) == set()
    told = notes(shown(looked, {"key": "k"}))
    assert "This month so far" in told
    assert "Before the first call" not in told


def test_what_it_is_narrowed_to_is_said(looked):
    facts = shown(looked, {"model": "gpt-5", "key": "k"}).facts
    assert "key k" in facts
    assert "model gpt-5" in facts
    assert any("the bill is of its own calls" in fact for fact in facts)
