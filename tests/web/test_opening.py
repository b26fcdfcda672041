"""opening: what is said first is of the strategy and the model that are asked about."""

from decimal import Decimal

import pytest

from headgate.costs.plan import headline
from headgate.costs.plan_document import figures
from headgate.costs.wording import money
from headgate.web.opening import opening
from headgate.web.planner import Planned
from headgate.web.question import asked_of
from tests.web.houses import planner


def planned(**query: str) -> Planned:
    return planner().plan(asked_of(query).first)


def test_routing_against_all_premium_is_told_as_the_plan_tells_it():
    made = planned()
    breakdown = made.plan.breakdown
    assert opening(made) == (headline(breakdown), figures(breakdown))


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"strategy": "cascade"}, ("Cascade, a month", "All premium")),
        ({"against": "anthropic/claude-haiku-4-5"}, ("Routed, a month", "All cheap")),
        ({"against": "anthropic/claude-opus-4-6"}, ("Routed, a month", "All Claude Opus 4.6")),
    ],
)
def test_another_strategy_or_model_is_told_by_its_own_bill(query, names):
    made = planned(**query)
    lead, shown = opening(made)
    one, other, saved, *until = shown.figures
    bills = [round(each.nano("realistic")) for each in (made.a, made.b)]
    assert (one.label, other.label) == names
    assert [one.value, other.value] == [money(nano) for nano in bills]
    share = abs(Decimal(bills[1] - bills[0])) / bills[1] * 100
    assert abs(Decimal(saved.value.removesuffix(" %")) - share) < Decimal("0.1")
    assert saved.label == ("Saved" if bills[0] < bills[1] else "Lost")
    assert all(figure.value in lead for figure in until)
    cheaper, dearer = [made.a.name, made.b.name][:: 1 if bills[0] < bills[1] else -1]
    assert lead.startswith(f"{cheaper[:1].upper()}{cheaper[1:]} is cheaper than {dearer}")


def test_where_it_flips_is_told_beside_and_in_the_sentence():
    lead, shown = opening(planned(strategy="cascade"))
    until = shown.figures[3]
    assert until.label == "Pays until"
    assert f"until escalation reaches {until.value}" in lead


def test_what_is_dearer_has_lost_and_is_said_so():
    lead, shown = opening(planned(strategy="cascade", escalation="90%"))
    assert shown.figures[2].label == "Lost"
    assert shown.figures[2].good is False
    assert lead.startswith("All premium is cheaper than cascade")
