"""Reasoning in the history of a Messages request: taken out when its signatures are not accepted.

Source: platform.claude.com, "Extended thinking" and "Preserved thinking" (read November 2026). A
block of thinking is signed by the model that thought; another model drops it or answers 400, and a
gateway that routes turn by turn cannot know which. A request without any thinking in its history is
always accepted, save one that demands thinking by a budget in the middle of a tool loop, whose last
turn would have to begin with it: such a request goes on without.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.wire.inbound import Inbound

__all__ = ["forget", "mend", "without_thinking"]

_SIGNED = frozenset({"thinking", "redacted_thinking"})


class _Block(msgspec.Struct, gc=False):
    type: str = ""


class _Message(msgspec.Struct):
    role: str
    content: msgspec.Raw


_MESSAGES = msgspec.json.Decoder(list[msgspec.Raw])
_MESSAGE = msgspec.json.Decoder(_Message)
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_BLOCKS = msgspec.json.Decoder(list[msgspec.Raw])
_BLOCK = msgspec.json.Decoder(_Block)


def mend(inbound: Inbound, status: int, body: bytes) -> dict[str, bytes]:
    """See Dialect.mend: a 400 that speaks of a signature, or of a block of thinking."""
    if status != 400 or not (b"signature" in body or b"thinking` block" in body):
        return {}
    return without_thinking(inbound.fields)


def forget(inbound: Inbound, first: int) -> dict[str, bytes]:
    """See Dialect.forget."""
    return without_thinking(inbound.fields, first)


def without_thinking(
    fields: Mapping[str, msgspec.Raw], first: int | None = None
) -> dict[str, bytes]:
    """The fields of a request whose history holds no thinking; none where it held none anyway.

    `first` leaves the messages after so many as they are.
    """
    kept: list[msgspec.Raw] = []
    found = False
    for index, raw in enumerate(_MESSAGES.decode(fields["messages"])):
        message = _MESSAGE.decode(raw)
        meant = message.role == "assistant" and (first is None or index < first)
        blocks = _blocks(message) if meant else []
        rest = [block for block in blocks if _BLOCK.decode(block).type not in _SIGNED]
        if len(rest) == len(blocks):
            kept.append(raw)
            continue
        found = True
        if rest:  # a turn of nothing but thinking goes as a whole
            content = msgspec.json.encode(rest)
            whole = _FIELDS.decode(raw) | {"content": msgspec.Raw(content)}
            kept.append(msgspec.Raw(msgspec.json.encode(whole)))
    if not found:
        return {}
    mended = {"messages": msgspec.json.encode(kept)}
    if kept and _has_budget(fields):
        last = _blocks(_MESSAGE.decode(kept[-1]))
        if any(_BLOCK.decode(block).type == "tool_result" for block in last) and not _thinks(
            kept[:-1]
        ):
            mended["thinking"] = b'{"type":"disabled"}'
    return mended


def _thinks(messages: list[msgspec.Raw]) -> bool:
    """Whether the last turn of the model still begins with a block of thinking."""
    if not messages:
        return False
    blocks = _blocks(_MESSAGE.decode(messages[-1]))
    return bool(blocks) and _BLOCK.decode(blocks[0]).type in _SIGNED


def _has_budget(fields: Mapping[str, msgspec.Raw]) -> bool:
    match msgspec.json.decode(fields.get("thinking", b"null")):
        case {"type": "enabled"}:
            return True
    return False


def _blocks(message: _Message) -> list[msgspec.Raw]:
    """The blocks of a turn; one of plain text has none."""
    plain = not bytes(message.content).lstrip().startswith(b"[")
    return [] if plain else _BLOCKS.decode(message.content)
