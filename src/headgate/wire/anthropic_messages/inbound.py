"""A caller's Messages request, checked as far as it is used, and told to a policy."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.errors import RequestError
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

__all__ = ["Block", "joined", "own_fields", "read"]


class Block(msgspec.Struct, gc=False):
    """A content block as far as its text."""

    type: str = "text"
    text: str | None = None


class _Deep(msgspec.Struct):
    type: str = "text"
    text: str | None = None
    content: str | list[Block] | None = None
    input: msgspec.Raw = msgspec.Raw(b"")


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

_ROLES = frozenset({"user", "assistant", "system"})


def read(body: bytes, headers: Mapping[str, str]) -> Inbound:
    """See Dialect.read."""
    fields = fields_of(body)
    model = model_of(fields)
    messages = decoded(_MESSAGES, required(fields, "messages"), "messages")
    if not messages:
        raise no_messages()
    system = fields.get("system")
    outline = _Outline("" if system is None else joined(decoded(_SYSTEM, system, "system")))
    for index, message in enumerate(messages):
        outline.add(index, message)
    required(fields, "max_tokens")
    stream = flag(fields, "stream")
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
        json_schema=_asks_schema(fields),
    )
    return Inbound(
        dialect="anthropic",
        ask=ask,
        stream=stream,
        fields=fields,
        body=body,
        quiet=outline.turns[-1].role == "tool" or "stop_sequences" in fields,
    )


def own_fields(_: Inbound) -> dict[str, bytes]:
    """None: streams of this dialect always tell their usage."""
    return {}


def _asks_schema(fields: Mapping[str, msgspec.Raw]) -> bool:
    raw = fields.get("output_config")
    found = None if raw is None else decoded(_OUTPUT, raw, "output_config")
    return found is not None and found.format is not None


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
                f"Invalid value: '{message.role}'. Supported values are: "
                "'user', 'assistant', 'system'.",
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

    def _count(self, block: _Deep | Block) -> None:
        self.images += block.type == "image"
        self.files += block.type == "document"
        if isinstance(block, _Deep):
            self.call_bytes += len(memoryview(block.input))

    def _inner(self, content: str | list[Block] | None) -> str:
        if not isinstance(content, list):
            return content or ""
        for block in content:
            self._count(block)
        return "\n".join([block.text for block in content if block.text])


def joined(system: str | list[Block] | None) -> str:
    """The text of a system prompt or of plain content."""
    if isinstance(system, list):
        return "\n\n".join([block.text for block in system if block.text])
    return system or ""
