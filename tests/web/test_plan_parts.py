"""plan_parts: the same blocks for the page and for a file, of one plan or of two."""

from __future__ import annotations

from headgate.render import page
from headgate.web.plan_parts import parts_of, plan_page
from headgate.web.planner import Planned
from headgate.web.question import View, asked_of
from tests.web.houses import planner

VIEW = View("realistic", "escalation", "price_ratio")


def planned(**query: str) -> Planned:
    return planner().plan(asked_of(query).first)


def titles(blocks) -> list[str]:
    return [block.title for block in blocks if getattr(block, "title", "")]


def test_one_plan_has_no_second_and_nothing_to_compare():
    parts = parts_of([planned()], VIEW)
    assert parts.second is None
    assert parts.both == ()
    assert parts.lead.startswith("Routing pays until 97.7 %")


def test_of_two_plans_each_is_told_and_how_they_differ():
    parts = parts_of([planned(), planned(escalation="50%")], VIEW)
    assert parts.second is not None
    assert parts.second.facts != parts.facts
    assert parts.second.lead == parts_of([planned(escalation="50%")], VIEW).lead
    assert parts.both


def test_the_map_is_named_by_its_sides():
    firm = parts_of([planned()], VIEW).firm
    assert titles(firm)[-1] == "The premium/cheap price ratio against escalation"
    turned = parts_of([planned()], View("naive", "input_tokens", "escalation")).firm
    assert titles(turned)[-1] == "Escalation against the input length"


def test_where_there_is_no_map_it_is_said_why():
    for view, why in (
        (View("naive", "x", "escalation"), "has no x"),
        (View("naive", "escalation", "stable_prefix"), "has no stable_prefix"),
        (View("naive", "escalation", "escalation"), "same parameter"),
    ):
        last = parts_of([planned()], view).firm[-1]
        assert isinstance(last, page.Text)
        assert why in last.text


def test_a_single_model_that_is_no_tier_is_a_bill_of_its_own():
    plain = parts_of([planned()], VIEW)
    held = parts_of([planned(against="anthropic/claude-opus-4-6")], VIEW)
    assert "all Claude Opus 4.6" in page.markdown(page.Page("", "", tuple(held.main), ""))
    assert "Opus" not in page.markdown(page.Page("", "", tuple(plain.main), ""))


def test_the_page_that_is_sent_holds_every_block_of_the_page_that_is_shown():
    made = planned(escalation="30%")
    sent, shown = plan_page(made, VIEW), parts_of([made], VIEW)
    assert sent.blocks[1:] == (shown.figures, *shown.main, *shown.firm, *shown.rest)
    assert sent.subtitle == " · ".join(shown.facts)
    assert "list prices" in sent.footer
