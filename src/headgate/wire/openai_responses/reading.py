"""A caller's whole Responses request, read into the neutral form for another dialect."""

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
from headgate.wire.openai_responses.inbound import ROLES
from headgate.wire.schemas import is_strict

__all__ = ["FIELDS", "read"]


class _Part(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None
    image_url: str | None = None
    file_id: str | None = None
    file_data: str | None = None
    file_url: str | None = None
    filename: str | None = None


class _Kind(msgspec.Struct, gc=False):
    type: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part]


class _Call(msgspec.Struct):
    call_id: str
    name: str
    arguments: str = ""


class _Result(msgspec.Struct):
    call_id: str
    output: str | list[_Part] = ""


class _FullTool(msgspec.Struct):
    type: str
    name: str | None = None
    description: str | None = None
    parameters: dict[str, object] | None = None
    strict: bool | None = None


class _Format(msgspec.Struct):
    type: str
    name: str | None = None
    description: str | None = None
    schema: dict[str, object] | None = None
    strict: bool | None = None


class _TextConfig(msgspec.Struct):
    format: _Format | None = None


class _Reasoning(msgspec.Struct):
    effort: str | None = None


class _Full(msgspec.Struct):
    input: str | list[msgspec.Raw] = ""
    instructions: str | None = None
    tools: list[_FullTool] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    reasoning: _Reasoning | None = None
    text: _TextConfig | None = None
    user: str | None = None
    safety_identifier: str | None = None
    previous_response_id: str | None = None
    conversation: object = None
    prompt: object = None
    background: bool | None = None
    top_logprobs: int | None = None
    include: list[str] | None = None


_FULL = msgspec.json.Decoder(_Full)
FIELDS = frozenset({"model", "stream", *_Full.__struct_fields__})
"""See Dialect.read_fields."""
_KIND = msgspec.json.Decoder(_Kind)
_MESSAGE = msgspec.json.Decoder(_Message)
_CALL = msgspec.json.Decoder(_Call)
_RESULT = msgspec.json.Decoder(_Result)


def _lost(param: str, what: str, target: str, fix: str = "") -> RequestError:
    return untranslatable(param, what, target, "openai-responses", fix)


def read(inbound: Inbound, target: str) -> Request:
    """See Dialect.read_request."""
    full = decoded(_FULL, inbound.body, "")
    _refuse_losses(full, target)
    system, messages = _conversation(full, target)
    tools = [_tool(tool, index, target) for index, tool in enumerate(full.tools or ())]
    choice, allowed = _choice_of_tools(full.tool_choice, target)
    if allowed is not None:
        tools = [tool for tool in tools if tool.name in allowed]
    effort = None if full.reasoning is None else full.reasoning.effort
    return Request(
        system=system,
        messages=messages,
        tools=tuple(tools),
        tool_choice=choice,
        parallel=full.parallel_tool_calls,
        max_tokens=full.max_output_tokens,
        temperature=full.temperature,
        top_p=full.top_p,
        effort=EFFORTS.get(effort or ""),
        format=_format(full.text),
        user=full.safety_identifier or full.user,
        stream=inbound.stream,
    )


def _refuse_losses(full: _Full, target: str) -> None:
    """Refuse a request that rests on what one provider keeps or does."""
    whole = "Send the whole conversation as 'input'."
    if full.previous_response_id is not None:
        raise _lost("previous_response_id", "A conversation kept by one provider", target, whole)
    if full.conversation is not None:
        raise _lost("conversation", "A conversation kept by one provider", target, whole)
    if full.prompt is not None:
        raise _lost("prompt", "A prompt kept by one provider", target, "Send its text.")
    if full.background:
        raise _lost("background", "An answer in the background", target)
    if full.top_logprobs or "message.output_text.logprobs" in (full.include or ()):
        param = "top_logprobs" if full.top_logprobs else "include"
        raise _lost(param, "Log probabilities", target)


