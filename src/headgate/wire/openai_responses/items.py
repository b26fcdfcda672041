"""Items of a conversation that only their maker can take back: found, and taken out.

Reasoning comes back as an item with an id and perhaps encrypted content. Both mean something to the
model (and, stored, to the account) that wrote it. What Headgate wrote for another provider's model
bears a prefix of its own and never goes to a provider.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from headgate.wire.inbound import Inbound

__all__ = ["OWN_REASONING", "forget", "mend", "own_fields"]

OWN_REASONING = "rs_headgate_"
"""How the ids of reasoning items begin that we have written."""


class _Item(msgspec.Struct):
    type: str | None = None
    id: object = None


_ITEM = msgspec.json.Decoder(_Item)
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def own_fields(inbound: Inbound) -> dict[str, bytes]:
    """See Dialect.own_fields: the input without reasoning that no provider knows."""
    if OWN_REASONING.encode() not in inbound.body:
        return {}
    items = _items(inbound.fields)
    kept = [raw for raw in items if not _is_own(_ITEM.decode(raw))]
    return {"input": msgspec.json.encode(kept)} if len(kept) < len(items) else {}


def mend(inbound: Inbound, status: int, body: bytes) -> dict[str, bytes]:
    """See Dialect.mend: the input without reasoning, when its content or its id is refused.

    The other items lose their ids, because an item that is stored demands the reasoning before it.
    """
    if status not in (400, 404) or not (b"encrypted_content" in body or b"rs_" in body):
        return {}
    return _without_reasoning(inbound, None)


def forget(inbound: Inbound, first: int) -> dict[str, bytes]:
    """See Dialect.forget."""
    return _without_reasoning(inbound, first)


def _without_reasoning(inbound: Inbound, first: int | None) -> dict[str, bytes]:
    kept: list[dict[str, msgspec.Raw] | msgspec.Raw] = []
    items = _items(inbound.fields)
    for index, raw in enumerate(items):
        item = _ITEM.decode(raw)
        if (first is not None and index >= first) or _is_own(item):
            if not _is_own(item):
                kept.append(raw)
        elif item.type != "reasoning":
            fields = _FIELDS.decode(raw)
            if "type" not in fields or bytes(fields["type"]) != b'"item_reference"':
                fields.pop("id", None)
            kept.append(fields)
    return {"input": msgspec.json.encode(kept)} if len(kept) < len(items) else {}


def _items(fields: Mapping[str, msgspec.Raw]) -> list[msgspec.Raw]:
    raw = fields.get("input", msgspec.Raw(b"[]"))
    return _ITEMS.decode(raw) if bytes(raw).lstrip().startswith(b"[") else []


def _is_own(item: _Item) -> bool:
    return item.type == "reasoning" and str(item.id).startswith(OWN_REASONING)
