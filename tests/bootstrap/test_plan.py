"""plan: what every form of the plan is made from, put together from settings and prices."""

from datetime import date
from decimal import Decimal

import pytest

from headgate.bootstrap.book import book_of
from headgate.bootstrap.plan import notes_of, plan_of
from headgate.bootstrap.scenario import WhatIf
from headgate.costs.plan import Plan
from headgate.errors import ConfigError
from headgate.settings import Reading, read_with_sources

DAY = date(2026, 11, 20)


@pytest.fixture(scope="module")
def reading() -> Reading:
    return read_with_sources(None, env={}, need_providers=False)


def made(reading: Reading, changes: WhatIf | None = None, **more) -> Plan:
    book = book_of(reading.settings, env={})
    return plan_of(reading.settings, book, DAY, changes, source="the file", **more)


def test_the_example_costs_what_the_mission_says(reading):
    column = made(reading).breakdown.naive
    assert column.routed.total == 130_200_000_000
    assert column.all_premium.total == 270_000_000_000


def test_changes_are_tried_out_and_named(reading):
    plan = made(reading, WhatIf(escalation="0.4"), changed=("escalation",))
    assert plan.changed == ("escalation",)
    assert plan.breakdown.naive.routed.total == 166_200_000_000 + 0
    assert plan.breakdown.escalation == Decimal("0.4")


def test_gap_bound_advice_and_growth_belong_to_it(reading):
    plan = made(reading, growth=(Decimal(1), Decimal(3)))
    assert plan.gap is not None
    assert plan.bound is not None
    assert plan.advice
    assert [factor for factor, _ in plan.growth] == [1, 3]
    assert plan.growth[1][1].requests == 90_000


def test_a_model_without_a_price_is_the_callers_fault(reading):
    with pytest.raises(ConfigError, match="No price is known"):
        made(reading, WhatIf(premium="nobody/nothing"))


def test_notes_name_an_old_list(reading):
    book = book_of(reading.settings, env={})
    assert any("days old" in note for note in notes_of(reading, book, date(2028, 1, 1)))
    assert notes_of(reading, book, DAY) == ()
