"""Anthropic Messages: requests, answers, streams and errors, read and written.

Source: Anthropic's API reference (platform.claude.com, read November 2026) and the types of its
official Python SDK (2.12).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire import sse
from headgate.wire.claude import Abilities, abilities
from headgate.wire.dialect import UnusableAnswerError
from headgate.wire.inbound import (
    Inbound,
    Turn,
    ask_of,
    decoded,
    fields_of,
    flag,
    items,
    model_of,
    no_messages,
    number,
    required,
)
from headgate.wire.meter import Meter, anthropic_usage
from headgate.wire.neutral import (
    Answer,
    Done,
    Effort,
    Failure,
    File,
    Finish,
    Image,
    JsonFormat,
    Message,
    Part,
    Problem,
    Refusal,
    RefusalDelta,
    Request,
    SealedThinking,
    Start,
    Stop,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ThinkingSeal,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolResult,
    ToolStart,
    normal,
)
from headgate.wire.problems import cleaned, kind_of, loads, problem_from, read_problem, text_of
from headgate.wire.schemas import closed

__all__ = ["AnthropicMessages"]

F = TypeVar("F")

VERSION = "2023-06-01"
"""The value of the anthropic-version header: the only stable version of the Messages API."""

# ---- the caller's request, as far as a policy needs it


class _Block(msgspec.Struct, gc=False):
    type: str = "text"
    text: str | None = None


class _Deep(msgspec.Struct):
    type: str = "text"
    text: str | None = None
    content: str | list[_Block] | None = None
    input: msgspec.Raw = msgspec.Raw(b"")


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Deep]


class _FormatKind(msgspec.Struct, gc=False):
    type: str = ""


class _OutputKind(msgspec.Struct, gc=False):
    format: _FormatKind | None = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_SYSTEM = msgspec.json.Decoder(str | list[_Block] | None)
_OUTPUT_KIND = msgspec.json.Decoder(_OutputKind | None)

_ROLES = frozenset({"user", "assistant", "system"})


class _Outline:
    """What a policy may know of the conversation, gathered message by message."""

    def __init__(self, system: str) -> None:
        self.turns: list[Turn] = [Turn("system", system)] if system else []
        self.images = 0
        self.files = 0
        self.call_bytes = 0

    def add(self, index: int, message: _Message) -> None:
        """One message; a user message that only brings tool results is a turn of role "tool"."""
        if message.role not in _ROLES:
            raise RequestError(
                f"messages.{index}.role: Input should be 'user' or 'assistant', "
                f"but got '{message.role}' instead.",
                code="invalid_value",
                param=f"messages[{index}].role",
            )
        if isinstance(message.content, str):
            self.turns.append(Turn(message.role, message.content))
            return
        texts: list[str] = []
        results: list[str] = []
        only_results = bool(message.content)
        for block in message.content:
            if block.type == "tool_result":
                results.append(self._inner(block.content))
                continue
            only_results = False
            self._count(block)
            if block.text:
                texts.append(block.text)
        if results:
            self.turns.append(Turn("tool", "\n".join(results)))
        if not only_results:
            self.turns.append(Turn(message.role, "\n".join(texts)))

    def _count(self, block: _Deep | _Block) -> None:
        self.images += block.type == "image"
        self.files += block.type == "document"
        if isinstance(block, _Deep):
            self.call_bytes += len(memoryview(block.input))

    def _inner(self, content: str | list[_Block] | None) -> str:
        if not isinstance(content, list):
            return content or ""
        for block in content:
            self._count(block)
        return "\n".join([block.text for block in content if block.text])


def _joined(system: str | list[_Block] | None) -> str:
    if isinstance(system, list):
        return "\n\n".join([block.text for block in system if block.text])
    return system or ""


# ---- answers and stream events, lenient where servers differ

_STOPS: dict[str, Stop] = {
    "end_turn": "stop",
    "max_tokens": "length",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_calls",
    "refusal": "refusal",
    "pause_turn": "pause",
    "model_context_window_exceeded": "context_window",
}


class _Said(msgspec.Struct):
    """A content block, or a delta of one."""

    type: str = ""
    text: str | None = None
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None
    id: str | None = None
    name: str | None = None
    input: object = None
    partial_json: str | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: object = None


class _Answer(msgspec.Struct):
    """A whole answer, or the message of a `message_start`."""

    type: str = ""
    id: str | None = None
    model: str | None = None
    content: list[_Said] | None = None
    stop_reason: str | None = None
    stop_sequence: str | None = None
    stop_details: object = None
    usage: object = None
    error: object = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Answer | None = None
    content_block: _Said | None = None
    delta: _Said | None = None
    usage: object = None
    error: object = None


_ANSWER = msgspec.json.Decoder(_Answer)
_EVENT = msgspec.json.Decoder(_Event)


def _answer(body: bytes) -> _Answer:
    """Raises UnusableAnswerError unless `body` is a JSON object with the types expected."""
    try:
        return _ANSWER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _lenient(body, _Answer)


def _event(data: bytes) -> _Event:
    """Raises UnusableAnswerError unless `data` is a JSON object with the types expected."""
    try:
        return _EVENT.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _lenient(data, _Event)


def _lenient(data: bytes, form: type[F]) -> F:
    try:
        return msgspec.convert(cleaned(loads(data)), form)
    except msgspec.ValidationError:
        raise UnusableAnswerError("The provider sent JSON that is not an answer.") from None
    except ValueError:
        raise UnusableAnswerError("The provider sent something that is not JSON.") from None


def _explained(details: object) -> str | None:
    """The words of `stop_details`, which say why the model was made to refuse."""
    return text_of(details.get("explanation")) if isinstance(details, dict) else None


class _Reader:
    """One stream of events."""

    def __init__(self) -> None:
        self.meter = Meter(anthropic_usage)
        self._calls: dict[int, int] = {}  # index of a content block -> number of the tool call

    def read(self, event: sse.Event) -> Sequence[StreamEvent]:
        """What one event says; kinds that are not known are passed over, as the API asks for."""
        if not event.data:
            return ()
        said = _event(event.data)
        match said.type:
            case "content_block_delta":
                return self._delta(said)
            case "content_block_start":
                return self._block(said)
            case "message_start":
                return self._start(said)
            case "message_delta":
                return self._finish(said)
            case "message_stop":
                return (Done(),)
            case "error":
                return (Failure(_problem_within(said.error)),)
        if event.name == b"error" or (said.error and not said.type):
            return (Failure(_problem_within(said.error)),)
        return ()

    def _start(self, said: _Event) -> Sequence[StreamEvent]:
        message = said.message or _Answer()
        self.meter.see(message.usage)
        return (Start(message.id or "", message.model or ""),)

    def _block(self, said: _Event) -> Sequence[StreamEvent]:
        block = said.content_block or _Said()
        match block.type:
            case "tool_use":
                number = self._calls[said.index] = len(self._calls)
                start = ToolStart(number, block.id or f"toolu_{number}", block.name or "")
                if block.input:
                    return (start, ToolDelta(number, _json(block.input)))
                return (start,)
            case "text" if block.text:
                return (TextDelta(block.text),)
            case "redacted_thinking" if block.data:
                return (ThinkingSeal(block.data, sealed=True),)
        return ()

    def _delta(self, said: _Event) -> Sequence[StreamEvent]:
        delta = said.delta or _Said()
        match delta.type:
            case "text_delta" if delta.text:
                return (TextDelta(delta.text),)
            case "input_json_delta" if delta.partial_json and said.index in self._calls:
                return (ToolDelta(self._calls[said.index], delta.partial_json),)
            case "thinking_delta" if delta.thinking:
                return (ThinkingDelta(delta.thinking),)
            case "signature_delta" if delta.signature:
                return (ThinkingSeal(delta.signature),)
        return ()

    def _finish(self, said: _Event) -> Sequence[StreamEvent]:
        self.meter.see(said.usage)
        delta = said.delta or _Said()
        if not delta.stop_reason:
            return ()
        finish = Finish(_STOPS.get(delta.stop_reason, "stop"), delta.stop_sequence)
        why = _explained(delta.stop_details)
        return (RefusalDelta(why), finish) if why else (finish,)


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()


_STATUSES = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "conflict_error": 409,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
_KINDS = frozenset({*_STATUSES, "api_error"})


def _problem_within(error: object) -> Problem:
    """The error told within a 200, with the status it would have had."""
    kind = error.get("type") if isinstance(error, dict) else None
    status = _STATUSES.get(kind, 502) if isinstance(kind, str) else 502
    return problem_from({"error": error or "The provider broke off with an error."}, status)


# ---- the caller's whole request, for another dialect


class _Source(msgspec.Struct):
    type: str
    media_type: str | None = None
    data: str | None = None
    url: str | None = None
    content: str | list[_Block] | None = None


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
    name: str
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
    system: str | list[_Block] | None = None
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

_EFFORTS: Mapping[str, Effort] = {
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "xhigh",
    "max": "max",
}


def _lost(param: str, what: str, target: str, fix: str | None = None) -> RequestError:
    """The refusal of what no other dialect can say."""
    return RequestError(
        f"{what} cannot be translated for the provider that would answer, "
        f"which speaks the dialect '{target}'.",
        fix=fix or f"Leave out '{param}', or name a model whose provider speaks Anthropic's.",
        code="unsupported_parameter",
        param=param,
    )


def _read_full(full: _Full, *, stream: bool, target: str) -> Request:
    if full.mcp_servers:
        raise _lost("mcp_servers", "An MCP server that the provider calls", target)
    if full.container is not None:
        raise _lost("container", "A container at the provider", target)
    output = full.output_config or _Output()
    choice = full.tool_choice
    return Request(
        system=_joined(full.system),
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
    place = f"messages[{index}].content"
    return Message(
        role,
        tuple(
            _read_block(block, f"{place}[{number}]", target)
            for number, block in enumerate(message.content)
        ),
    )


def _read_block(block: _FullBlock, place: str, target: str) -> Part:
    match block.type:
        case "tool_use":
            arguments = _json({} if block.input is None else block.input)
            return ToolCall(block.id or "", block.name or "", arguments)
        case "tool_result":
            return _read_result(block, place, target)
        case "thinking":
            return Thinking(block.thinking or "", block.signature)
        case "redacted_thinking":
            return SealedThinking(block.data or "")
    return _read_content(block, place, target)


def _read_result(block: _FullBlock, place: str, target: str) -> ToolResult:
    content = block.content
    parts: list[Text | Image | File] = []
    if isinstance(content, str):
        parts = [Text(content)] if content else []
    else:
        parts = [
            _read_content(one, f"{place}.content[{index}]", target)
            for index, one in enumerate(content or ())
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
            return File(text=_joined(source.content), media_type="text/plain", name=title)
    return None


def _read_tool(tool: _FullTool, index: int, target: str) -> Tool:
    if tool.type not in (None, "custom"):
        raise _lost(f"tools[{index}].type", f"A tool of type '{tool.type}'", target)
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


# ---- requests written for a provider

JSON_INSTRUCTION = "Answer with one valid JSON object and nothing else."
"""Stands for OpenAI's JSON mode, which asks for an object without a schema."""

