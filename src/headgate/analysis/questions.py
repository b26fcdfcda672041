"""What of a record can be asked again: its request, free of any dialect, or why it cannot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from headgate.analysis.record import Record
from headgate.errors import HeadgateError
from headgate.wire.lane import DIALECTS
from headgate.wire.neutral import (
    Answer,
    File,
    Image,
    Message,
    Part,
    Refusal,
    Request,
    Text,
    ToolCall,
    ToolResult,
)

__all__ = ["UnaskableError", "may_be_asked", "question_of", "said", "transcript"]

DROPPED = ("model", "stream", "stream_options", "n", "metadata", "store", "user", "service_tier")
"""Fields of a recorded request that say nothing of what is asked."""
MOST_TOKENS = 100_000


class UnaskableError(Exception):
    """A record cannot be asked again; the message is the reason, in words for its owner."""


def may_be_asked(record: Record) -> str | None:
    """Why a record cannot be asked again, as far as that is told without reading its request."""
    if not record.prompt:
        return "the text of the request is not recorded"
    if record.images:
        return "it has images"
    if record.turns > 1 and not record.request:
        return "only its last turn is recorded"
    return None


def question_of(record: Record, most: int) -> Request:
    """The request of a record, to be answered in at most `most` tokens and not as a stream.

    Raises:
        UnaskableError: it is not whole, or in no dialect that can be read.
    """
    reason = may_be_asked(record)
    if reason is not None:
        raise UnaskableError(reason)
    found = _recorded(record)
    limit = most if found.max_tokens is None else min(most, found.max_tokens)
    return msgspec.structs.replace(found, max_tokens=limit, stream=False)


def _recorded(record: Record) -> Request:
    request = record.request
    if request is None or isinstance(request, str):
        return Request(system=record.system, messages=(Message("user", (Text(record.prompt),)),))
    if isinstance(request, list):
        request = {"messages": [_plain(message) for message in request]}
    if not isinstance(request, dict):
        raise UnaskableError("its request is no object")
    fields = {name: value for name, value in request.items() if name not in DROPPED}
    fields["model"] = "auto"
    for dialect in _dialects(fields):
        body = fields
        if dialect == "anthropic":
            body = {"max_tokens": MOST_TOKENS, **fields}
        try:
            inbound = DIALECTS[dialect].read(msgspec.json.encode(body), {})
            return DIALECTS[dialect].read_request(inbound, dialect)
        except (HeadgateError, msgspec.MsgspecError, UnicodeEncodeError):
            continue
    raise UnaskableError("its request is of no dialect that is known")


def _dialects(fields: dict[str, Any]) -> tuple[str, ...]:
    if "input" in fields and "messages" not in fields:
        return ("openai-responses",)
    return ("anthropic", "openai") if "system" in fields else ("openai", "anthropic")


def _plain(message: object) -> object:
    """OpenTelemetry's messages have `parts`, whose text is in `content`."""
    if not isinstance(message, dict) or "parts" not in message:
        return message
    parts = message["parts"] if isinstance(message["parts"], list) else []
    if not all(isinstance(part, dict) and part.get("type") == "text" for part in parts):
        return None
    text = "\n".join(str(part.get("content", part.get("text", ""))) for part in parts)
    return {"role": message.get("role"), "content": text}


def said(answer: Answer) -> str:
    """An answer as text for who judges it; calls of tools by their name and arguments."""
    return "\n".join(_words(answer.parts)).strip()


def transcript(request: Request) -> str:
    """A request as text for who judges its answers."""
    lines = [f"[system]\n{request.system}"] if request.system else []
    if request.tools:
        lines.append(f"[tools on offer] {', '.join(tool.name for tool in request.tools)}")
    if request.format is not None:
        lines.append("[the answer must be JSON]")
        if request.format.schema is not None:
            lines.append(f"[by this schema] {msgspec.json.encode(request.format.schema).decode()}")
    turns = [
        f"[{message.role}]\n" + "\n".join(_words(message.parts)) for message in request.messages
    ]
    return "\n\n".join([*lines, *turns])


def _words(parts: tuple[Part, ...]) -> Iterator[str]:
    for part in parts:
        match part:
            case Text(text) | Refusal(text):
                yield text
            case ToolCall():
                yield f"[calls the tool {part.name} with {part.arguments}]"
            case ToolResult():
                yield "[result of a tool] " + "\n".join(_words(part.parts))
            case Image() | File():
                yield "[an attachment]"
            case _:  # reasoning is no part of the answer
                pass
