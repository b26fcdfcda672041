"""calls: a tool call that can be carried out, and one that cannot."""

from __future__ import annotations

import pytest

from headgate.routing.checks.calls import faulty_calls
from headgate.values import ToolUse

TOOLS: dict[str, dict[str, object] | None] = {
    "weather": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
    },
    "now": None,
}


@pytest.mark.parametrize(
    ("name", "arguments", "found"),
    [
        ("weather", '{"city": "Bern"}', None),
        ("weather", "{}", "required"),
        ("weather", '{"city": 5}', "type"),
        ("weather", '{"city": "Bern"', "not-json"),
        ("weather", '"Bern"', "type"),
        ("wether", '{"city": "Bern"}', "name"),
        ("now", "{}", None),
        ("now", "", None),
        ("now", "[]", "type"),
    ],
)
def test_a_call_must_name_a_tool_and_its_arguments_must_fit(name, arguments, found):
    assert faulty_calls([ToolUse(name, arguments)], TOOLS) == (found, ())


def test_one_bad_call_among_good_ones_is_found():
    good, bad = ToolUse("now", "{}"), ToolUse("weather", "{}")
    assert faulty_calls([good, bad], TOOLS)[0] == "required"


def test_where_the_tools_could_not_be_read_only_the_arguments_are_looked_at():
    assert faulty_calls([ToolUse("anything", "{}")], None) == (None, ())
    assert faulty_calls([ToolUse("anything", "{")], None) == ("not-json", ())


def test_keywords_that_were_not_looked_at_are_named_once():
    tools: dict[str, dict[str, object] | None] = {"f": {"if": {}}}
    calls = [ToolUse("f", "{}"), ToolUse("f", "{}")]
    assert faulty_calls(calls, tools) == (None, ("if",))
