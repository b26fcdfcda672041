"""A caller's whole chat completion request, read into the neutral form for another dialect."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from headgate.errors import RequestError
from headgate.wire.dialect import untranslatable
from headgate.wire.inbound import Inbound, decoded
from headgate.wire.media import file_of, image_of
from headgate.wire.neutral import (
    EFFORTS,
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    normal,
)
from headgate.wire.openai_chat.answers import Function
from headgate.wire.openai_chat.inbound import ROLES, StreamOptions

__all__ = ["FIELDS", "read"]


class _ImageUrl(msgspec.Struct, gc=False):
    url: str


class _FileData(msgspec.Struct, gc=False):
    file_data: str | None = None
    file_id: str | None = None
    filename: str | None = None


class _FullPart(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: _ImageUrl | None = None
    file: _FileData | None = None


class _FullCall(msgspec.Struct):
    id: str
    type: str = "function"
    function: Function | None = None


class _FullMessage(msgspec.Struct):
    role: str
    content: str | list[_FullPart] | None = None
    refusal: str | None = None
    tool_calls: list[_FullCall] | None = None
    tool_call_id: str | None = None
    function_call: object = None
    audio: object = None


class _FunctionTool(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, object] | None = None
    strict: bool | None = None


class _FullTool(msgspec.Struct):
    type: str = "function"
    function: _FunctionTool | None = None


class _Schema(msgspec.Struct):
    name: str | None = None
    description: str | None = None
    schema: dict[str, object] | None = None
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: str
    json_schema: _Schema | None = None


class _Full(msgspec.Struct):
    messages: list[_FullMessage]
    tools: list[_FullTool] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    stop: str | list[str] | None = None
    reasoning_effort: str | None = None
    response_format: _Format | None = None
    user: str | None = None
    safety_identifier: str | None = None
    stream_options: StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    logit_bias: dict[str, object] | None = None
    modalities: list[str] | None = None
    audio: object = None
    functions: object = None
    function_call: object = None
    web_search_options: object = None
    moderation: object = None


_FULL = msgspec.json.Decoder(_Full)
FIELDS = frozenset({"model", "stream", *_Full.__struct_fields__})
"""See Dialect.read_fields."""


def _lost(param: str, what: str, target: str, fix: str = "") -> RequestError:
    return untranslatable(param, what, target, "openai", fix)


def read(inbound: Inbound, target: str) -> Request:
    """See Dialect.read_request."""
    return _request(decoded(_FULL, inbound.body, ""), inbound.stream, target)


def _refuse_losses(full: _Full, target: str) -> None:
    """Refuse a request whose answer could not be what was asked for."""
    if full.n is not None and full.n > 1:
        raise _lost("n", "More than one choice", target)
    if full.logprobs:
        raise _lost("logprobs", "Log probabilities", target)
    if full.logit_bias:
        raise _lost("logit_bias", "A bias on tokens", target)
    if full.audio is not None or "audio" in (full.modalities or ()):
        raise _lost("audio" if full.audio is not None else "modalities", "Audio output", target)
    if full.web_search_options is not None:
        raise _lost("web_search_options", "Web search", target)
    if full.moderation is not None:
        raise _lost("moderation", "Moderation of what is asked and answered", target)
    if full.functions or full.function_call:
        param = "functions" if full.functions else "function_call"
        raise _lost(param, "The old form of tools", target, "Use 'tools' and 'tool_choice'.")


def _request(full: _Full, stream: bool, target: str) -> Request:
    _refuse_losses(full, target)
    system, messages = _conversation(full.messages, target)
    tools: tuple[Tool, ...] = ()
    if full.tools:
        tools = _tools(full.tools, target)
    choice, allowed = _choice_of_tools(full.tool_choice, target)
    if allowed is not None:
        tools = _narrowed(tools, allowed)
    stop: tuple[str, ...] = ()
    if full.stop:
        stop = (full.stop,) if isinstance(full.stop, str) else tuple(filter(None, full.stop))
    options = full.stream_options
    return Request(
        system=system,
        messages=messages,
        tools=tools,
        tool_choice=choice,
        parallel=full.parallel_tool_calls,
        max_tokens=full.max_tokens
        if full.max_completion_tokens is None
        else full.max_completion_tokens,
        temperature=full.temperature,
        top_p=full.top_p,
        stop=stop,
        effort=EFFORTS.get(full.reasoning_effort) if full.reasoning_effort else None,
        format=_read_format(full.response_format),
        user=full.safety_identifier or full.user,
        stream=stream,
        stream_usage=options is not None and bool(options.include_usage),
    )


def _conversation(found: list[_FullMessage], target: str) -> tuple[str, tuple[Message, ...]]:
    """The system prompt (the system messages before the first turn) and the turns after it."""
    system: list[str] = []
    messages: list[Message] = []
    for index, message in enumerate(found):
        role = ROLES.get(message.role)
        if role == "system":
            text = _text(message, index, target)
            if messages:
                messages.append(Message("system", (Text(text),)))
            elif text:
                system.append(text)
        elif role == "assistant":
            messages.append(Message("assistant", tuple(_assistant(message, index, target))))
        elif role == "user":
            messages.append(Message("user", _content(message, index, target)))
        elif message.role == "tool":
            messages.append(Message("user", (_result(message, index, target),)))
        else:
            place = f"messages[{index}].role"
            raise _lost(place, "A message of role 'function'", target, "Use 'tool'.")
    return "\n\n".join(system), normal(messages)


def _text(message: _FullMessage, at: int, target: str) -> str:
    if isinstance(message.content, str):
        return message.content
    parts = _content(message, at, target)
    return "\n".join([part.text for part in parts if type(part) is Text])


def _content(message: _FullMessage, at: int, target: str) -> tuple[Text | Image | File, ...]:
    """The parts of a message, which is the one `at` this index."""
    content = message.content
    if isinstance(content, str):
        return (Text(content),)
    if not content:
        return ()
    return _parts(content, at, target)


def _parts(content: list[_FullPart], at: int, target: str) -> tuple[Text | Image | File, ...]:
    return tuple(
        [_part(part, f"messages[{at}].content[{i}]", target) for i, part in enumerate(content)]
    )


def _part(part: _FullPart, place: str, target: str) -> Text | Image | File:
    if part.type in ("text", "refusal"):
        return Text(part.text or part.refusal or "")
    if part.type == "image_url" and part.image_url is not None:
        return image_of(part.image_url.url, f"{place}.image_url.url")
    if part.type == "file" and part.file is not None:
        return _file(part.file, place, target)
    raise _lost(place, f"A content part of type '{part.type}'", target)


def _file(file: _FileData, place: str, target: str) -> File:
    if file.file_data is None:
        raise _lost(
            f"{place}.file.file_id",
            "A file that was uploaded to one provider",
            target,
            "Send its content as 'file_data'.",
        )
    return file_of(file.file_data, file.filename, f"{place}.file.file_data")


def _assistant(message: _FullMessage, at: int, target: str) -> Iterator[Part]:
    if message.audio is not None:
        raise _lost(f"messages[{at}].audio", "A spoken answer", target)
    if message.function_call is not None:
        raise _lost(f"messages[{at}].function_call", "The old form of a tool call", target)
    content = message.content
    if isinstance(content, str):
        if content:
            yield Text(content)
    elif content:
        for index, part in enumerate(content):
            if part.type == "refusal":
                yield Refusal(part.refusal or "")
            elif part.type == "text":
                yield Text(part.text or "")
            else:
                place = f"messages[{at}].content[{index}]"
                raise _lost(place, f"A content part of type '{part.type}'", target)
    if message.refusal:
        yield Refusal(message.refusal)
    for index, call in enumerate(message.tool_calls or ()):
        function = call.function
        if function is None or not function.name:
            place = f"messages[{at}].tool_calls[{index}]"
            raise _lost(place, f"A tool call of type '{call.type}'", target)
        yield ToolCall(call.id, function.name, function.arguments or "")


def _result(message: _FullMessage, at: int, target: str) -> ToolResult:
    if not message.tool_call_id:
        param = f"messages[{at}].tool_call_id"
        raise RequestError(
            f"Missing required parameter: '{param}'.",
            code="missing_required_parameter",
            param=param,
        )
    parts = [part for part in _content(message, at, target) if part != Text("")]
    return ToolResult(message.tool_call_id, tuple(parts))


def _tools(tools: list[_FullTool], target: str) -> tuple[Tool, ...]:
    return tuple([_tool(tool, index, target) for index, tool in enumerate(tools)])


def _narrowed(tools: tuple[Tool, ...], names: set[str]) -> tuple[Tool, ...]:
    return tuple([tool for tool in tools if tool.name in names])


def _tool(tool: _FullTool, index: int, target: str) -> Tool:
    function = tool.function
    if function is None:
        raise _lost(f"tools[{index}]", f"A tool of type '{tool.type}'", target)
    return Tool(
        name=function.name,
        schema=function.parameters or {},
        description=function.description,
        strict=bool(function.strict),
    )


def _choice_of_tools(
    choice: str | dict[str, object] | None, target: str
) -> tuple[ToolChoice | None, set[str] | None]:
    """The choice, and the names it narrows the tools to (None: all of them)."""
    match choice:
        case None:
            return None, None
        case "auto" | "none" | "required":
            return ToolChoice(choice), None
        case {"type": "function", "function": {"name": str(name)}}:
            return ToolChoice("tool", name), None
        case {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": list(tools)}}:
            names = {_named(tool) for tool in tools} - {""}
            return ToolChoice("required" if mode == "required" else "auto"), names
    raise _lost("tool_choice", "This tool_choice", target)


def _named(tool: object) -> str:
    match tool:
        case {"function": {"name": str(name)}}:
            return name
    return ""


def _read_format(found: _Format | None) -> JsonFormat | None:
    if found is None or found.type == "text":
        return None
    schema = found.json_schema
    if schema is None or found.type == "json_object":
        return JsonFormat()
    return JsonFormat(
        schema=schema.schema,
        name=schema.name,
        description=schema.description,
        strict=bool(schema.strict),
    )
