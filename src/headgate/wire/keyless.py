"""A request's body without the keys that it may carry, to a provider or to a tool's server."""

from __future__ import annotations

from typing import Any

import msgspec

__all__ = ["keyless"]

NAMES = frozenset(
    {"access_token", "api-key", "api_key", "apikey", "authorization", "authorization_token"}
)
"""Fields that hold a key wherever they stand, in lower case."""
HEADERS = frozenset({"headers", "extra_headers"})
"""Fields whose every value may be a key: of the request itself, and of an MCP server."""

_TRACES = (b"access_", b"api_", b"api-", b"apik", b"authorization", b"headers")
"""A body without any of these, capitals or not, has none of the fields; most bodies are without."""


def keyless(body: bytes) -> bytes:
    """The body with an empty text for each key; the very same bytes where there is none.

    Empty where it may carry keys and cannot be read.
    """
    small = body.lower()
    if not any(trace in small for trace in _TRACES):
        return body
    try:
        found = msgspec.json.decode(body)
        emptied = _emptied(found, outermost=True)
        return body if emptied == found else msgspec.json.encode(emptied)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return b""


def _emptied(value: Any, *, outermost: bool = False) -> Any:
    if isinstance(value, list):
        return [_emptied(one) for one in value]
    if not isinstance(value, dict):
        return value
    sends = outermost or "server_url" in value or value.get("type") == "mcp"
    return {
        name: _blank(one)
        if (name.lower() in NAMES and isinstance(one, str)) or (sends and name.lower() in HEADERS)
        else _emptied(one)
        for name, one in value.items()
    }


def _blank(value: Any) -> Any:
    """The same shape without its texts."""
    if isinstance(value, dict):
        return {name: _blank(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_blank(one) for one in value]
    return "" if isinstance(value, str) else value
