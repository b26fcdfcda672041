"""A caller's Responses request, checked as far as it is used, and told to a policy."""

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
    flag,
    items,
    label,
    model_of,
    number,
)

__all__ = ["ROLES", "read"]


class _Part(msgspec.Struct, gc=False):
    type: str = ""
    text: str | None = None
    refusal: str | None = None


class _Kind(msgspec.Struct, gc=False):
    type: str | None = None


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Part]


class _Output(msgspec.Struct):
    output: str | list[_Part] = ""


class _Format(msgspec.Struct, gc=False):
    type: str = "text"


class _Text(msgspec.Struct, gc=False):
    format: _Format | None = None


_INPUT = msgspec.json.Decoder(str | list[msgspec.Raw] | None)
_KIND = msgspec.json.Decoder(_Kind)
_MESSAGE = msgspec.json.Decoder(_Message)
_OUTPUT = msgspec.json.Decoder(_Output)
_TEXT = msgspec.json.Decoder(_Text | None)
_INSTRUCTIONS = msgspec.json.Decoder(str | list[msgspec.Raw] | None)


class _Kept(msgspec.Struct):
    id: str


_KEPT = msgspec.json.Decoder(str | _Kept | None)
ROLES = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
"""A message's role, and what a policy is told of it."""
_REMEMBERED = ("previous_response_id", "conversation", "prompt")
"""Fields that stand for input which the provider keeps."""


def read(body: bytes, headers: Mapping[str, str]) -> Inbound:
    """See Dialect.read."""
    fields = fields_of(body)
    model = model_of(fields)
    outline = _outline(fields)
    stream = flag(fields, "stream")
    ask = ask_of(
        model,
        outline,
        headers,
        stream=stream,
        max_output=number(fields, "max_output_tokens"),
        tools=items(fields, "tools"),
        json_schema=_asks_schema(fields),
        conversation=label(fields, "prompt_cache_key") if "prompt_cache_key" in fields else None,
        continues=label(fields, "previous_response_id") or _kept(fields),
    )
    return Inbound(
        dialect="openai-responses",
        ask=ask,
        stream=stream,
        fields=fields,
        body=body,
        quiet=outline.last == "tool",
    )


def _kept(fields: Mapping[str, msgspec.Raw]) -> str | None:
    """The conversation that OpenAI keeps, as its id or an object with it."""
    raw = fields.get("conversation")
    if raw is None:
        return None
    try:
        found = _KEPT.decode(raw)
    except (msgspec.MsgspecError, RecursionError):
        return None  # it is the provider's to refuse
    return found.id if isinstance(found, _Kept) else found


def _outline(fields: Mapping[str, msgspec.Raw]) -> Outline:
    outline = Outline()
    raw = fields.get("instructions")
    instructions = None if raw is None else decoded(_INSTRUCTIONS, raw, "instructions")
    if isinstance(instructions, str) and instructions:
        outline.turns.append(("system", instructions))
    given = decoded(_INPUT, fields["input"], "input") if "input" in fields else None
    if not given and not any(bytes(fields.get(name, b"null")) != b"null" for name in _REMEMBERED):
        raise RequestError(
            "Missing required parameter: 'input'.",
            code="missing_required_parameter",
            param="input",
        )
    if isinstance(given, str):
        outline.turns.append(("user", given))
        return outline
    for index, item in enumerate(given or ()):
        _add(outline, item, f"input[{index}]")
    return outline


def _add(outline: Outline, raw: msgspec.Raw, place: str) -> None:
    """One item; those that are neither a message nor of a function count by their JSON."""
    kind = decoded(_KIND, raw, place).type
    if kind in (None, "message"):
        message = decoded(_MESSAGE, raw, place)
        role = ROLES.get(message.role)
        if role is None:
            raise RequestError(
                f"Invalid value for '{place}.role': {message.role[:40]!r}. Supported values are: "
                f"{', '.join(repr(one) for one in ROLES)}.",
                code="invalid_value",
                param=f"{place}.role",
            )
        outline.turns.append((role, _said(outline, message.content)))
    elif kind == "function_call_output":
        outline.turns.append(("tool", _said(outline, decoded(_OUTPUT, raw, place).output)))
    else:
        outline.call_bytes += len(memoryview(raw))


def _said(outline: Outline, content: str | list[_Part]) -> str:
    if isinstance(content, str):
        return content
    outline.images += sum([part.type == "input_image" for part in content])
    outline.files += sum([part.type == "input_file" for part in content])
    texts = [part.text or part.refusal for part in content]
    return "\n".join([text for text in texts if text])


def _asks_schema(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("text")
    found = None if raw is None else decoded(_TEXT, raw, "text")
    return found is not None and found.format is not None and found.format.type == "json_schema"
