"""A caller's chat completion request, checked as far as it is used, and told to a policy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.errors import RequestError
from headgate.wire.inbound import (
    Inbound,
    Outline,
    ask_of,
    decoded,
    fields_of,
    is_given,
    label,
    no_messages,
    no_model,
)

__all__ = ["ROLES", "StreamOptions", "own_fields", "read"]


class _Part(msgspec.Struct, gc=False):
    type: str = "text"
    text: str | None = None


_NO_CALLS = msgspec.Raw(b"")


class _Message(msgspec.Struct, gc=False):
    role: str
    content: str | list[_Part] | None = None
    tool_calls: msgspec.Raw = _NO_CALLS


class _Format(msgspec.Struct, gc=False):
    type: str = "text"


class StreamOptions(msgspec.Struct, gc=False):
    """What a caller wants of a stream beside its text."""

    include_usage: bool | None = None


class _Form(msgspec.Struct):
    """A body as far as it is read here."""

    model: str
    messages: list[_Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    """Read to be checked before anything is sent."""
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    tools: list[msgspec.Raw] | None = None
    functions: list[msgspec.Raw] | None = None
    response_format: _Format | None = None


_FORM = msgspec.json.Decoder(_Form)
_OPTIONS = msgspec.json.Decoder(StreamOptions | None)
_OPTION_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw] | None)

ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
"""A message's role, and what a policy is told of it."""


def read(body: bytes, headers: Mapping[str, str]) -> Inbound:
    """See Dialect.read."""
    fields = fields_of(body)
    form = decoded(_FORM, body, "")
    if not form.model:
        raise no_model()
    if not form.messages:
        raise no_messages()
    outline = _outline(form.messages)
    stream, wanted = form.stream is True, form.response_format
    ask = ask_of(  # without names, which cost: nearly every request comes this way
        form.model,
        outline,
        headers,
        stream,
        form.max_tokens if form.max_completion_tokens is None else form.max_completion_tokens,
        form.tools or form.functions or (),
        wanted is not None and wanted.type == "json_schema",
        label(fields, "prompt_cache_key") if "prompt_cache_key" in fields else None,
    )
    return Inbound(
        dialect="openai",
        ask=ask,
        stream=stream,
        fields=fields,
        body=body,
        quiet=outline.turns[-1][0] == "tool" or ("stop" in fields and is_given(fields, "stop")),
    )


def own_fields(inbound: Inbound) -> dict[str, bytes]:
    """Ask for the usage of a stream, keeping the caller's other stream options."""
    if not inbound.stream or _wants_usage(inbound.fields):
        return {}
    raw = inbound.fields.get("stream_options")
    options = {} if raw is None else decoded(_OPTION_FIELDS, raw, "stream_options") or {}
    options = {**options, "include_usage": msgspec.Raw(b"true")}
    return {"stream_options": msgspec.json.encode(options)}


def _outline(messages: list[_Message]) -> Outline:
    outline = Outline()
    turns = outline.turns
    for message in messages:
        role = ROLES.get(message.role)
        if role is None:
            index = len(turns)
            raise RequestError(
                f"Invalid value for 'messages[{index}].role': {message.role[:40]!r}. "
                "Supported values are: "
                f"{', '.join(repr(one) for one in ROLES)}.",
                code="invalid_value",
                param=f"messages[{index}].role",
            )
        content = message.content
        if isinstance(content, list):
            outline.images += sum([part.type == "image_url" for part in content])
            outline.files += sum([part.type == "file" for part in content])
            content = "\n".join([part.text for part in content if part.text])
        if message.tool_calls is not _NO_CALLS:
            outline.call_bytes += len(memoryview(message.tool_calls))
        turns.append((role, content or ""))
    return outline


def _wants_usage(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("stream_options")
    options = None if raw is None else decoded(_OPTIONS, raw, "stream_options")
    return options is not None and bool(options.include_usage)
