"""OpenAI chat completions: requests, answers, streams and errors, read and written.

Source: OpenAI's API reference and the types of its official Python SDK (3.54). What other servers
with this dialect add is read where it is harmless: `reasoning_content`, content as a list, whole
numbers as floats, a missing tool call id, an error within a 200.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headgate.errors import RequestError
from headgate.values import Usage
from headgate.wire import sse
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
from headgate.wire.meter import Meter, openai_usage
from headgate.wire.neutral import (
    Answer,
    Counted,
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
    Start,
    Stop,
    StreamEvent,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    Tool,
    ToolCall,
    ToolChoice,
    ToolDelta,
    ToolResult,
    ToolStart,
    normal,
)
from headgate.wire.problems import loads, problem_from, read_problem, text_of

__all__ = ["OpenAIChat"]

# ---- the caller's request, as far as a policy needs it


class _Part(msgspec.Struct, gc=False):
    type: str = "text"
    text: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: msgspec.Raw = msgspec.Raw(b"")


class _FormatKind(msgspec.Struct, gc=False):
    type: str = "text"


class _StreamOptions(msgspec.Struct, gc=False):
    include_usage: bool | None = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_FORMAT_KIND = msgspec.json.Decoder(_FormatKind | None)
_STREAM_OPTIONS = msgspec.json.Decoder(_StreamOptions | None)
_STREAM_OPTION_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)

_ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TOOL_ROLES = {"tool": "tool", "function": "tool"}


def _outline(messages: list[_Message]) -> tuple[list[Turn], int, int, int]:
    """The turns with their text; how many images and files; the bytes of tool calls."""
    turns: list[Turn] = []
    images = files = call_bytes = 0
    for index, message in enumerate(messages):
        role = _ROLES.get(message.role) or _TOOL_ROLES.get(message.role)
        if role is None:
            raise RequestError(
                f"Invalid value: '{message.role}'. Supported roles are 'system', 'developer', "
                "'user', 'assistant', 'tool' and 'function'.",
                code="invalid_value",
                param=f"messages[{index}].role",
            )
        content = message.content
        if isinstance(content, list):
            images += sum([part.type == "image_url" for part in content])
            files += sum([part.type == "file" for part in content])
            content = "\n".join([part.text for part in content if part.text])
        call_bytes += len(memoryview(message.tool_calls))
        turns.append(Turn(role, content or ""))
    return turns, images, files, call_bytes


# ---- answers and chunks, lenient where servers differ

_STOPS: dict[str, Stop] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "refusal",
}


class _Function(msgspec.Struct, gc=False):
    name: str | None = None
    arguments: str | None = None


class _Call(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None


class _Said(msgspec.Struct):
    """A message of an answer, or a delta of a stream."""

    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    tool_calls: list[_Call] | None = None


class _Choice(msgspec.Struct):
    index: int = 0
    message: _Said | None = None
    delta: _Said | None = None
    finish_reason: str | None = None
    error: object = None


class _Completion(msgspec.Struct):
    """A whole answer or one chunk."""

    id: str | None = None
    model: str | None = None
    choices: list[_Choice] | None = None
    usage: object = None
    error: object = None


_COMPLETION = msgspec.json.Decoder(_Completion)


def _completion(data: bytes) -> _Completion:
    """Read strictly, which is fast, and where a server's types differ, leniently.

    Raises:
        UnusableAnswerError: it is not a JSON object.
    """
    try:
        return _COMPLETION.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        found = loads(data)
    except ValueError:
        raise UnusableAnswerError("The provider sent something that is not JSON.") from None
    if not isinstance(found, dict):
        raise UnusableAnswerError("The provider sent JSON that is not an answer.")
    choices = found.get("choices")
    return _Completion(
        id=text_of(found.get("id")),
        model=text_of(found.get("model")),
        choices=[_choice(one) for one in choices if isinstance(one, dict)]
        if isinstance(choices, list)
        else None,
        usage=found.get("usage"),
        error=found.get("error"),
    )


def _choice(found: dict[str, object]) -> _Choice:
    index = found.get("index")
    return _Choice(
        index=index if isinstance(index, int) else 0,
        message=_said(found.get("message")),
        delta=_said(found.get("delta")),
        finish_reason=text_of(found.get("finish_reason")),
        error=found.get("error"),
    )


def _said(found: object) -> _Said | None:
    if not isinstance(found, dict):
        return None
    calls = found.get("tool_calls")
    return _Said(
        content=_plain(found.get("content")),
        refusal=text_of(found.get("refusal")),
        reasoning_content=text_of(found.get("reasoning_content")),
        reasoning=text_of(found.get("reasoning")),
        tool_calls=[_call(one) for one in calls if isinstance(one, dict)]
        if isinstance(calls, list)
        else None,
    )


def _plain(content: object) -> str | None:
    """Content as a string; some servers send a list of typed parts."""
    if not isinstance(content, list):
        return text_of(content)
    texts = [text_of(part.get("text")) for part in content if isinstance(part, dict)]
    return "".join([text for text in texts if text])


def _call(found: dict[str, object]) -> _Call:
    index = found.get("index")
    function = found.get("function")
    if not isinstance(function, dict):
        function = {}
    arguments = function.get("arguments")
    if isinstance(arguments, dict):
        arguments = msgspec.json.encode(arguments).decode()
    return _Call(
        index=index if isinstance(index, int) else None,
        id=text_of(found.get("id")),
        function=_Function(text_of(function.get("name")), text_of(arguments)),
    )


class _Reader:
    """One stream of chunks."""

    def __init__(self) -> None:
        self.meter = Meter(openai_usage)
        self._started = False
        self._id = ""
        self._calls = 0

    def read(self, event: sse.Event) -> Sequence[StreamEvent]:
        """What one event says; choices after the first are not read (see `n` in translation.md)."""
        data = event.data
        if not data:
            return ()
        if data.startswith(b"[DONE]"):
            return (Done(),)
        chunk = _completion(data)
        if chunk.error:
            return (Failure(_problem_within(chunk.error)),)
        events: list[StreamEvent] = []
        if not self._started and (chunk.id or chunk.model):
            self._started = True
            self._id = chunk.id or ""
            events.append(Start(self._id, chunk.model or ""))
        if chunk.usage:
            self.meter.see(chunk.usage)
            if not chunk.choices:
                events.append(Counted())
        for choice in chunk.choices or ():
            if choice.error or choice.finish_reason == "error":
                return (*events, Failure(_problem_within(choice.error)))
            if choice.delta is not None:
                self._said(choice.delta, events)
            if choice.finish_reason:
                events.append(Finish(_STOPS.get(choice.finish_reason, "stop")))
        return events

    def _said(self, delta: _Said, events: list[StreamEvent]) -> None:
        if delta.content:
            events.append(TextDelta(delta.content))
        thought = delta.reasoning_content or delta.reasoning
        if thought:
            events.append(ThinkingDelta(thought))
        if delta.refusal:
            events.append(RefusalDelta(delta.refusal))
        for call in delta.tool_calls or ():
            self._called(call, events)

    def _called(self, call: _Call, events: list[StreamEvent]) -> None:
        function = call.function or _Function()
        fresh = bool(function.name) and (call.index is None or call.index >= self._calls)
        if fresh:
            index = self._calls
            self._calls += 1
            events.append(
                ToolStart(index, call.id or _call_id(self._id, index), function.name or "")
            )
        if function.arguments and self._calls:
            index = self._calls - 1 if call.index is None else min(call.index, self._calls - 1)
            events.append(ToolDelta(index, function.arguments))


def _call_id(answer_id: str, index: int) -> str:
    """An id for a tool call that came without one: unique over the turns of a conversation."""
    return f"call_{answer_id or 'x'}_{index}"


def _problem_within(error: object) -> Problem:
    """The error told within a 200; its code is its status where it is one."""
    found = error if isinstance(error, dict) else {}
    code = found.get("code", found.get("status"))
    status = code if isinstance(code, int) and 400 <= code < 600 else 502
    return problem_from({"error": error or "The provider broke off with an error."}, status)


# ---- the caller's whole request, for another dialect


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
    function: _Function | None = None


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
    stream_options: _StreamOptions | None = None
    n: int | None = None
    logprobs: bool | None = None
    logit_bias: dict[str, object] | None = None
    modalities: list[str] | None = None
    audio: object = None
    functions: object = None
    function_call: object = None
    web_search_options: object = None


_FULL = msgspec.json.Decoder(_Full)

_EFFORTS: Mapping[str, Effort] = {
    "none": "none",
    "minimal": "minimal",
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
        fix=fix or f"Leave out '{param}', or name a model whose provider speaks OpenAI's dialect.",
        code="unsupported_parameter",
        param=param,
    )


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
    for param, value in (("functions", full.functions), ("function_call", full.function_call)):
        if value:
            raise _lost(param, "The old form of tools", target, "Use 'tools' and 'tool_choice'.")


def _read_full(full: _Full, *, stream: bool, target: str) -> Request:
    _refuse_losses(full, target)
    system, messages = _conversation(full.messages, target)
    tools = [_tool(tool, index, target) for index, tool in enumerate(full.tools or ())]
    choice, allowed = _choice_of_tools(full.tool_choice, target)
    if allowed is not None:
        tools = [tool for tool in tools if tool.name in allowed]
    stop = [full.stop] if isinstance(full.stop, str) else full.stop or []
    return Request(
        system=system,
        messages=messages,
        tools=tuple(tools),
        tool_choice=choice,
        parallel=full.parallel_tool_calls,
        max_tokens=full.max_tokens
        if full.max_completion_tokens is None
        else full.max_completion_tokens,
        temperature=full.temperature,
        top_p=full.top_p,
        stop=tuple(one for one in stop if one),
        effort=_EFFORTS.get(full.reasoning_effort or ""),
        format=_read_format(full.response_format),
        user=full.safety_identifier or full.user,
        stream=stream,
        stream_usage=full.stream_options is not None and bool(full.stream_options.include_usage),
    )


def _conversation(found: list[_FullMessage], target: str) -> tuple[str, tuple[Message, ...]]:
    """The system prompt (the system messages before the first turn) and the turns after it."""
    system: list[str] = []
    messages: list[Message] = []
    for index, message in enumerate(found):
        place = f"messages[{index}]"
        role = _ROLES.get(message.role)
        if role == "system":
            text = "\n".join(_texts(message, place, target))
            if messages:
                messages.append(Message("system", (Text(text),)))
            elif text:
                system.append(text)
        elif role == "assistant":
            messages.append(Message("assistant", tuple(_assistant(message, place, target))))
        elif role == "user":
            messages.append(Message("user", tuple(_content(message, place, target))))
        elif message.role == "tool":
            messages.append(Message("user", (_result(message, place, target),)))
        else:
            raise _lost(f"{place}.role", "A message of role 'function'", target, "Use 'tool'.")
    return "\n\n".join(system), normal(messages)


def _texts(message: _FullMessage, place: str, target: str) -> list[str]:
    return [part.text for part in _content(message, place, target) if isinstance(part, Text)]


def _content(message: _FullMessage, place: str, target: str) -> Iterator[Text | Image | File]:
    if isinstance(message.content, str):
        yield Text(message.content)
        return
    for index, part in enumerate(message.content or ()):
        here = f"{place}.content[{index}]"
        if part.type in ("text", "refusal"):
            yield Text(part.text or part.refusal or "")
        elif part.type == "image_url" and part.image_url is not None:
            yield _image(part.image_url.url, here)
        elif part.type == "file" and part.file is not None:
            yield _file(part.file, here, target)
        else:
            raise _lost(here, f"A content part of type '{part.type}'", target)


def _data_url(url: str, param: str) -> tuple[str, str]:
    """Media type and base64 data of a `data:` URL."""
    head, comma, data = url.removeprefix("data:").partition(",")
    media_type, *options = head.split(";")
    if not comma or "base64" not in options:
        raise RequestError(
            f"Invalid value for '{param}': a data URL must be of the form "
            "data:<media type>;base64,<data>.",
            code="invalid_value",
            param=param,
        )
    return media_type or "application/octet-stream", data


def _image(url: str, place: str) -> Image:
    if url[:5].lower() != "data:":
        return Image(url=url)
    media_type, data = _data_url(url, f"{place}.image_url.url")
    return Image(data=data, media_type="image/jpeg" if media_type == "image/jpg" else media_type)


def _file(file: _FileData, place: str, target: str) -> File:
    if file.file_data is None:
        raise _lost(
            f"{place}.file.file_id",
            "A file that was uploaded to one provider",
            target,
            "Send its content as 'file_data'.",
        )
    if not file.file_data.startswith("data:"):
        return File(data=file.file_data, media_type="application/pdf", name=file.filename)
    media_type, data = _data_url(file.file_data, f"{place}.file.file_data")
    if not media_type.startswith("text/"):
        return File(data=data, media_type=media_type, name=file.filename)
    try:
        text = base64.b64decode(data, validate=True).decode()
    except ValueError:
        raise RequestError(
            f"Invalid value for '{place}.file.file_data': a text file must be UTF-8 in base64.",
            code="invalid_value",
            param=f"{place}.file.file_data",
        ) from None
    return File(text=text, media_type="text/plain", name=file.filename)


def _assistant(message: _FullMessage, place: str, target: str) -> Iterator[Part]:
    if message.audio is not None:
        raise _lost(f"{place}.audio", "A spoken answer", target)
    if message.function_call is not None:
        raise _lost(f"{place}.function_call", "The old form of a tool call", target)
    for index, part in enumerate(message.content if isinstance(message.content, list) else ()):
        if part.type == "refusal":
            yield Refusal(part.refusal or "")
        elif part.type == "text":
            yield Text(part.text or "")
        else:
            here = f"{place}.content[{index}]"
            raise _lost(here, f"A content part of type '{part.type}'", target)
    if isinstance(message.content, str) and message.content:
        yield Text(message.content)
    if message.refusal:
        yield Refusal(message.refusal)
    for index, call in enumerate(message.tool_calls or ()):
        function = call.function
        if function is None or not function.name:
            here = f"{place}.tool_calls[{index}]"
            raise _lost(here, f"A tool call of type '{call.type}'", target)
        yield ToolCall(call.id, function.name, function.arguments or "")


def _result(message: _FullMessage, place: str, target: str) -> ToolResult:
    if not message.tool_call_id:
        param = f"{place}.tool_call_id"
        raise RequestError(
            f"Missing required parameter: '{param}'.",
            code="missing_required_parameter",
            param=param,
        )
    parts = [part for part in _content(message, place, target) if part != Text("")]
    return ToolResult(message.tool_call_id, tuple(parts))


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


# ---- requests written for a provider

_THINKING_MODELS = re.compile(r"(?:^|/)(?:gpt-(?:[5-9]|oss)|o[1-9]|gemini-(?:2\.5|[3-9]))")
"""Models that take `reasoning_effort`; others answer 400 to it."""
_OPENAI_MODELS = re.compile(r"(?:^|/)(?:gpt-(?!oss)|chatgpt-|o[1-9])")
"""OpenAI's own, which want `max_completion_tokens`; other servers may know `max_tokens` only."""
_FIXED_SAMPLING = re.compile(r"(?:^|/)(?:gpt-[5-9]|o[1-9])")
"""Models that answer 400 to a temperature or top_p other than their own."""

