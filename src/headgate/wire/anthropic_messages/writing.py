"""A neutral request written as a Messages request for a provider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

import msgspec

from headgate.errors import RequestError
from headgate.wire.claude import Abilities, abilities
from headgate.wire.neutral import (
    File,
    Image,
    Message,
    Part,
    Refusal,
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
from headgate.wire.schemas import closed

__all__ = ["FIRST_TURN", "JSON_INSTRUCTION", "MAX_TEMPERATURE", "arguments_of", "check", "write"]

JSON_INSTRUCTION = "Answer with one valid JSON object and nothing else."
"""Stands for OpenAI's JSON mode, which asks for an object without a schema."""
_ID = re.compile(r"[^a-zA-Z0-9_-]")
"""What an id of a tool call must not hold; other servers write ids such as `functions.f:0`."""
_USER = re.compile(r"[\w.:-]{1,256}")
"""A user id that is sent on: opaque; an e-mail address is refused by Anthropic."""
MAX_TEMPERATURE = 1.0


def check(request: Request, words: Mapping[str, str]) -> None:
    """See Dialect.check: blank stop sequences, open schemas, messages without anything in them."""
    if request.stop and any(not one.strip() for one in request.stop):
        raise RequestError(
            "The provider that would answer takes no stop sequence of white space only.",
            code="unsupported_value",
            param=words["stop"],
        )
    if request.format is not None and request.format.schema is not None:
        closed(request.format.schema, words["format"])
    for tool in request.tools:
        if tool.strict:
            closed(tool.schema, words["tools"])
    if not _say_anything(_hoisted(request)[1]):
        raise RequestError(
            "The messages have no content, which the provider that would answer needs.",
            code="invalid_value",
            param=words["messages"],
        )


_ENCODE = msgspec.json.Encoder().encode


def write(request: Request, model: str) -> bytes:
    """See Dialect.write_request."""
    return _ENCODE(_body(request, model))


def _body(request: Request, model: str) -> dict[str, object]:
    able = abilities(model)
    system, messages = _hoisted(request)
    if request.format is not None and request.format.schema is None:
        system = f"{system}\n\n{JSON_INSTRUCTION}" if system else JSON_INSTRUCTION
    limit = able.default_max_tokens if request.max_tokens is None else request.max_tokens
    body: dict[str, object] = {"model": model, "max_tokens": limit}
    if system:
        body["system"] = system
    body["messages"] = _messages(messages)
    _write_tools(body, request, able)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    if request.effort is not None or request.format is not None:
        body |= _write_output(request, able)
    thinking = _thinking(request, able)
    if thinking is not None:
        body["thinking"] = {"type": thinking}
    elif able.sampling:
        if request.temperature is not None:
            warm = request.temperature
            body["temperature"] = warm if warm < MAX_TEMPERATURE else MAX_TEMPERATURE  # noqa: FURB136
        elif request.top_p is not None:
            # Claude 4.1 to 4.6 refuse both at once
            body["top_p"] = request.top_p
    if request.user and _USER.fullmatch(request.user):
        body["metadata"] = {"user_id": request.user}
    if request.stream:
        body["stream"] = True
    return body


def left_out(request: Request, model: str) -> list[str]:
    """See Dialect.left_out."""
    able = abilities(model)
    thinking = request.effort is not None and _thinking(request, able) is not None
    found: list[str] = []
    cool = able.sampling and not thinking
    if request.temperature is not None and not cool:
        found.append("temperature")
    if request.top_p is not None and not (cool and request.temperature is None):
        found.append("top_p")
    if request.effort is not None and not (thinking or request.effort in able.efforts):
        found.append("effort")
    if request.user and not _USER.fullmatch(request.user):
        found.append("user")
    return found


def _hoisted(request: Request) -> tuple[str, tuple[Message, ...]]:
    """System messages within the conversation join the system prompt, as Anthropic's own
    compatibility layer does; only some models take them in place."""
    for message in request.messages:
        if message.role == "system":
            break
    else:
        if request.messages:
            return request.system, request.messages
    system = [request.system] if request.system else []
    messages: list[Message] = []
    for message in request.messages:
        if message.role == "system":
            system += [part.text for part in message.parts if type(part) is Text and part.text]
        else:
            messages.append(message)
    if not messages:
        # instructions alone are answered by the other dialect, so here they are what is asked
        return "", (Message("user", tuple(Text(one) for one in system)),)
    return "\n\n".join(system), normal(messages)