_ID = re.compile(r"[^a-zA-Z0-9_-]")
_USER = re.compile(r"[\w.:-]{1,256}")

MAX_TEMPERATURE = 1.0


def _written(request: Request, model: str) -> dict[str, object]:
    able = abilities(model)
    system, messages = _hoisted(request)
    if request.format is not None and request.format.schema is None:
        system = f"{system}\n\n{JSON_INSTRUCTION}" if system else JSON_INSTRUCTION
    limit = able.default_max_tokens if request.max_tokens is None else request.max_tokens
    body: dict[str, object] = {"model": model, "max_tokens": limit}
    if system:
        body["system"] = system
    body["messages"] = _write_messages(messages)
    body |= _write_tools(request, able)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    thinks = _write_effort(request, able, body)
    if able.sampling and not thinks:
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, MAX_TEMPERATURE)
        elif request.top_p is not None:
            # Claude 4.1 to 4.6 refuse both at once
            body["top_p"] = request.top_p
    if request.user and _USER.fullmatch(request.user):
        body["metadata"] = {"user_id": request.user}
    if request.stream:
        body["stream"] = True
    return body


def _hoisted(request: Request) -> tuple[str, tuple[Message, ...]]:
    """System messages within the conversation join the system prompt, as Anthropic's own
    compatibility layer does; only some models take them in place."""
    system = [request.system] if request.system else []
    messages: list[Message] = []
    for message in request.messages:
        if message.role == "system":
            system += [part.text for part in message.parts if isinstance(part, Text) and part.text]
        else:
            messages.append(message)
    if not messages:
        # instructions alone are answered by the other dialect, so here they are what is asked
        return "", (Message("user", tuple(Text(one) for one in system)),)
    return "\n\n".join(system), normal(messages)