def _conversation(full: _Full, target: str) -> tuple[str, tuple[Message, ...]]:
    """The system prompt (instructions, and what is said before the first turn) and the turns."""
    system = [full.instructions] if full.instructions else []
    messages: list[Message] = []
    if isinstance(full.input, str):
        return "\n\n".join(system), (Message("user", (Text(full.input),)),)
    for index, raw in enumerate(full.input):
        message = _item(raw, f"input[{index}]", target)
        if message is None:
            continue
        if message.role == "system" and not messages:
            system += [part.text for part in message.parts if type(part) is Text and part.text]
        else:
            messages.append(message)
    return "\n\n".join(system), normal(messages)


def _item(raw: msgspec.Raw, place: str, target: str) -> Message | None:
    """One item as a turn; reasoning is left out, because only its own model can read it."""
    kind = decoded(_KIND, raw, place).type
    match kind:
        case None | "message":
            return _message(decoded(_MESSAGE, raw, place), place, target)
        case "function_call":
            call = decoded(_CALL, raw, place)
            return Message("assistant", (ToolCall(call.call_id, call.name, call.arguments),))
        case "function_call_output":
            result = decoded(_RESULT, raw, place)
            parts = tuple(_content(result.output, f"{place}.output", target))
            shown = tuple(part for part in parts if part != Text(""))
            return Message("user", (ToolResult(result.call_id, shown),))
        case "reasoning":
            return None
    raise _lost(place, f"An item of type '{kind}'", target)


def _message(message: _Message, place: str, target: str) -> Message:
    role = ROLES.get(message.role)
    if role == "assistant":
        return Message("assistant", tuple(_spoken(message.content, place, target)))
    parts = tuple(_content(message.content, f"{place}.content", target))
    return Message("system" if role == "system" else "user", parts)


def _spoken(content: str | list[_Part], place: str, target: str) -> Iterator[Part]:
    if isinstance(content, str):
        yield Text(content)
        return
    for index, part in enumerate(content):
        if part.type in ("output_text", "input_text", "text"):
            yield Text(part.text or "")
        elif part.type == "refusal":
            yield Refusal(part.refusal or "")
        else:
            here = f"{place}.content[{index}]"
            raise _lost(here, f"A content part of type '{part.type}'", target)


def _content(content: str | list[_Part], place: str, target: str) -> Iterator[Text | Image | File]:
    if isinstance(content, str):
        yield Text(content)
        return
    for index, part in enumerate(content):
        yield _part(part, f"{place}[{index}]", target)


def _part(part: _Part, place: str, target: str) -> Text | Image | File:
    match part.type:
        case "input_text" | "output_text" | "text":
            return Text(part.text or "")
        case "input_image" if part.image_url is not None:
            return image_of(part.image_url, f"{place}.image_url")
        case "input_file" if part.file_data is not None:
            return file_of(part.file_data, part.filename, f"{place}.file_data")
        case "input_file" if part.file_url is not None:
            return File(url=part.file_url, name=part.filename)
        case "input_image" | "input_file":
            what, fix = "A file that was uploaded to one provider", "Send its content."
            raise _lost(f"{place}.file_id", what, target, fix)
    raise _lost(place, f"A content part of type '{part.type}'", target)


def _tool(tool: _FullTool, index: int, target: str) -> Tool:
    if tool.type != "function" or tool.name is None:
        raise _lost(f"tools[{index}]", f"A tool of type '{tool.type}'", target)
    schema = tool.parameters or {}
    return Tool(
        name=tool.name,
        schema=schema,
        description=tool.description,
        # left out, the API enforces what can be enforced
        strict=is_strict(schema) if tool.strict is None else tool.strict,
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
        case {"type": "function", "name": str(name)}:
            return ToolChoice("tool", name), None
        case {"type": "allowed_tools", "mode": mode, "tools": list(tools)}:
            return ToolChoice("required" if mode == "required" else "auto"), set(_named(tools))
    raise _lost("tool_choice", "This tool_choice", target)


def _named(tools: list[object]) -> Iterator[str]:
    for tool in tools:
        match tool:
            case {"name": str(name)}:
                yield name


def _format(text: _TextConfig | None) -> JsonFormat | None:
    found = None if text is None else text.format
    if found is None or found.type == "text":
        return None
    if found.type == "json_object":
        return JsonFormat()
    return JsonFormat(
        schema=found.schema or {},
        name=found.name,
        description=found.description,
        strict=bool(found.strict),
    )
