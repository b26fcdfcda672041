"""tripwire_document: the page and the rows have the tripwires' own numbers."""

from __future__ import annotations

import random
from decimal import Decimal

import pytest

from headgate.cli.tripwire_document import (
    tripwire_document,
    tripwire_rows,
)
from headgate.cli.tripwire_page import Wires
from headgate.costs.scenario import Tier
from headgate.costs.sensitivity import joint_shift, saving_map, simulate, tornado
from headgate.costs.sensitivity_charts import map_chart, tornado_chart
from headgate.costs.tripwire import tripwires
from headgate.render import palette
from headgate.render.page import Items, Page, Text, html, markdown
from headgate.render.table import Table
from tests.costs.cards import HAIKU, mission


def wires(**more) -> Wires:
    asked = mission()
    intervals = more.pop("intervals", None)
    found = tripwires(asked, column="naive", intervals=intervals)
    return Wires(source="headgate.toml", prices="a list", wires=found, **more)


@pytest.fixture(scope="module")
def everything() -> Wires:
    asked = mission()
    return wires(
        swings=tornado(asked),
        map=saving_map(asked, "escalation", "input_tokens"),
        joint=joint_shift(asked),
        joint_asked=True,
        simulation=simulate(asked, random.Random(1), draws=50),
        seed=1,
        notes=("Mind the gap.",),
    )


def tables(page: Page) -> dict[str, Table]:
    return {block.title: block for block in page.blocks if isinstance(block, Table)}


def test_the_headline_and_the_golden_crossover_lead(everything):
    page = tripwire_document(everything)
    lead = page.blocks[0]
    assert isinstance(lead, Text)
    assert "until escalation reaches 97.7 %" in lead.text
    (row,) = [row for row in tables(page)["One parameter at a time"].rows if row[0] == "escalation"]
    assert row[1:4] == ("20 %", "97.7 %", "77.7 points")


def test_a_parameter_without_a_break_even_says_so(everything):
    rows = tables(tripwire_document(everything))["One parameter at a time"].rows
    assert any("no break-even" in row for row in rows)


def test_everything_that_was_asked_for_is_on_the_page(everything):
    page = tripwire_document(everything)
    assert {
        "One parameter at a time",
        "The swings in figures",
        "The smallest joint shift that flips the ranking",
        "Drawn at random",
    } <= tables(page).keys()
    text = html(page)
    assert text.count("<svg") == 2
    assert "50 draws (triangular, seed 1)" in text
    assert "Mind the gap." in markdown(page)


def test_what_was_not_asked_for_is_left_out():
    page = tripwire_document(wires())
    assert list(tables(page)) == ["One parameter at a time"]
    assert "<svg" not in html(page)


def test_a_joint_shift_that_there_is_not_is_told():
    text = html(tripwire_document(wires(joint_asked=True)))
    assert "No joint shift of the parameters" in text


def test_an_estimate_that_holds_the_break_even_is_fragile():
    unsure = wires(intervals={"escalation": (Decimal("0.1"), Decimal("0.99"))})
    table = tables(tripwire_document(unsure))["One parameter at a time"]
    assert table.columns[-1].title == "estimate"
    assert table.rows[0][-1] == "fragile"
    sure = wires(intervals={"escalation": (Decimal("0.1"), Decimal("0.3"))})
    assert tables(tripwire_document(sure))["One parameter at a time"].rows[0][-1] == "clear of it"
    plain = tables(tripwire_document(wires()))["One parameter at a time"]
    assert plain.columns[-1].title == "looked at"


def test_a_fragile_parameter_beside_the_first_has_its_sentence():
    asked = mission()
    found = tripwires(asked, column="naive", intervals={"escalation": (Decimal(0), Decimal(1))})
    page = tripwire_document(
        Wires(
            source="x", prices="p", wires=tuple(sorted(found, key=lambda wire: bool(wire.fragile)))
        )
    )
    (items,) = [block for block in page.blocks if isinstance(block, Items)]
    assert items.title == "Fragile"


def test_the_tornado_has_a_bar_for_every_swing_and_the_saving_now(everything):
    drawn = tornado_chart(everything.swings, everything.wires[0])
    assert [span.label for span in drawn.spans] == [swing.label for swing in everything.swings]
    assert drawn.at == pytest.approx(139.8)


def test_the_map_shows_who_is_cheaper_where(everything):
    assert everything.map is not None
    drawn = map_chart(everything.map, everything.wires[0])
    for cells, savings in zip(drawn.cells, everything.map.saving, strict=True):
        assert cells == tuple(
            palette.ROUTED if saving > 0 else palette.PREMIUM for saving in savings
        )


def test_the_rows_are_exact_and_one_for_each_break_even(everything):
    table = tripwire_rows(everything)
    keys = [column.title for column in table.columns]
    rows = [dict(zip(keys, row, strict=True)) for row in table.rows]
    (first,) = [row for row in rows if row["parameter"] == "escalation"]
    assert (first["a_usd"], first["b_usd"], first["verdict"]) == ("130.2", "270", "flips")
    assert first["at"] == "0.976666666667"
    assert len(rows) == sum(max(len(wire.break_evens), 1) for wire in everything.wires)


def test_identical_prices_are_equal_everywhere():
    same = mission(tiers=(Tier("cheap", HAIKU), Tier("premium", HAIKU)), classifier=None)
    found = Wires(source="x", prices="p", wires=tripwires(same, column="naive"))
    rows = tables(tripwire_document(found))["One parameter at a time"].rows
    assert any("equal everywhere" in row for row in rows)
    assert html(tripwire_document(found))