def _write_effort(request: Request, able: Abilities, body: dict[str, object]) -> bool:
    """Set effort, thinking and the output format; whether thinking was asked for."""
    output: dict[str, object] = {}
    effort = request.effort
    thinks = False
    if effort is not None and effort in able.efforts:
        output["effort"] = able.efforts[effort]
        forced = request.tool_choice is not None and request.tool_choice.mode in (
            "required",
            "tool",
        )
        thinks = able.adaptive and effort != "none" and not forced
    if thinks:
        body["thinking"] = {"type": "adaptive"}
    if request.format is not None and request.format.schema is not None:
        schema = closed(request.format.schema, FORMAT_PARAM)
        output["format"] = {"type": "json_schema", "schema": schema}
    if output:
        body["output_config"] = output
    return thinks


FORMAT_PARAM = "response_format"


def _write_tools(request: Request, able: Abilities) -> dict[str, object]:
    tools = request.tools
    choice = request.tool_choice
    if not tools:
        # a history with tool calls is refused unless their tools are defined
        called = {
            part.name: None
            for message in request.messages
            for part in message.parts
            if isinstance(part, ToolCall)
        }
        tools = tuple(Tool(name, {}) for name in called)
        choice = ToolChoice("none")
    if not tools:
        return {}
    out: dict[str, object] = {"tools": [_write_tool(tool, able) for tool in tools]}
    if choice is None and request.parallel is False:
        choice = ToolChoice("auto")
    if choice is not None:
        out["tool_choice"] = _write_choice(choice, request.parallel)
    return out