_LEVELS: Mapping[Effort, str] = {
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "xhigh": "high",
    "max": "high",
}
"""The three levels that every model with `reasoning_effort` knows."""

MAX_STOPS = 4
MAX_USER_CHARS = 64


def _written(request: Request, model: str) -> dict[str, object]:
    body: dict[str, object] = {"model": model, "messages": _messages(request)}
    if request.tools:
        body["tools"] = [_write_tool(tool) for tool in request.tools]
        if request.tool_choice is not None:
            body["tool_choice"] = _write_choice(request.tool_choice)
        if request.parallel is not None:
            body["parallel_tool_calls"] = request.parallel
    if request.max_tokens is not None:
        own = _OPENAI_MODELS.search(model)
        body["max_completion_tokens" if own else "max_tokens"] = request.max_tokens
    if not _FIXED_SAMPLING.search(model):
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.top_p is not None:
            body["top_p"] = request.top_p
    if request.stop:
        body["stop"] = list(request.stop)
    if request.effort is not None and request.effort in _LEVELS and _THINKING_MODELS.search(model):
        body["reasoning_effort"] = _LEVELS[request.effort]
    if request.format is not None:
        body["response_format"] = _write_format(request.format)
    if request.user and len(request.user) <= MAX_USER_CHARS:
        body["user"] = request.user
    if request.stream:
        body["stream"] = True
        body["stream_options"] = {"include_usage": True}
    return body


