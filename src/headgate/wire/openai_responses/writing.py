"""A neutral request written as a Responses request for a provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headgate.errors import RequestError
from headgate.wire.gpt import MAX_USER_CHARS, effort_of, takes_sampling
from headgate.wire.neutral import (
    File,
    Image,
    JsonFormat,
    Part,
    Refusal,
    Request,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
)
from headgate.wire.schemas import is_strict

__all__ = [
    "LEAST_OUTPUT",
    "check",
    "write",
    "write_choice",
    "write_format",
    "write_tool",
]

LEAST_OUTPUT = 16
"""The smallest max_output_tokens that the API takes."""


def check(request: Request, words: Mapping[str, str]) -> None:
    """See Dialect.check: there are no stop sequences in this dialect."""
    if request.stop:
        raise RequestError(
            "The provider that would answer takes no stop sequences.",
            fix="Leave them out, or name a model whose provider takes them.",
            code="unsupported_parameter",
            param=words["stop"],
        )


def write(request: Request, model: str) -> bytes:
    """See Dialect.write_request. Nothing is to be stored: the caller sends the whole history."""
    body: dict[str, object] = {"model": model, "input": list(_input(request)), "store": False}
    if request.system:
        body["instructions"] = request.system
    body |= _write_tools(request)
    if request.max_tokens is not None:
        body["max_output_tokens"] = max(LEAST_OUTPUT, request.max_tokens)
    if takes_sampling(model):
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
    effort = effort_of(model, request.effort)
    if effort is not None:
        body["reasoning"] = {"effort": effort}
    if request.format is not None:
        body["text"] = {"format": write_format(request.format)}
    if request.user and len(request.user) <= MAX_USER_CHARS:
        body["safety_identifier"] = request.user
    if request.stream:
        body["stream"] = True
    return msgspec.json.encode(body)


def _write_tools(request: Request) -> dict[str, object]:
    if not request.tools:
        return {}
    out: dict[str, object] = {"tools": [write_tool(tool) for tool in request.tools]}
    if request.tool_choice is not None:
        out["tool_choice"] = write_choice(request.tool_choice)
    if request.parallel is not None:
        out["parallel_tool_calls"] = request.parallel
    return out


def _input(request: Request) -> Iterator[dict[str, object]]:
    for message in request.messages:
        if message.role == "assistant":
            yield from _write_assistant(message.parts)
        elif message.role == "user":
            yield from _write_user(message.parts)
        else:
            yield _message("system", message.parts)


def _write_user(parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    rest: list[Part] = []
    for part in parts:
        if type(part) is ToolResult:  # `isinstance` costs five times as much where it is not
            yield _write_result(part)
        else:
            rest.append(part)
    if rest:
        yield _message("user", rest)


def _message(role: str, parts: Sequence[Part]) -> dict[str, object]:
    content: str | list[dict[str, object]]
    if len(parts) == 1 and type(parts[0]) is Text:
        content = parts[0].text
    else:
        content = [_write_part(part) for part in parts]
    return {"type": "message", "role": role, "content": content}


def _write_result(result: ToolResult) -> dict[str, object]:
    parts: list[Part] = list(result.parts)
    if result.failed:
        parts.insert(0, Text("Error:"))
    texts = [part.text for part in parts if type(part) is Text]
    output: str | list[dict[str, object]] = "\n".join(texts)
    if len(texts) < len(parts):
        output = [_write_part(part) for part in parts]
    return {"type": "function_call_output", "call_id": result.id, "output": output}


def _write_part(part: Part) -> dict[str, object]:
    match part:
        case Text() | Refusal():  # first: what is passed over costs a lot
            return {"type": "input_text", "text": part.text}
        case Image():
            url = part.url or f"data:{part.media_type};base64,{part.data}"
            return {"type": "input_image", "image_url": url, "detail": "auto"}
        case File(text=str(text)):
            shown = f"{part.name}:\n{text}" if part.name else text
            return {"type": "input_text", "text": shown}
        case File(url=str(url)):
            return {"type": "input_file", "file_url": url}
        case File():
            data = f"data:{part.media_type};base64,{part.data}"
            name = part.name or "document.pdf"
            return {"type": "input_file", "filename": name, "file_data": data}
    return {"type": "input_text", "text": ""}


def _write_assistant(parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Text and calls in their order. Reasoning is left out: it is signed for another provider.

    Each text is a message of its own: as a string it needs neither the id nor the status that the
    specification asks of an answer's parts, and a history from elsewhere has none that this API
    gave.
    """
    for part in parts:
        if type(part) is ToolCall:
            yield write_call(part)
        elif (type(part) is Text or type(part) is Refusal) and part.text:
            yield {"type": "message", "role": "assistant", "content": part.text}


def write_call(call: ToolCall) -> dict[str, object]:
    """A call of a function, in a history or an answer."""
    return {
        "type": "function_call",
        "call_id": call.id,
        "name": call.name,
        "arguments": call.arguments or "{}",
    }


def write_tool(tool: Tool) -> dict[str, object]:
    """A function. `strict` is always said, because the API takes its absence for true."""
    return {
        "type": "function",
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.schema or {"type": "object", "properties": {}},
        "strict": tool.strict and is_strict(tool.schema),
    }


def write_choice(choice: ToolChoice | None) -> str | dict[str, object]:
    """Which tools may or must be called; `auto` where nothing is said."""
    if choice is None:
        return "auto"
    if choice.mode == "tool":
        return {"type": "function", "name": choice.name}
    return choice.mode


def write_format(wanted: JsonFormat | None) -> dict[str, object]:
    """The form of the text."""
    if wanted is None:
        return {"type": "text"}
    if wanted.schema is None:
        return {"type": "json_object"}
    out: dict[str, object] = {
        "type": "json_schema",
        "name": wanted.name or "answer",
        "schema": wanted.schema,
        "strict": wanted.strict and is_strict(wanted.schema),
    }
    if wanted.description is not None:
        out["description"] = wanted.description
    return out
