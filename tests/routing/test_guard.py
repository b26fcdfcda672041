"""guard: what a tier lacks for a request, and who answers in its place."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.routing.guard import Guard, fitting, others
from headgate.routing.policy import Decision
from headgate.routing.tier import Tier
from headgate.values import Ask, ModelRef


def tier(name: str, **more: Any) -> Tier:
    return Tier(name=name, model=ModelRef("p", name), **more)


def bars(request: dict[str, Any], *tiers: Tier) -> dict[str, str]:
    return dict(Guard(tiers).bars(Ask(model="auto", **request)))


LOW, MIDDLE, HIGH = tier("low"), tier("middle"), tier("high")


def test_tiers_of_which_nothing_is_known_serve_everything():
    everything = {"tokens": 10**9, "images": 3, "tools": 3, "json_schema": True}
    assert bars(everything, LOW, HIGH) == {}


@pytest.mark.parametrize(
    ("what", "request_"),
    [("images", {"images": 1}), ("tools", {"tools": 1}), ("json_schema", {"json_schema": True})],
)
def test_a_tier_is_barred_from_what_its_model_cannot_do_and_from_nothing_else(what, request_):
    poor = tier("poor", **{what: False})
    assert bars(request_, poor, HIGH) == {"poor": what}
    for other in ("images", "tools"):
        if other != what:
            assert bars({other: 1}, poor, HIGH) == {}


def test_a_request_must_fit_by_its_estimate_and_a_quarter_more_and_its_longest_answer():
    small = tier("small", context=1000)
    assert bars({"tokens": 800}, small, HIGH) == {}
    assert bars({"tokens": 801}, small, HIGH) == {"small": "context"}
    assert bars({"tokens": 720, "max_output": 100}, small, HIGH) == {}
    assert bars({"tokens": 721, "max_output": 100}, small, HIGH) == {"small": "context"}


def test_where_all_are_too_small_the_largest_is_tried_as_long_as_the_request_might_fit():
    small, large = tier("small", context=1000), tier("large", context=2000)
    assert bars({"tokens": 2666}, small, large) == {"small": "context"}
    assert bars({"tokens": 2667}, small, large) == {"small": "context", "large": "context"}


def test_a_large_tier_that_lacks_something_else_is_not_tried():
    small, blind = tier("small", context=1000), tier("blind", context=9000, images=False)
    request = {"tokens": 1200, "images": 1}
    assert bars(request, small, blind) == {"blind": "images"}
    assert bars({**request, "tokens": 2000}, small, blind) == {
        "small": "context",
        "blind": "images",
    }


def test_others_are_the_dearer_ones_first_and_then_the_cheaper_from_above():
    assert others(MIDDLE, (LOW, MIDDLE, HIGH)) == [HIGH, LOW]
    assert others(HIGH, (LOW, MIDDLE, HIGH)) == [MIDDLE, LOW]


def test_a_decision_that_fits_stays_as_it_is():
    decision = Decision(LOW, "router", 0.1, policy="auto")
    assert fitting(decision, (LOW, HIGH), {"high": "context"}) is decision


def test_a_decision_moves_to_the_next_tier_that_can_and_keeps_its_score():
    decision = Decision(LOW, "router", 0.1, policy="auto")
    moved = fitting(decision, (LOW, MIDDLE, HIGH), {"low": "images", "middle": "images"})
    assert moved == Decision(HIGH, "guard:images", 0.1, policy="auto")


def test_a_move_in_a_further_turn_is_marked_as_one():
    decision = Decision(LOW, "session:router", 0.1, policy="auto")
    moved = fitting(decision, (LOW, MIDDLE, HIGH), {"low": "images", "middle": "images"})
    assert moved == Decision(HIGH, "session:guard:images", 0.1, policy="auto")


def test_where_all_tiers_are_barred_nobody_answers():
    barred = {"low": "images", "high": "context"}
    assert fitting(Decision(LOW, "router"), (LOW, HIGH), barred) is None


def test_a_callers_own_choice_is_left_alone():
    pinned = Decision(LOW, "pinned", routed=False)
    assert fitting(pinned, (LOW, HIGH), {"low": "images"}) is pinned