def _messages(request: Request) -> list[dict[str, object]]:
    out: list[dict[str, object]] = []
    if request.system:
        out.append({"role": "system", "content": request.system})
    for message in request.messages:
        if message.role == "assistant":
            out += _write_assistant(message.parts)
        elif message.role == "user":
            out += _write_user(message.parts)
        else:
            out.append({"role": message.role, "content": _flat(message.parts)})
    return out


def _flat(parts: Sequence[Part]) -> str:
    return "\n".join([part.text for part in parts if isinstance(part, Text | Refusal)])


def _write_user(parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Tool results become messages of their own; images in them follow in the user's message."""
    rest: list[Part] = []
    for part in parts:
        if not isinstance(part, ToolResult):
            rest.append(part)
            continue
        text = _flat(part.parts)
        if part.failed:
            text = f"Error: {text}"
        yield {"role": "tool", "tool_call_id": part.id, "content": text}
        shown = [one for one in part.parts if not isinstance(one, Text)]
        if shown:
            rest += [Text(f"Content returned by the tool call {part.id}:"), *shown]
    if rest:
        yield {"role": "user", "content": _write_content(rest)}


def _write_content(parts: Sequence[Part]) -> str | list[dict[str, object]]:
    if len(parts) == 1 and isinstance(parts[0], Text):
        return parts[0].text
    return [_write_part(part) for part in parts]


def _write_part(part: Part) -> dict[str, object]:
    match part:
        case Image():
            url = part.url or f"data:{part.media_type};base64,{part.data}"
            return {"type": "image_url", "image_url": {"url": url}}
        case File(text=str(text)):
            return {"type": "text", "text": f"{part.name}:\n{text}" if part.name else text}
        case File():
            data = f"data:{part.media_type};base64,{part.data}"
            name = part.name or "document.pdf"
            return {"type": "file", "file": {"filename": name, "file_data": data}}
        case Text() | Refusal():
            return {"type": "text", "text": part.text}
    return {"type": "text", "text": ""}


def _write_assistant(parts: Sequence[Part]) -> Iterator[dict[str, object]]:
    """Reasoning is left out: its signature means nothing here, and no field takes it."""
    message: dict[str, object] = {"role": "assistant"}
    texts = [part for part in parts if isinstance(part, Text)]
    if texts:
        message["content"] = _write_content(texts)
    refusals = [part.text for part in parts if isinstance(part, Refusal)]
    if refusals:
        message["refusal"] = "\n".join(refusals)
    calls = [_write_call(part) for part in parts if isinstance(part, ToolCall)]
    if calls:
        message["tool_calls"] = calls
    if len(message) > 1:
        yield message


def _write_call(call: ToolCall) -> dict[str, object]:
    function = {"name": call.name, "arguments": call.arguments}
    return {"id": call.id, "type": "function", "function": function}


def _write_tool(tool: Tool) -> dict[str, object]:
    function: dict[str, object] = {"name": tool.name, "parameters": tool.schema}
    if tool.description is not None:
        function["description"] = tool.description
    if tool.strict:
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
    if wanted.strict:
        schema["strict"] = True
    return {"type": "json_schema", "json_schema": schema}


# ---- answers and streams written for a caller

_FINISHES: Mapping[Stop, str] = {
    "stop": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "context_window": "length",
    "tool_calls": "tool_calls",
    "refusal": "content_filter",
    "pause": "stop",
}


def _write_usage(usage: Usage) -> dict[str, object]:
    """OpenAI counts tokens read from and written to a cache as part of the prompt."""
    prompt: dict[str, int] = {"cached_tokens": usage.cache_read}
    written = usage.cache_write_5m + usage.cache_write_1h
    if written:
        prompt["cache_write_tokens"] = written
    return {
        "prompt_tokens": usage.total_input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total_input + usage.output,
        "prompt_tokens_details": prompt,
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning},
    }


