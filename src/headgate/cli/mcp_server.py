"""Serves the tools on stdin and stdout, by the SDK of the Model Context Protocol."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import click
import mcp_types as types
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError

from headgate import __version__
from headgate.cli.main import defect
from headgate.cli.mcp_answers import Place, Told
from headgate.cli.mcp_heard import Heard
from headgate.cli.mcp_tools import INSTRUCTIONS, TOOLS, Tool
from headgate.errors import ConfigError, ConfigFault, HeadgateError

__all__ = ["serve", "server_of"]

LONGEST_REASON = 300

_READS_ONLY = types.ToolAnnotations(
    read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
)


def server_of(place: Place) -> Server[Any]:
    """The server, not yet connected: the tools over one place."""

    async def listed(
        _: ServerRequestContext[Any], __: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        return types.ListToolsResult(tools=[_described(*item) for item in TOOLS.items()])

    async def called(
        _: ServerRequestContext[Any], asked: types.CallToolRequestParams
    ) -> types.CallToolResult:
        tool = TOOLS.get(asked.name)
        if tool is None:
            known = ", ".join(TOOLS)
            raise MCPError(
                types.INVALID_PARAMS,
                f"There is no tool {asked.name[:60]!r}. The tools are {known}.",
            )
        # a ledger is read, and a plan takes a moment: neither keeps a ping waiting
        return await asyncio.to_thread(_answered, tool, place, asked.arguments or {})

    return Server(
        "headgate",
        version=__version__,
        title="Headgate",
        instructions=INSTRUCTIONS,
        on_list_tools=listed,
        on_call_tool=called,
    )


async def serve(place: Place) -> None:
    """Answer whoever is at the other end of stdin and stdout, until stdin is closed."""
    # the SDK logs what it cannot read, and that may be a prompt
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    server = server_of(place)
    async with stdio_server() as (read, write):
        await server.run(Heard(read, write), write, server.create_initialization_options())


def _described(name: str, tool: Tool) -> types.Tool:
    return types.Tool(
        name=name,
        title=tool.title,
        description=tool.description,
        input_schema=tool.schema,
        annotations=_READS_ONLY,
    )


def _answered(tool: Tool, place: Place, said: dict[str, Any]) -> types.CallToolResult:
    """What the tool says; what it cannot say is told as an error that the agent can act on."""
    wrong = best_match(Draft202012Validator(tool.schema).iter_errors(said))
    if wrong is not None:
        where = ".".join(map(str, wrong.absolute_path)) or "the arguments"
        return _failed(f"{where}: {wrong.message[:LONGEST_REASON]}")
    try:
        return _result(tool.answer(place, said))
    except (HeadgateError, click.ClickException) as error:
        return _failed(_sentence(error))
    except Exception as error:  # noqa: BLE001 - a defect becomes a sentence, as at the command line
        return _failed(defect(error))


def _sentence(error: HeadgateError | click.ClickException) -> str:
    if isinstance(error, click.BadParameter) and isinstance(error.param_hint, str):
        return f"{_argument(error.param_hint)}: {error.message}"
    if isinstance(error, click.ClickException):
        return error.format_message()
    return str(_by_argument(error) if isinstance(error, ConfigError) else error)


def _result(told: Told) -> types.CallToolResult:
    text = types.TextContent(type="text", text=told.text)
    return types.CallToolResult(content=[text], structured_content=told.document)


def _failed(sentence: str) -> types.CallToolResult:
    return types.CallToolResult(
        content=[types.TextContent(type="text", text=sentence)], is_error=True
    )


def _by_argument(error: ConfigError) -> ConfigError:
    """The same error, its faults under the arguments that flags are called here."""
    faults = [
        ConfigFault(
            fault.message,
            fix=fault.fix,
            field=_argument(fault.field),
            line=fault.line,
            source=fault.source,
        )
        for fault in error.faults
    ]
    return ConfigError(error.message, fix=error.fix, faults=faults)


def _argument(field: str | None) -> str | None:
    if field is None or not field.startswith("--"):
        return field
    return field[2:].replace("-", "_")
