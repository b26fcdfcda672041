"""What a streamed request cost, told in its last event's usage: one field more, no byte less."""

from __future__ import annotations

import re
from collections.abc import Mapping

import msgspec

__all__ = ["FIELD", "USAGE_AT", "with_cost"]

FIELD = b"cost_usd"
"""A number in US dollars, for all attempts of the request. The SDKs keep unknown fields."""

USAGE_AT: Mapping[str, tuple[str, ...]] = {
    "openai": ("usage",),
    "openai-responses": ("response", "usage"),
    "anthropic": ("usage",),
}
"""Where the last events of a dialect hold the usage."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_NAME = re.compile(rb'"usage"\s*:\s*')


def with_cost(block: bytes, path: tuple[str, ...], cost: str) -> bytes:
    """A block of a stream with the cost in its usage, every other byte as it was.

    Args:
        block: one event, as it is sent.
        path: the fields that lead to the usage.
        cost: US dollars, as a JSON number.

    A block whose usage is not found, is no object, or stands there twice is returned as it is.
    """
    _, found, data = block.partition(b"data:")
    if not found:
        return block
    try:
        value: bytes | msgspec.Raw = data
        for name in path:
            value = _FIELDS.decode(value)[name]
    except (KeyError, msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return block
    usage = bytes(value)
    if not usage.startswith(b"{"):
        return block
    places = [at.end() for at in _NAME.finditer(block) if block.startswith(usage, at.end())]
    if len(places) != 1:
        return block
    inside = places[0] + 1
    comma = b"" if usage[1:].lstrip().startswith(b"}") else b","
    told = b'"%b":%b%b' % (FIELD, cost.encode(), comma)
    return block[:inside] + told + block[inside:]