def _write_message(parts: Sequence[Part]) -> dict[str, object]:
    text = "".join([part.text for part in parts if isinstance(part, Text)])
    refusal = "".join([part.text for part in parts if isinstance(part, Refusal)])
    thought = "".join([part.text for part in parts if isinstance(part, Thinking)])
    calls = [_write_call(part) for part in parts if isinstance(part, ToolCall)]
    message: dict[str, object] = {
        "role": "assistant",
        "content": text if text or not (calls or refusal) else None,
        "refusal": refusal or None,
    }
    if thought:
        message["reasoning_content"] = thought
    if calls:
        message["tool_calls"] = calls
    return message


class _Writer:
    """One stream of chunks: the role first, then deltas, the finish, the usage if it was asked."""

    def __init__(self, request: Request, at: int) -> None:
        self._usage = request.stream_usage
        self._at = at
        self._id = f"chatcmpl-{at}"
        self._model = ""
        self._opened = False
        self._finished = False

    def write(self, event: StreamEvent) -> bytes:
        """See StreamWriter.write."""
        match event:
            case Start():
                self._id, self._model = event.id or self._id, event.model
                return self._open()
            case TextDelta():
                return self._delta({"content": event.text})
            case RefusalDelta():
                return self._delta({"refusal": event.text})
            case ThinkingDelta():
                return self._delta({"reasoning_content": event.text})
            case ToolStart():
                function = {"name": event.name, "arguments": ""}
                call = {"index": event.index, "id": event.id, "type": "function"}
                return self._delta({"tool_calls": [{**call, "function": function}]})
            case ToolDelta():
                call = {"index": event.index, "function": {"arguments": event.text}}
                return self._delta({"tool_calls": [call]})
            case Finish():
                return self._finish(_FINISHES[event.stop])
            case Failure():
                return sse.encode(_write_problem(event.problem))
        return b""

    def done(self, usage: Usage | None) -> bytes:
        """See StreamWriter.done."""
        out = b"" if self._finished else self._finish("stop")
        if self._usage and usage is not None:
            out += self._chunk([], {"usage": _write_usage(usage)})
        return out + sse.encode(b"[DONE]")

    def _open(self) -> bytes:
        if self._opened:
            return b""
        self._opened = True
        return self._delta({"role": "assistant", "content": "", "refusal": None})

    def _delta(self, delta: Mapping[str, object]) -> bytes:
        first = self._open()
        return first + self._chunk([{"index": 0, "delta": delta, "finish_reason": None}])

    def _finish(self, reason: str) -> bytes:
        self._finished = True
        first = self._open()
        return first + self._chunk([{"index": 0, "delta": {}, "finish_reason": reason}])

    def _chunk(
        self, choices: list[dict[str, object]], more: Mapping[str, object] | None = None
    ) -> bytes:
        usage = {"usage": None} if self._usage else {}
        chunk = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._at,
            "model": self._model,
            "choices": choices,
            **(usage if more is None else more),
        }
        return sse.encode(msgspec.json.encode(chunk))


