"""A neutral request written as a chat completion request for a provider."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headgate.errors import RequestError
from headgate.wire.gpt import (
    MAX_USER_CHARS,
    NO_SIGNATURE,
    effort_of,
    is_openais,
    takes_sampling,
    wants_signatures,
)
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

__all__ = ["MAX_STOPS", "check", "write", "write_call"]

MAX_STOPS = 4


def check(request: Request, words: Mapping[str, str]) -> None:
    """See Dialect.check: a document by URL and a fifth stop sequence cannot be said."""
    if len(request.stop) > MAX_STOPS:
        raise RequestError(
            f"The provider that would answer takes at most {MAX_STOPS} stop sequences.",
            code="unsupported_value",
            param=words["stop"],
        )
    for message in request.messages:
        if _links(message.parts):
            raise RequestError(
                "A document given by URL cannot be sent to the provider that would answer.",
                fix="Send the document's content.",
                code="unsupported_value",
                param=words["messages"],
            )


def _links(parts: Sequence[Part]) -> bool:
    """Whether a document is given by its URL, in a tool's result too."""
    for part in parts:  # by type: `isinstance` of a struct that it is not costs five times as much
        if type(part) is File and part.url:
            return True
        if type(part) is ToolResult and _links(part.parts):
            return True
    return False


def write(request: Request, model: str) -> bytes:
    """See Dialect.write_request."""
    return msgspec.json.encode(_body(request, model))


def _body(request: Request, model: str) -> dict[str, object]:
    body: dict[str, object] = {"model": model, "messages": _messages(request, model)}
    body |= _write_tools(request)
    if request.max_tokens is not None:
        own = is_openais(model)
        body["max_completion_tokens" if own else "max_tokens"] = request.max_tokens
    body |= _write_sampling(request, model)
    if request.format is not None:
        body["response_format"] = _write_format(request.format)
    if request.user and len(request.user) <= MAX_USER_CHARS:
        body["user"] = request.user
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def _write_tools(request: Request) -> dict[str, object]:
    if not request.tools:
        return {}
    out: dict[str, object] = {"tools": [_write_tool(tool) for tool in request.tools]}
    if request.tool_choice is not None:
        out["tool_choice"] = _write_choice(request.tool_choice)
    if request.parallel is not None:
        out["parallel_tool_calls"] = request.parallel
    return out


def _write_sampling(request: Request, model: str) -> dict[str, object]:
    out: dict[str, object] = {}
    if takes_sampling(model):
        if request.temperature is not None:
            out["temperature"] = request.temperature
        if request.top_p is not None:
            out["top_p"] = request.top_p
    if request.stop:
        out["stop"] = list(request.stop)
    effort = effort_of(model, request.effort)
    if effort is not None:
        out["reasoning_effort"] = effort
    return out


def _messages(request: Request, model: str) -> list[dict[str, object]]:
    signed = wants_signatures(model)
    out: list[dict[str, object]] = []
    if request.system:
        out.append({"role": "system", "content": request.system})
    for message in request.messages:
        if message.role == "assistant":
            out += _write_assistant(message.parts, signed=signed)
        elif message.role == "user":
            out += _write_user(message.parts)
        else:
            out.append({"role": message.role, "content": _flat(message.parts)})
    return out


def _flat(parts: Sequence[Part]) -> str:
    return "\n".join([part.text for part in parts if type(part) is Text or type(part) is Refusal])


def _write_user(parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Tool results become messages of their own; images in them follow in the user's message."""
    rest: list[Part] = []
    for part in parts:
        if type(part) is not ToolResult:
            rest.append(part)
            continue
        text = _flat(part.parts)
        if part.failed:
            text = f"Error: {text}"
        yield {"role": "tool", "tool_call_id": part.id, "content": text}
        shown = [one for one in part.parts if type(one) is not Text]
        if shown:
            rest += [Text(f"Content returned by the tool call {part.id}:"), *shown]
    if rest:
        yield {"role": "user", "content": _write_content(rest)}


def _write_content(parts: Sequence[Part]) -> str | list[dict[str, object]]:
    if len(parts) == 1 and type(parts[0]) is Text:
        return parts[0].text
    return [_write_part(part) for part in parts]


def _write_part(part: Part) -> dict[str, object]:
    match part:
        case Text() | Refusal():  # first: what is passed over costs a lot
            return {"type": "text", "text": part.text}
        case Image():
            url = part.url or f"data:{part.media_type};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url}}
        case File(text=str(text)):
            return {"type": "text", "text": f"{part.name}:\n{text}" if part.name else text}
        case File():
            data = f"data:{part.media_type};base64,{part.data}"
            name = part.name or "document.pdf"
            return {"type": "file", "file": {"filename": name, "file_data": data}}
    return {"type": "text", "text": ""}


def _write_assistant(parts: Sequence[Part], *, signed: bool) -> Iterator[dict[str, object]]:
    """Reasoning is left out: its signature means nothing here, and no field takes it.

    `signed` puts in the place of a signature that there is none, on the first call of the turn.
    """
    message: dict[str, object] = {"role": "assistant"}
    texts: list[Text] = []
    refusals: list[str] = []
    calls: list[dict[str, object]] = []
    for part in parts:
        if type(part) is Text:
            texts.append(part)
        elif type(part) is ToolCall:
            calls.append(write_call(part))
        elif type(part) is Refusal:
            refusals.append(part.text)
    if texts:
        message["content"] = _write_content(texts)
    if refusals:
        message["refusal"] = "\n".join(refusals)
    if calls:
        if signed:
            calls[0]["extra_content"] = {"google": {"thought_signature": NO_SIGNATURE}}
        message["tool_calls"] = calls
    if len(message) > 1:
        yield message


def write_call(call: ToolCall) -> dict[str, object]:
    """A tool call, in a history or an answer."""
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _write_tool(tool: Tool) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name, "parameters": tool.schema}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict and is_strict(tool.schema):
        function["strict"] = True
    return {"type": "function", "function": function}


def _write_choice(choice: ToolChoice) -> str | dict[str, object]:
    if choice.mode == "tool":
        return {"type": "function", "function": {"name": choice.name}}
    return choice.mode


def _write_format(wanted: JsonFormat) -> dict[str, object]:
    if wanted.schema is None:
        return {"type": "json_object"}
    schema: dict[str, object] = {"name": wanted.name or "answer", "schema": wanted.schema}
    if wanted.description is not None:
        schema["description"] = wanted.description
    if wanted.strict and is_strict(wanted.schema):
        schema["strict"] = True
    return {"type": "json_schema", "json_schema": schema}
