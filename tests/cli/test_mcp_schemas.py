"""The arguments' schemas: valid by their own standard, in the flags' words, with an end to all."""

from __future__ import annotations

import pytest
from jsonschema import Draft202012Validator

from headgate.cli.mcp_schemas import SCHEMAS
from headgate.cli.mcp_tools import TOOLS
from headgate.cli.what_if import CHANGES


def fits(tool: str, said: object) -> bool:
    return bool(Draft202012Validator(SCHEMAS[tool]).is_valid(said))


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_one_and_takes_nothing_that_it_does_not_name(name: str):
    Draft202012Validator.check_schema(SCHEMAS[name])
    assert not fits(name, {"config": "/etc/passwd"})
    assert not fits(name, [])


def test_every_tool_has_its_schema_and_no_schema_is_left_over():
    assert set(SCHEMAS) == set(TOOLS)


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_argument_says_what_it_is_and_every_text_has_an_end(name: str):
    for argument, schema in SCHEMAS[name]["properties"].items():
        assert schema["description"].endswith("."), argument
        if "string" in schema["type"]:
            assert "maxLength" in schema or "enum" in schema, argument


@pytest.mark.parametrize("name", ["plan", "tripwire"])
def test_changes_are_described_as_the_flags_are(name: str):
    for field, (_, text) in CHANGES.items():
        assert SCHEMAS[name]["properties"][field]["description"] == text


@pytest.mark.parametrize("share", [0.2, "0.2", "20%", 0])
def test_a_number_may_be_text(share: object):
    assert fits("plan", {"escalation": share})


@pytest.mark.parametrize("share", [True, None, [0.2], {"rate": 0.2}, "0" * 41])
def test_what_is_no_number_is_refused(share: object):
    assert not fits("plan", {"escalation": share})


@pytest.mark.parametrize(
    ("tool", "said"),
    [
        ("decision", {}),
        ("model_price", {}),
        ("compare_prices", {"models": []}),
        ("compare_prices", {"models": ["a/b"] * 21}),
        ("route", {}),
        ("tripwire", {"intervals": {"escalation": [0.1]}}),
        ("tripwire", {"column": "best"}),
        ("search_prices", {"limit": 51}),
        ("plan", {"growth": [0]}),
    ],
)
def test_what_a_tool_cannot_use_is_refused(tool: str, said: object):
    assert not fits(tool, said)
