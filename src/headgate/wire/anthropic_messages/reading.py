"""A caller's whole Messages request, read into the neutral form for another dialect."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from headgate.errors import RequestError
from headgate.wire.anthropic_messages.answers import json_text
from headgate.wire.anthropic_messages.inbound import Block, joined
from headgate.wire.dialect import untranslatable
from headgate.wire.inbound import Inbound, decoded
from headgate.wire.neutral import (
    Effort,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Request,
    SealedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    normal,
)

__all__ = ["FIELDS", "read"]


class _Source(msgspec.Struct):
    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    content: str | list[Block] | None = None


class _FullBlock(msgspec.Struct):
    type: str
    text: str | None = None
    source: _Source | str | None = None
    title: str | None = None
    id: str | None = None
    name: str | None = None
    input: object = None
    tool_use_id: str | None = None
    content: str | list[_FullBlock] | None = None
    is_error: bool | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None


class _FullMessage(msgspec.Struct):
    role: str
    content: str | list[_FullBlock]


class _FullTool(msgspec.Struct):
    name: str | None = None  # a set of tools from an MCP server has none
    type: str | None = None
    description: str | None = None
    input_schema: dict[str, object] | None = None
    strict: bool | None = None


class _Choice(msgspec.Struct):
    type: str
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class _Thinking(msgspec.Struct):
    type: str
    budget_tokens: int | None = None


class _OutputFormat(msgspec.Struct):
    type: str
    schema: dict[str, object] | None = None


class _Output(msgspec.Struct):
    effort: str | None = None
    format: _OutputFormat | None = None


class _Metadata(msgspec.Struct):
    user_id: str | None = None


class _Full(msgspec.Struct):
    messages: list[_FullMessage]
    max_tokens: int
    system: str | list[Block] | None = None
    tools: list[_FullTool] | None = None
    tool_choice: _Choice | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop_sequences: list[str] | None = None
    thinking: _Thinking | None = None
    output_config: _Output | None = None
    metadata: _Metadata | None = None
    mcp_servers: list[object] | None = None
    container: object = None


_FULL = msgspec.json.Decoder(_Full)
FIELDS = frozenset({"model", "stream", *_Full.__struct_fields__})
"""See Dialect.read_fields."""
_EFFORTS: Mapping[str, Effort] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}


def _lost(param: str, what: str, target: str, fix: str = "") -> RequestError:
    return untranslatable(param, what, target, "anthropic", fix)


def read(inbound: Inbound, target: str) -> Request:
    """See Dialect.read_request."""
    return _request(decoded(_FULL, inbound.body, ""), inbound.stream, target)


def _request(full: _Full, stream: bool, target: str) -> Request:
    if full.mcp_servers:
        raise _lost("mcp_servers", "An MCP server that the provider calls", target)
    if full.container is not None:
        raise _lost("container", "A container at the provider", target)
    output = full.output_config or _Output()
    choice = full.tool_choice
    return Request(
        system=joined(full.system),
        messages=normal(
            [_read_message(one, index, target) for index, one in enumerate(full.messages)]
        ),
        tools=tuple(_read_tool(tool, index, target) for index, tool in enumerate(full.tools or ())),
        tool_choice=None if choice is None else _read_choice(choice),
        parallel=False if choice is not None and choice.disable_parallel_tool_use else None,
        max_tokens=full.max_tokens,
        temperature=full.temperature,
        top_p=full.top_p,
        stop=tuple(full.stop_sequences or ()),
        effort=_read_effort(full.thinking, output),
        format=None
        if output.format is None
        else JsonFormat(output.format.schema or {}, strict=True),
        user=None if full.metadata is None else full.metadata.user_id,
        stream=stream,
    )


def _read_effort(thinking: _Thinking | None, output: _Output) -> Effort | None:
    """The effort, or what a budget of thinking tokens comes to."""
    if thinking is not None and thinking.type == "disabled":
        return "none"
    if output.effort is not None:
        return _EFFORTS.get(output.effort)
    if thinking is None or thinking.budget_tokens is None:
        return None
    if thinking.budget_tokens < 4096:
        return "low"
    return "medium" if thinking.budget_tokens < 16_384 else "high"


def _read_message(message: _FullMessage, index: int, target: str) -> Message:
    role: Literal["system", "user", "assistant"] = "user"
    if message.role == "assistant":
        role = "assistant"
    elif message.role == "system":
        role = "system"
    if isinstance(message.content, str):
        return Message(role, (Text(message.content),))
    parts = [_read_block(one, index, at, target) for at, one in enumerate(message.content)]
    return Message(role, tuple(parts))


def _read_block(block: _FullBlock, message: int, at: int, target: str) -> Part:
    """The block at this place of a message, which is told only where one may be refused."""
    match block.type:
        case "text":
            return Text(block.text or "")
        case "tool_use":
            arguments = json_text({} if block.input is None else block.input)
            return ToolCall(block.id or "", block.name or "", arguments)
        case "tool_result":
            return _read_result(block, message, at, target)
        case "thinking":
            return Thinking(block.thinking or "", block.signature)
        case "redacted_thinking":
            return SealedThinking(block.data or "")
    return _read_content(block, f"messages[{message}].content[{at}]", target)


def _read_result(block: _FullBlock, message: int, at: int, target: str) -> ToolResult:
    content = block.content
    parts: list[Text | Image | File] = []
    if isinstance(content, str):
        parts = [Text(content)] if content else []
    elif content:
        place = f"messages[{message}].content[{at}].content"
        parts = [
            _read_content(one, f"{place}[{index}]", target) for index, one in enumerate(content)
        ]
    return ToolResult(block.tool_use_id or "", tuple(parts), bool(block.is_error))


def _read_content(block: _FullBlock, place: str, target: str) -> Text | Image | File:
    """Text, an image, a document, or a search result, which becomes text."""
    source = block.source
    match block.type:
        case "text":
            return Text(block.text or "")
        case "image" if isinstance(source, _Source):
            if source.type == "base64":
                return Image(data=source.data or "", media_type=source.media_type)
            if source.type == "url":
                return Image(url=source.url or "")
        case "document" if isinstance(source, _Source):
            found = _read_document(source, block.title)
            if found is not None:
                return found
        case "search_result":
            inner = block.content if isinstance(block.content, list) else []
            texts = [one.text for one in inner if one.text]
            head = [one for one in (block.title, source) if isinstance(one, str)]
            return Text("\n".join(head + texts))
    if isinstance(source, _Source) and source.type == "file":
        what, fix = "A file that was uploaded to one provider", "Send its content in base64."
        raise _lost(f"{place}.source", what, target, fix)
    raise _lost(f"{place}.type", f"A content block of type '{block.type}'", target)


def _read_document(source: _Source, title: str | None) -> File | None:
    match source.type:
        case "base64":
            return File(data=source.data or "", media_type=source.media_type, name=title)
        case "text":
            return File(text=source.data or "", media_type="text/plain", name=title)
        case "url":
            return File(url=source.url or "", name=title)
        case "content" if source.content is not None:
            return File(text=joined(source.content), media_type="text/plain", name=title)
    return None


def _read_tool(tool: _FullTool, index: int, target: str) -> Tool:
    if tool.type not in (None, "custom"):
        raise _lost(f"tools[{index}].type", f"A tool of type '{tool.type}'", target)
    if tool.name is None:
        raise RequestError(
            f"Missing required parameter: 'tools[{index}].name'.",
            code="missing_required_parameter",
            param=f"tools[{index}].name",
        )
    return Tool(
        name=tool.name,
        schema=tool.input_schema or {},
        description=tool.description,
        strict=bool(tool.strict),
    )


def _read_choice(choice: _Choice) -> ToolChoice | None:
    match choice.type:
        case "any":
            return ToolChoice("required")
        case "tool":
            return ToolChoice("tool", choice.name)
        case "none":
            return ToolChoice("none")
    return ToolChoice("auto")