def _write_tool(tool: Tool, able: Abilities) -> dict[str, object]:
    schema: dict[str, object] = {"type": "object", "properties": {}, **tool.schema}
    out: dict[str, object] = {"name": tool.name, "input_schema": schema}
    if tool.description is not None:
        out["description"] = tool.description
    if tool.strict and able.strict_tools:
        out["strict"] = True
        out["input_schema"] = closed(schema, "tools")
    return out


_CHOICES = {"auto": "auto", "required": "any", "tool": "tool", "none": "none"}


def _write_choice(choice: ToolChoice, parallel: bool | None) -> dict[str, object]:
    out: dict[str, object] = {"type": _CHOICES[choice.mode]}
    if choice.name is not None:
        out["name"] = choice.name
    if parallel is False and choice.mode != "none":
        out["disable_parallel_tool_use"] = True
    return out


def _write_messages(messages: Sequence[Message]) -> list[dict[str, object]]:
    """Turns that are left with nothing are left out; the first turn is the user's."""
    out: list[dict[str, object]] = []
    for message in messages:
        blocks = [block for part in message.parts if (block := _write_part(part)) is not None]
        if not blocks:
            continue
        if out and out[-1]["role"] == message.role:
            previous = out[-1]["content"]
            assert isinstance(previous, list)  # noqa: S101 - written below
            previous += blocks
        else:
            out.append({"role": message.role, "content": blocks})
    if out and out[0]["role"] == "assistant":
        out.insert(0, {"role": "user", "content": [{"type": "text", "text": FIRST_TURN}]})
    return [_shortened(message) for message in out]


FIRST_TURN = "(The conversation begins with the assistant.)"
"""Said for the user when the history begins with a greeting by the assistant, which is refused."""


def _shortened(message: dict[str, object]) -> dict[str, object]:
    match message["content"]:
        case [{"type": "text", "text": str(text)}]:
            return {**message, "content": text}
    return message