def _thinking(request: Request, able: Abilities) -> str | None:
    """The type of thinking to ask for with an effort; a forced tool excludes thinking."""
    if request.effort is None or request.effort == "none":
        return None if request.effort is None else able.no_thinking
    forced = request.tool_choice is not None and request.tool_choice.mode in ("required", "tool")
    return "adaptive" if able.adaptive and not forced else None


def _write_output(request: Request, able: Abilities) -> dict[str, object]:
    output: dict[str, object] = {}
    if request.effort is not None and request.effort in able.efforts:
        output["effort"] = able.efforts[request.effort]
    if request.format is not None and request.format.schema is not None:
        schema = closed(request.format.schema, "format")
        output["format"] = {"type": "json_schema", "schema": schema}
    return {"output_config": output} if output else {}


def _write_tools(body: dict[str, object], request: Request, able: Abilities) -> None:
    tools = request.tools
    choice = request.tool_choice
    if not tools:
        # a history with tool calls is refused unless their tools are defined
        called = _called(request.messages)
        if not called:
            return
        tools = tuple([Tool(name, {}) for name in called])
        choice = ToolChoice("none")
    body["tools"] = [_write_tool(tool, able) for tool in tools]
    if choice is None and request.parallel is False:
        choice = ToolChoice("auto")
    if choice is not None:
        body["tool_choice"] = _write_choice(choice, request.parallel)


def _called(messages: Sequence[Message]) -> Mapping[str, None]:
    """The names of the tools that were called, in the order of their first calls."""
    names: dict[str, None] = {}
    for message in messages:
        for part in message.parts:
            if type(part) is ToolCall:
                names[part.name] = None
    return names


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


def _messages(messages: Sequence[Message]) -> list[dict[str, object]]:
    """Parts and turns that say nothing are left out; the first turn is the user's."""
    kept = messages if _all_say(messages) else normal(_saying(messages))
    if kept and kept[0].role == "assistant":
        kept = (Message("user", (Text(FIRST_TURN),)), *kept)
    if kept and kept[-1].role == "assistant":
        kept = (*kept[:-1], _trimmed(kept[-1]))
    return [{"role": one.role, "content": _write_content(one.parts)} for one in kept]


def _saying(messages: Sequence[Message]) -> Iterator[Message]:
    for message in messages:
        parts = tuple([part for part in message.parts if _says(part)])
        if parts:
            yield Message(message.role, parts)


def _trimmed(message: Message) -> Message:
    """A last turn that the model is to continue must not end with white space."""
    *rest, last = message.parts
    if not isinstance(last, Text):
        return message
    return Message(message.role, (*rest, Text(last.text.rstrip())))


FIRST_TURN = "(The conversation begins with the assistant.)"
"""Said for the user when the history begins with a greeting by the assistant, which is refused."""


def _say_anything(messages: Sequence[Message]) -> bool:
    for message in messages:
        for part in message.parts:
            if _says(part):
                return True
    return False


def _all_say(messages: Sequence[Message]) -> bool:
    """Whether every turn has parts, and each of them says something."""
    for message in messages:
        if not message.parts:
            return False
        for part in message.parts:
            if not _says(part):
                return False
    return True


def _says(part: Part) -> bool:
    """Whether a part can be sent: text with a visible character, reasoning with its signature."""
    # by type: `isinstance`, and so a `case`, of a struct that it is not costs five times as much
    if type(part) is Text or type(part) is Refusal:
        return bool(part.text) and not part.text.isspace()
    return type(part) is not Thinking or bool(part.signature)


def _write_content(parts: Sequence[Part]) -> str | list[dict[str, object]]:
    if len(parts) == 1 and type(parts[0]) is Text:
        return parts[0].text
    return [_write_part(part) for part in parts]


def _write_part(part: Part) -> dict[str, object]:
    if type(part) is Text or type(part) is Refusal:
        return {"type": "text", "text": part.text}
    if type(part) is ToolCall:
        return {
            "type": "tool_use",
            "id": _ID.sub("_", part.id),
            "name": part.name,
            "input": arguments_of(part.arguments),
        }
    if type(part) is ToolResult:
        return _write_result(part)
    if type(part) is Thinking:
        return {"type": "thinking", "thinking": part.text, "signature": part.signature}
    if type(part) is SealedThinking:
        return {"type": "redacted_thinking", "data": part.data}
    return _write_media(part)


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
    out: dict[str, object] = {"type": "tool_result", "tool_use_id": _ID.sub("_", result.id)}
    parts = [part for part in result.parts if _says(part)]
    if parts:
        out["content"] = _write_content(parts)
    if result.failed:
        out["is_error"] = True
    return out


def arguments_of(text: str) -> dict[str, object]:
    """Arguments as an object, which this dialect demands; a model's broken JSON is kept as text."""
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {"arguments": text}
