"""The server by the SDK's own client, in one process: lists, answers, errors to act on."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import mcp_types as types
import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from headgate.cli import mcp_tools
from headgate.cli.mcp_answers import Place, Told
from headgate.cli.mcp_server import server_of
from headgate.cli.mcp_tools import TOOLS
from tests.settings.files import GOOD

T = TypeVar("T")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HEADGATE_CONFIG", raising=False)
    (tmp_path / "headgate.toml").write_text(GOOD)
    return tmp_path


def talk(said: Callable[[Client], Awaitable[T]]) -> T:
    async def session() -> T:
        async with Client(server_of(Place())) as client:
            return await said(client)

    return asyncio.run(session())


def call(tool: str, **said: Any) -> types.CallToolResult:
    return talk(lambda client: client.call_tool(tool, said))


def text_of(result: types.CallToolResult) -> str:
    (part,) = result.content
    assert isinstance(part, types.TextContent)
    return part.text


def test_every_tool_is_listed_as_one_that_only_reads():
    listed = talk(lambda client: client.list_tools()).tools
    assert [tool.name for tool in listed] == list(TOOLS)
    for tool in listed:
        assert tool.annotations is not None
        assert (tool.annotations.read_only_hint, tool.annotations.open_world_hint) == (True, False)
        assert tool.input_schema == TOOLS[tool.name].schema
        assert tool.title
        assert tool.description
        assert tool.description.endswith(".")


def test_an_answer_is_a_page_and_the_document():
    result = call("plan", escalation=0.2)
    assert not result.is_error
    assert "$130.20" in text_of(result)
    document = result.structured_content
    assert document["columns"]["naive"]["routed"]["total_usd"] == "130.2"
    assert json.loads(json.dumps(document)) == document


@pytest.mark.parametrize(
    ("tool", "said", "sentence"),
    [
        ("plan", {"escalation": 7}, "escalation: 7 (700 %) is too high. Give a share of 0 to 1."),
        ("plan", {"escalation": "1e9999999%"}, "escalation: '1e9999999%' is not a number."),
        ("search_prices", {"max_price": "1e9999999"}, "max_price: '1e9999999' is not a price"),
        ("compare_prices", {"models": ["a/b"], "days": "1e9999999"}, "days: '1e9999999' is out of"),
        ("plan", {"at": "soon"}, "at: 'soon' is no date. Write it as 2026-11-20."),
        ("plan", {"premium": "a/b"}, "No price is known for a/b"),
        ("plan", {"config": "x"}, "the arguments: Additional properties are not allowed"),
        ("plan", {"growth": ["x"]}, "growth.0: 'x' is not of type 'number'"),
        ("tripwire", {"over": ["nothing"]}, "nothing"),
        ("tripwire", {"intervals": {"escalation": [0.3, 0.1]}}, "interval: "),
        ("search_prices", {"provider": "nobody"}, "provider: There is no price list 'nobody'."),
        ("search_prices", {"max_price": "dear"}, "max_price: "),
        ("model_price", {"model": "haiku"}, "Did you mean anthropic/claude-"),
        ("compare_prices", {"models": ["a/b"]}, "a/b"),
        ("check", {"toml": 5}, "toml: 5 is not of type 'string'"),
        ("status", {}, "There is no ledger"),
        ("report", {"since": "soon"}, "since: 'soon' is no moment. Write a length of time"),
        ("decision", {}, "the arguments: 'request_id' is a required property"),
        ("route", {"prompt": "x", "max_tokens": 0}, "max_tokens: 0 is less than the minimum of 1"),
    ],
)
def test_what_cannot_be_answered_names_the_argument_and_the_fix(
    tool: str, said: dict[str, Any], sentence: str
):
    result = call(tool, **said)
    assert result.is_error
    assert sentence in text_of(result)
    flags = set(re.findall(r"--[a-z-]+", text_of(result)))
    assert flags <= {"--config", "--ledger"}, "an agent has no flags but the server's own"
    assert "Traceback" not in text_of(result)


def test_a_long_argument_is_not_repeated_whole():
    result = call("route", prompt=["c4n4ry " * 1000])
    assert result.is_error
    assert len(text_of(result)) < 400


def test_a_tool_that_is_not_there_is_an_error_of_the_protocol():
    async def asked(client: Client) -> None:
        with pytest.raises(MCPError, match="The tools are plan, tripwire") as caught:
            await client.call_tool("no_such_tool")
        assert caught.value.error.code == types.INVALID_PARAMS

    talk(asked)


def test_a_defect_is_a_sentence_without_its_message(monkeypatch: pytest.MonkeyPatch):
    def broken(_: Place, __: object) -> Told:
        raise ValueError("c4n4ry")

    monkeypatch.setitem(mcp_tools.TOOLS, "plan", TOOLS["plan"]._replace(answer=broken))
    result = call("plan")
    assert result.is_error
    assert text_of(result).startswith("a defect of Headgate, not of yours: ValueError in cli/")
    assert "c4n4ry" not in text_of(result)


def test_several_are_answered_at_once():
    async def both(client: Client) -> list[types.CallToolResult]:
        calls = (client.call_tool("plan", {"escalation": rate}) for rate in (0.1, 0.2, 0.3))
        return list(await asyncio.gather(*calls))

    rates = [found.structured_content["columns"]["naive"]["escalation"] for found in talk(both)]
    assert rates == [0.1, 0.2, 0.3]
