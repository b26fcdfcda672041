"""rules: what each condition holds on, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from headgate.routing.rules import SEARCHED_CHARS, rule
from headgate.values import Ask


def holds(conditions: dict[str, Any], request: dict[str, Any]) -> bool:
    return rule("r", "premium", **conditions).holds(Ask(model="auto", **request))


@pytest.mark.parametrize(
    ("condition", "held", "not_held"),
    [
        ({"min_tokens": 10}, {"tokens": 10}, {"tokens": 9}),
        ({"max_tokens": 10}, {"tokens": 10}, {"tokens": 11}),
        ({"matches": r"(?i)\bprove\b"}, {"last_user": "Prove it"}, {"last_user": "improved"}),
        ({"system_matches": "legal"}, {"system": "a legal aide"}, {"last_user": "legal"}),
        ({"tools": True}, {"tools": 2}, {"tools": 0}),
        ({"tools": False}, {"tools": 0}, {"tools": 2}),
        ({"images": True}, {"images": 1}, {"images": 0}),
        ({"json_schema": True}, {"json_schema": True}, {"json_schema": False}),
        ({"min_turns": 3}, {"turns": 3}, {"turns": 2}),
        ({"header": "X-Careful"}, {"headers": {"x-careful": ""}}, {"headers": {}}),
        (
            {"header": "X-Team: red"},
            {"headers": {"x-team": "red"}},
            {"headers": {"x-team": "reddish"}},
        ),
    ],
)
def test_each_condition_holds_on_what_it_names_and_nothing_else(condition, held, not_held):
    assert holds(condition, held)
    assert not holds(condition, not_held)


def test_a_rule_can_look_at_the_name_asked_for():
    careful = rule("r", "premium", model="auto:careful")
    assert careful.holds(Ask(model="auto:careful"))
    assert not careful.holds(Ask(model="auto"))


def test_all_conditions_of_a_rule_must_hold():
    both = {"min_tokens": 10, "tools": True}
    assert not holds(both, {"tokens": 10})
    assert holds(both, {"tokens": 10, "tools": 1})


def test_an_expression_sees_a_bounded_text_and_its_end():
    far = "needle" + "x" * SEARCHED_CHARS
    for kind, field in (("matches", "last_user"), ("system_matches", "system")):
        assert not holds({kind: "needle"}, {field: far})
        assert holds({kind: "needle"}, {field: far + "needle"})


def test_an_expression_is_searched_for_only_where_all_else_holds():
    seen = []

    class Watched(str):
        def __getitem__(self, part):
            seen.append(part)
            return super().__getitem__(part)

    request = {"last_user": Watched("needle"), "tokens": 1}
    assert not holds({"matches": "needle", "min_tokens": 10}, request)
    assert seen == []
    assert holds({"matches": "needle", "max_tokens": 10}, request)
