"""plan_document: the page says what was asked, what follows and what is taken for granted."""

from decimal import Decimal

import pytest

from headgate.costs.advice import advice_of
from headgate.costs.gap import bound, gap
from headgate.costs.model import evaluate
from headgate.costs.plan import Plan
from headgate.costs.plan_document import plan_document
from headgate.costs.scenario import Scenario, Tier
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


def test_a_hostile_tier_name_does_not_become_markup():
    tiers = (Tier("<script>x</script>", HAIKU), Tier("premium|", SONNET))
    made = Plan(
        source="<img>", example=False, prices="p",
        breakdown=evaluate(Scenario(tiers, escalation="0.2")),
    )  # fmt: skip
    text = html(plan_document(made))
    assert "<script" not in text
    assert "<img" not in text