def _write_problem(problem: Problem) -> bytes:
    return msgspec.json.encode(
        {
            "error": {
                "message": problem.message,
                "type": _KIND_WORDS.get(problem.kind, problem.kind),
                "param": problem.param,
                "code": problem.code,
            }
        }
    )


_KIND_WORDS = {
    "permission_error": "insufficient_permissions",
    "not_found_error": "invalid_request_error",
    "request_too_large": "invalid_request_error",
    "rate_limit_error": "rate_limit_exceeded",
    "billing_error": "insufficient_quota",
    "overloaded_error": "server_error",
    "api_error": "server_error",
}
"""OpenAI's `type` for a kind; its documentation lists codes more than types, these are seen."""


class OpenAIChat:
    """The dialect of `POST /v1/chat/completions`."""

    name = "openai"
    path = "/chat/completions"

    def headers(self, api_key: str | None) -> list[tuple[str, str]]:
        """Content type, and the key as a bearer token."""
        headers = [("content-type", "application/json")]
        if api_key is not None:
            headers.append(("authorization", f"Bearer {api_key}"))
        return headers

    # ---- as the caller's dialect

    def read(self, body: bytes, headers: Mapping[str, str]) -> Inbound:
        """See Dialect.read."""
        fields = fields_of(body)
        model = model_of(fields)
        messages = decoded(_MESSAGES, required(fields, "messages"), "messages")
        if not messages:
            raise no_messages()
        turns, images, files, call_bytes = _outline(messages)
        stream = flag(fields, "stream")
        _wants_usage(fields)
        longest = number(fields, "max_completion_tokens")
        ask = ask_of(
            model,
            turns,
            headers=headers,
            stream=stream,
            max_output=number(fields, "max_tokens") if longest is None else longest,
            tools=items(fields, "tools") or items(fields, "functions"),
            images=images,
            files=files,
            call_bytes=call_bytes,
            json_schema=_format_kind(fields) == "json_schema",
        )
        return Inbound(
            dialect=self.name,
            ask=ask,
            stream=stream,
            fields=fields,
            body=body,
            quiet=turns[-1].role == "tool" or "stop" in fields,
        )

    def own_fields(self, inbound: Inbound) -> dict[str, bytes]:
        """Ask for the usage of a stream, keeping the caller's other stream options."""
        if not inbound.stream or _wants_usage(inbound.fields):
            return {}
        raw = inbound.fields.get("stream_options")
        options = {} if raw is None else decoded(_STREAM_OPTION_FIELDS, raw, "stream_options") or {}
        options = {**options, "include_usage": msgspec.Raw(b"true")}
        return {"stream_options": msgspec.json.encode(options)}

    def request(self, inbound: Inbound, target: str) -> Request:
        """See Dialect.request."""
        full = decoded(_FULL, inbound.body, "")
        return _read_full(full, stream=inbound.stream, target=target)

    def write_answer(self, answer: Answer, at: int) -> bytes:
        """See Dialect.write_answer."""
        choice = {
            "index": 0,
            "message": _write_message(answer.parts),
            "logprobs": None,
            "finish_reason": _FINISHES[answer.stop],
        }
        body = {
            "id": answer.id or f"chatcmpl-{at}",
            "object": "chat.completion",
            "created": at,
            "model": answer.model,
            "choices": [choice],
        }
        if answer.usage is not None:
            body["usage"] = _write_usage(answer.usage)
        return msgspec.json.encode(body)

    def writer(self, request: Request, at: int) -> _Writer:
        """See Dialect.writer."""
        return _Writer(request, at)

    # ---- as the provider's dialect

    def check(self, request: Request) -> None:
        """See Dialect.check: files by URL and a fifth stop sequence cannot be said."""
        if len(request.stop) > MAX_STOPS:
            raise RequestError(
                f"The provider that would answer takes at most {MAX_STOPS} stop sequences.",
                code="unsupported_value",
                param="stop_sequences",
            )
        for message in request.messages:
            for part in message.parts:
                inner = part.parts if isinstance(part, ToolResult) else (part,)
                if any(isinstance(one, File) and one.url for one in inner):
                    raise _lost("messages", "A document by URL", self.name, "Send its content.")

    def write_request(self, request: Request, model: str) -> bytes:
        """See Dialect.write_request."""
        return msgspec.json.encode(_written(request, model))

    def read_answer(self, body: bytes, *, quiet: bool) -> Answer:
        """See Dialect.read_answer. Of several choices the first is read."""
        found = _completion(body)
        meter = Meter(openai_usage)
        meter.see(found.usage)
        usage = meter.usage
        if found.error:
            problem = _problem_within(found.error)
            raise UnusableAnswerError(f"The provider failed: {problem.message}", usage=usage)
        if not found.choices:
            raise UnusableAnswerError("The provider's answer has no choices.", usage=usage)
        choice = found.choices[0]
        if choice.error or choice.finish_reason == "error":
            problem = _problem_within(choice.error)
            raise UnusableAnswerError(f"The provider failed: {problem.message}", usage=usage)
        if choice.message is None:
            raise UnusableAnswerError("The provider's answer has no message.", usage=usage)
        parts = tuple(_parts_said(choice.message, found.id or ""))
        stop = _STOPS.get(choice.finish_reason or "", "stop")
        if stop == "stop" and not quiet and not any(_tells(part) for part in parts):
            raise UnusableAnswerError("The provider's answer is empty.", usage=usage)
        return Answer(
            id=found.id or "", model=found.model or "", parts=parts, stop=stop, usage=usage
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
        return isinstance(found, dict) and isinstance(found.get("error"), dict)

    def read_problem(self, status: int, body: bytes) -> Problem:
        """See Dialect.read_problem."""
        return read_problem(status, body)

    def write_problem(self, problem: Problem) -> bytes:
        """OpenAI's error object; the kinds that only Anthropic has get OpenAI's words."""
        return _write_problem(problem)

    def write_problem_event(self, problem: Problem) -> bytes:
        """An error as the last event; the SDKs raise it. No `[DONE]` follows."""
        return sse.encode(self.write_problem(problem))


def _wants_usage(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("stream_options")
    options = None if raw is None else decoded(_STREAM_OPTIONS, raw, "stream_options")
    return options is not None and bool(options.include_usage)


def _format_kind(fields: Mapping[str, msgspec.Raw]) -> str | None:
    raw = fields.get("response_format")
    kind = None if raw is None else decoded(_FORMAT_KIND, raw, "response_format")
    return None if kind is None else kind.type


def _parts_said(said: _Said, answer_id: str) -> Iterator[Part]:
    thought = said.reasoning_content or said.reasoning
    if thought:
        yield Thinking(thought)
    if said.content:
        yield Text(said.content)
    if said.refusal:
        yield Refusal(said.refusal)
    for index, call in enumerate(said.tool_calls or ()):
        function = call.function or _Function()
        yield ToolCall(
            call.id or _call_id(answer_id, index), function.name or "", function.arguments or ""
        )


def _tells(part: Part) -> bool:
    """Whether a part alone makes an answer; reasoning without a conclusion does not."""
    return not isinstance(part, Thinking)
