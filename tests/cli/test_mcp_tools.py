"""What an agent is told that it can ask: it has to choose by these words alone."""

from __future__ import annotations

import json

import pytest

from headgate.cli.mcp_tools import INSTRUCTIONS, TOOLS

MOST_BYTES = 16_000
"""Of all tools together: an agent reads them at every start, and pays for them."""


@pytest.mark.parametrize("name", TOOLS)
def test_a_tool_says_what_it_tells_in_a_few_sentences(name: str):
    tool = TOOLS[name]
    assert tool.title[0].isupper()
    assert not tool.title.endswith(".")
    assert tool.description.endswith(".")
    assert 100 < len(tool.description) < 500


@pytest.mark.parametrize("name", TOOLS)
def test_no_two_tools_say_the_same(name: str):
    said = [tool.description[:40] for tool in TOOLS.values()]
    assert said.count(TOOLS[name].description[:40]) == 1


@pytest.mark.parametrize("name", ["status", "report", "decision"])
def test_what_needs_a_ledger_begins_with_that(name: str):
    assert TOOLS[name].description.startswith("From the ledger")


def test_the_instructions_name_only_tools_that_there_are_and_say_what_amounts_are():
    for name in ("plan", "tripwire", "status", "report"):
        assert f"`{name}`" in INSTRUCTIONS
        assert name in TOOLS
    assert "US dollars" in INSTRUCTIONS
    assert "null is not known" in INSTRUCTIONS


def test_all_of_them_are_short_enough_to_be_read_at_every_start():
    told = [[name, tool.title, tool.description, tool.schema] for name, tool in TOOLS.items()]
    assert len(json.dumps(told)) < MOST_BYTES