def _write_part(part: Part) -> dict[str, object] | None:
    match part:
        case Text() | Refusal():
            # a block without a visible character is refused
            return {"type": "text", "text": part.text} if part.text.strip() else None
        case Image() | File():
            return _write_media(part)
        case ToolCall():
            return {
                "type": "tool_use",
                "id": _ID.sub("_", part.id),
                "name": part.name,
                "input": _arguments(part.arguments),
            }
        case ToolResult():
            return _write_result(part)
        case Thinking(signature=str(signature)) if signature:
            return {"type": "thinking", "thinking": part.text, "signature": signature}
        case SealedThinking():
            return {"type": "redacted_thinking", "data": part.data}
    return None


def _write_media(part: Image | File) -> dict[str, object]:
    kind = "image" if isinstance(part, Image) else "document"
    source: dict[str, object] = {"type": "base64", "media_type": part.media_type, "data": part.data}
    if part.url is not None:
        source = {"type": "url", "url": part.url}
    elif isinstance(part, File) and part.text is not None:
        source = {"type": "text", "media_type": "text/plain", "data": part.text}
    block: dict[str, object] = {"type": kind, "source": source}
    if isinstance(part, File) and part.name:
        block["title"] = part.name
    return block


def _write_result(result: ToolResult) -> dict[str, object]:
    blocks = [block for part in result.parts if (block := _write_part(part)) is not None]
    out: dict[str, object] = {"type": "tool_result", "tool_use_id": _ID.sub("_", result.id)}
    match blocks:
        case []:
            pass
        case [{"type": "text", "text": str(text)}]:
            out["content"] = text
        case _:
            out["content"] = blocks
    if result.failed:
        out["is_error"] = True
    return out


def _arguments(text: str) -> dict[str, object]:
    """Arguments as an object, which this dialect demands; a model's broken JSON is kept as text."""
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"arguments": text}


# ---- answers and streams written for a caller

_REASONS: Mapping[Stop, str] = {
    "stop": "end_turn",
    "length": "max_tokens",
    "stop_sequence": "stop_sequence",
    "tool_calls": "tool_use",
    "refusal": "refusal",
    "pause": "pause_turn",
    "context_window": "model_context_window_exceeded",
}


def _write_usage(usage: Usage | None) -> dict[str, object]:
    """Anthropic counts tokens read from and written to a cache apart; it always has a usage."""
    if usage is None:
        return {"input_tokens": 0, "output_tokens": 0}
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "output_tokens": usage.output,
    }


def _write_answer_part(part: Part) -> dict[str, object] | None:
    """Reasoning is left out: the caller would send it back, and its signature is not Anthropic's."""
    match part:
        case Text() | Refusal():
            return {"type": "text", "text": part.text}
        case ToolCall():
            return {
                "type": "tool_use",
                "id": part.id,
                "name": part.name,
                "input": _arguments(part.arguments),
            }
    return None


