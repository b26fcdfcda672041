"""A caller's Messages request, checked as far as it is used, and told to a policy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.errors import RequestError
from headgate.wire.anthropic_messages.answers import NO_THREADS
from headgate.wire.inbound import (
    Inbound,
    Outline,
    ask_of,
    decoded,
    fields_of,
    flag,
    is_given,
    items,
    model_of,
    no_messages,
    number,
    required,
)

__all__ = ["Block", "joined", "own_fields", "read", "read_count"]


class Block(msgspec.Struct, gc=False):
    """A content block as far as its text."""

    type: str = "text"
    text: str | None = None


_NO_INPUT = msgspec.Raw(b"")


class _Deep(msgspec.Struct):
    type: str = "text"
    text: str | None = None
    content: str | list[Block] | None = None
    input: msgspec.Raw = _NO_INPUT


class _Message(msgspec.Struct):
    role: str
    content: str | list[_Deep]


class _Format(msgspec.Struct, gc=False):
    type: str = ""


class _Output(msgspec.Struct, gc=False):
    format: _Format | None = None


_MESSAGES = msgspec.json.Decoder(list[_Message])
_SYSTEM = msgspec.json.Decoder(str | list[Block] | None)
_OUTPUT = msgspec.json.Decoder(_Output | None)


class _Metadata(msgspec.Struct):
    user_id: str | None = None


_METADATA = msgspec.json.Decoder(_Metadata)
_ROLES = frozenset({"user", "assistant", "system"})


def read(body: bytes, headers: Mapping[str, str]) -> Inbound:
    """See Dialect.read."""
    fields = fields_of(body)
    found = _inbound(fields, body, headers)
    required(fields, "max_tokens")
    return found


def read_count(body: bytes, headers: Mapping[str, str]) -> Inbound:
    """See Dialect.read_count: a request without what only its answer needs."""
    return _inbound(fields_of(body), body, headers)


def _inbound(fields: Mapping[str, msgspec.Raw], body: bytes, headers: Mapping[str, str]) -> Inbound:
    model = model_of(fields)
    _refuse_thread(fields)
    messages = decoded(_MESSAGES, required(fields, "messages"), "messages")
    if not messages:
        raise no_messages()
    system = fields.get("system")
    text = "" if system is None else joined(decoded(_SYSTEM, system, "system"))
    outline = _outline(text, messages)
    stream = flag(fields, "stream")
    ask = ask_of(
        model,
        outline,
        headers,
        stream=stream,
        max_output=number(fields, "max_tokens"),
        tools=items(fields, "tools"),
        json_schema=_asks_schema(fields),
        conversation=_conversation(fields),
    )
    return Inbound(
        dialect="anthropic",
        ask=ask,
        stream=stream,
        fields=fields,
        body=body,
        quiet=outline.last == "tool" or is_given(fields, "stop_sequences"),
    )


def _refuse_thread(fields: Mapping[str, msgspec.Raw]) -> None:
    """A history that the provider keeps is one that no policy sees and no other tier can answer.

    The official SDKs use threads of their own accord; told so, they send the whole history.
    """
    if bytes(fields.get("thread", b"null")) != b"null":
        raise RequestError(
            "Message threads are not served: the history has to be in the request.",
            fix="Leave out 'thread' and send all messages.",
            code=NO_THREADS,
            param="thread",
        )


def _conversation(fields: Mapping[str, msgspec.Raw]) -> str | None:
    """The session that Claude Code names within `metadata.user_id`; a mere user is no conversation.

    Its two forms: `user_…_account_…_session_ID`, and a JSON object with `session_id`.
    """
    raw = fields.get("metadata")
    if raw is None or b"session" not in bytes(raw):
        return None
    try:
        return _METADATA.decode(raw).user_id
    except (msgspec.MsgspecError, RecursionError):
        return None  # it is the provider's to refuse


def own_fields(_: Inbound) -> dict[str, bytes]:
    """None: streams of this dialect always tell their usage."""
    return {}


def _asks_schema(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("output_config")
    found = None if raw is None else decoded(_OUTPUT, raw, "output_config")
    return found is not None and found.format is not None


def _outline(system: str, messages: list[_Message]) -> Outline:
    outline = Outline()
    if system:
        outline.turns.append(("system", system))
    for index, message in enumerate(messages):
        if message.role not in _ROLES:
            raise RequestError(
                f"Invalid value for 'messages[{index}].role': {message.role[:40]!r}. "
                "Supported values are: "
                "'user', 'assistant', 'system'.",
                code="invalid_value",
                param=f"messages[{index}].role",
            )
        if isinstance(message.content, str):
            outline.turns.append((message.role, message.content))
        else:
            _add_blocks(outline, message.role, message.content)
    return outline


def _add_blocks(outline: Outline, role: str, blocks: list[_Deep]) -> None:
    """A message of blocks; tool results are a turn of their own, of role "tool"."""
    results = [_inner(outline, block) for block in blocks if block.type == "tool_result"]
    if results:
        outline.turns.append(("tool", "\n".join(results)))
    rest = [block for block in blocks if block.type != "tool_result"]
    for block in rest:
        outline.images += block.type == "image"
        outline.files += block.type == "document"
        if block.input is not _NO_INPUT:
            outline.call_bytes += len(memoryview(block.input))
    if rest or not results:
        outline.turns.append((role, "\n".join([block.text for block in rest if block.text])))


def _inner(outline: Outline, result: _Deep) -> str:
    """The text of a tool result; its images and documents are counted."""
    if not isinstance(result.content, list):
        return result.content or ""
    outline.images += sum([block.type == "image" for block in result.content])
    outline.files += sum([block.type == "document" for block in result.content])
    return "\n".join([block.text for block in result.content if block.text])


def joined(system: str | list[Block] | None) -> str:
    """The text of a system prompt or of plain content."""
    if isinstance(system, list):
        return "\n\n".join([block.text for block in system if block.text])
    return system or ""
