"""What callers may ask for, as `/v1/models` tells it: all of it, or one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from headgate.routing.policies import not_served

__all__ = ["all_models", "one_model"]


def all_models(names: Sequence[str], *, anthropic: bool) -> bytes:
    """The list, in the form of Anthropic's API or of OpenAI's."""
    listing = [_model(name, anthropic=anthropic) for name in names]
    if not anthropic:
        return msgspec.json.encode({"object": "list", "data": listing})
    first, last = (names[0], names[-1]) if names else (None, None)
    return msgspec.json.encode(
        {"data": listing, "has_more": False, "first_id": first, "last_id": last}
    )


def one_model(name: str, names: Sequence[str], *, anthropic: bool) -> bytes:
    """One of the list, as SDKs retrieve it.

    Raises:
        UnknownModelError: it is not in the list.
    """
    if name not in names:
        raise not_served(name, names)
    return msgspec.json.encode(_model(name, anthropic=anthropic))


def _model(name: str, *, anthropic: bool) -> dict[str, Any]:
    """When an alias was made nobody knows; the field has to be there."""
    if anthropic:
        return {
            "type": "model",
            "id": name,
            "display_name": name,
            "created_at": "1970-01-01T00:00:00Z",
            "lifecycle": "active",
        }
    return {"id": name, "object": "model", "created": 0, "owned_by": "headgate"}