class _Writer:
    """One stream of events: blocks one after the other, each started, filled and stopped.

    Tool calls may come interleaved, which this dialect does not do: while one call's arguments are
    incomplete, what belongs to another is held back.
    """

    def __init__(self, at: int) -> None:
        self._id = f"msg_{at}"
        self._model = ""
        self._opened = False
        self._block: str | None = None  # the kind of the open block
        self._index = -1
        self._call = -1  # number of the open tool call
        self._arguments: list[str] = []
        self._held: list[ToolStart | ToolDelta] = []
        self._finish = Finish("stop")

    def write(self, event: StreamEvent) -> bytes:
        """See StreamWriter.write."""
        match event:
            case Start():
                self._id, self._model = event.id or self._id, event.model
                return self._open()
            case TextDelta() | RefusalDelta():
                return self._text(event.text)
            case ToolStart() | ToolDelta():
                return self._tool(event)
            case Finish():
                self._finish = event
            case Failure():
                return sse.encode(_write_problem(event.problem), b"error")
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        out = self._open() + self._release() + self._close()
        stop = {"stop_reason": _REASONS[self._finish.stop]}
        delta = {**stop, "stop_sequence": self._finish.stop_sequence}
        out += _encoded({"type": "message_delta", "delta": delta, "usage": _write_usage(usage)})
        return out + _encoded({"type": "message_stop"})

    def _open(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        message: dict[str, object] = {
            "id": self._id,
            "type": "message",
            "role": "assistant",
            "model": self._model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            # not known before the end; message_delta has the whole usage
            "usage": _write_usage(None),
        }
        return _encoded({"type": "message_start", "message": message})

    def _text(self, text: str) -> bytes:
        out = b""
        if self._block != "text":
            out = self._release() + self._start("text", {"type": "text", "text": ""})
        return out + self._delta({"type": "text_delta", "text": text})

    def _tool(self, event: ToolStart | ToolDelta) -> bytes:
        if event.index == self._call and isinstance(event, ToolDelta):
            self._arguments.append(event.text)
            out = self._delta({"type": "input_json_delta", "partial_json": event.text})
            if self._held and self._whole():
                out += self._release()
            return out
        if self._held or (self._block == "tool_use" and not self._whole()):
            self._held.append(event)
            return b""
        return self._begin(event) if isinstance(event, ToolStart) else b""

    def _whole(self) -> bool:
        """Whether the open call's arguments are complete JSON; none at all are, too."""
        text = "".join(self._arguments)
        if not text:
            return True
        try:
            msgspec.json.decode(text)
        except (msgspec.DecodeError, UnicodeError, RecursionError):
            return False
        return True

    def _begin(self, call: ToolStart) -> bytes:
        self._call = call.index
        self._arguments = []
        block = {"type": "tool_use", "id": call.id, "name": call.name, "input": {}}
        return self._start("tool_use", block)

    def _release(self) -> bytes:
        """The calls held back, each with all its arguments so far."""
        held, self._held = self._held, []
        out = b""
        for start in held:
            if not isinstance(start, ToolStart):
                continue
            out += self._begin(start)
            for event in held:
                if isinstance(event, ToolDelta) and event.index == start.index:
                    self._arguments.append(event.text)
                    out += self._delta({"type": "input_json_delta", "partial_json": event.text})
        return out

    def _start(self, kind: str, block: Mapping[str, object]) -> bytes:
        out = self._open() + self._close()
        self._block = kind
        self._index += 1
        event = {"type": "content_block_start", "index": self._index, "content_block": block}
        return out + _encoded(event)

    def _close(self) -> bytes:
        if self._block is None:
            return b""
        self._block = None
        self._call = -1
        return _encoded({"type": "content_block_stop", "index": self._index})

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        return _encoded({"type": "content_block_delta", "index": self._index, "delta": delta})


def _encoded(event: Mapping[str, object]) -> bytes:
    return sse.encode(msgspec.json.encode(event), str(event["type"]).encode())


def _write_problem(problem: Problem) -> bytes:
    kind = problem.kind if problem.kind in _KINDS else kind_of(problem.status)
    error = {"type": kind, "message": problem.message}
    return msgspec.json.encode({"type": "error", "error": error})


class AnthropicMessages:
    """The dialect of `POST /v1/messages`."""

    name = "anthropic"
    path = "/v1/messages"

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Content type, version, and the key in its own header."""
        headers = [("content-type", "application/json"), ("anthropic-version", VERSION)]
        if api_key is not None:
            headers.append(("x-api-key", api_key))
        return headers

    # ---- as the caller's dialect

    def read(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        """See Dialect.read."""
        fields = fields_of(body)
        model = model_of(fields)
        messages = decoded(_MESSAGES, required(fields, "messages"), "messages")
        if not messages:
            raise no_messages()
        system = fields.get("system")
        outline = _Outline("" if system is None else _joined(decoded(_SYSTEM, system, "system")))
        for index, message in enumerate(messages):
            outline.add(index, message)
        required(fields, "max_tokens")
        stream = flag(fields, "stream")
        output = fields.get("output_config")
        kind = None if output is None else decoded(_OUTPUT_KIND, output, "output_config")
        ask = ask_of(
            model,
            outline.turns,
            headers=headers,
            stream=stream,
            max_output=number(fields, "max_tokens"),
            tools=items(fields, "tools"),
            images=outline.images,
            files=outline.files,
            call_bytes=outline.call_bytes,
            json_schema=kind is not None and kind.format is not None,
        )
        return Inbound(
            dialect=self.name,
            ask=ask,
            stream=stream,
            fields=fields,
            body=body,
            quiet=outline.turns[-1].role == "tool" or "stop_sequences" in fields,
        )

    def own_fields(self, inbound: Inbound) -> dict[str, bytes]:
        """None: streams of this dialect always tell their usage."""
        return {}

    def request(self, inbound: Inbound, target: str) -> Request:
        """See Dialect.request."""
        full = decoded(_FULL, inbound.body, "")
        return _read_full(full, stream=inbound.stream, target=target)

    def write_answer(self, answer: Answer, at: int) -> bytes:
        """See Dialect.write_answer."""
        blocks = [_write_answer_part(part) for part in answer.parts]
        return msgspec.json.encode(
            {
                "id": answer.id or f"msg_{at}",
                "type": "message",
                "role": "assistant",
                "model": answer.model,
                "content": [block for block in blocks if block is not None],
                "stop_reason": _REASONS[answer.stop],
                "stop_sequence": answer.stop_sequence,
                "usage": _write_usage(answer.usage),
            }
        )

    def writer(self, request: Request, at: int) -> _Writer:
        """See Dialect.writer."""
        return _Writer(at)

    # ---- as the provider's dialect

    def check(self, request: Request) -> None:
        """See Dialect.check: blank stop sequences, open schemas and blank messages."""
        if any(not one.strip() for one in request.stop):
            raise RequestError(
                "The provider that would answer takes no stop sequence of white space only.",
                code="unsupported_value",
                param="stop",
            )
        if request.format is not None and request.format.schema is not None:
            closed(request.format.schema, FORMAT_PARAM)
        if not _write_messages(_hoisted(request)[1]):
            raise RequestError(
                "The messages have no text, which the provider that would answer needs.",
                code="invalid_value",
                param="messages",
            )

    def write_request(self, request: Request, model: str) -> bytes:
        """See Dialect.write_request."""
        return msgspec.json.encode(_written(request, model))

    def read_answer(self, body: bytes, *, quiet: bool) -> Answer:
        """See Dialect.read_answer."""
        found = _answer(body)
        meter = Meter(anthropic_usage)
        meter.see(found.usage)
        usage = meter.usage
        if found.error or found.type == "error":
            problem = _problem_within(found.error)
            raise UnusableAnswerError(f"The provider failed: {problem.message}", usage=usage)
        if found.content is None:
            raise UnusableAnswerError("The provider's answer has no content.", usage=usage)
        parts = list(_parts_said(found.content))
        stop = _STOPS.get(found.stop_reason or "", "stop")
        why = _explained(found.stop_details)
        if why:
            parts.append(Refusal(why))
        if stop == "stop" and not quiet and not any(_tells(part) for part in parts):
            raise UnusableAnswerError("The provider's answer is empty.", usage=usage)
        return Answer(
            id=found.id or "",
            model=found.model or "",
            parts=tuple(parts),
            stop=stop,
            stop_sequence=found.stop_sequence,
            usage=usage,
        )

    def reader(self) -> _Reader:
        """See Dialect.reader."""
        return _Reader()

    def is_problem(self, body: bytes) -> bool:
        """See Dialect.is_problem."""
        try:
            found = loads(body)
        except ValueError:
            return False
        return isinstance(found, dict) and found.get("type") == "error"

    def read_problem(self, status: int, body: bytes) -> Problem:
        """See Dialect.read_problem."""
        return read_problem(status, body)

    def write_problem(self, problem: Problem) -> bytes:
        """Anthropic's error object; a kind that it does not have becomes the one of the status."""
        return _write_problem(problem)

    def write_problem_event(self, problem: Problem) -> bytes:
        """An `error` event; no `message_stop` follows."""
        return sse.encode(self.write_problem(problem), b"error")


def _parts_said(blocks: Sequence[_Said]) -> Iterator[Part]:
    for block in blocks:
        match block.type:
            case "text" if block.text:
                yield Text(block.text)
            case "tool_use":
                arguments = _json({} if block.input is None else block.input)
                yield ToolCall(block.id or "", block.name or "", arguments)
            case "thinking":
                yield Thinking(block.thinking or "", block.signature)
            case "redacted_thinking" if block.data:
                yield SealedThinking(block.data)


def _tells(part: Part) -> bool:
    """Whether a part alone makes an answer; reasoning without a conclusion does not."""
    return not isinstance(part, Thinking | SealedThinking)
