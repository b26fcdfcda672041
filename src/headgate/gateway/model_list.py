"""What callers may ask for, as `/v1/models` tells it: all of it, or one by its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qs

import msgspec

from headgate.errors import RequestError
from headgate.routing.policies import not_served

__all__ = ["all_models", "one_model", "page_of_models"]


LONGEST_PAGE = 1000
"""Models that Anthropic's API gives at once; all of them, where nobody asks for fewer."""


def all_models(names: Sequence[str]) -> bytes:
    """The list, in the form of OpenAI's API, which has no pages."""
    listing = [_model(name, anthropic=False) for name in names]
    return msgspec.json.encode({"object": "list", "data": listing})


def page_of_models(names: Sequence[str], query: str = "") -> bytes:
    """A page of the list, in the form of Anthropic's API.

    Args:
        query: what the caller asked for: `limit`, 1 to 1,000, and the name after which
            (`after_id`) or before which (`before_id`) the page lies.

    Raises:
        RequestError: it asks for another number, or from a name that is not in the list.
    """
    asked = {name: values[-1] for name, values in parse_qs(query).items()}
    limit = _limit(asked.get("limit"))
    before, after = asked.get("before_id"), asked.get("after_id")
    if before is not None:
        earlier = names[: _place(before, "before_id", names)]
        page, more = earlier[-limit:], len(earlier) > limit
    else:
        later = names if after is None else names[_place(after, "after_id", names) + 1 :]
        page, more = later[:limit], len(later) > limit
    listing = [_model(name, anthropic=True) for name in page]
    first, last = (page[0], page[-1]) if page else (None, None)
    return msgspec.json.encode(
        {"data": listing, "has_more": more, "first_id": first, "last_id": last}
    )


def _limit(text: str | None) -> int:
    if text is None:
        return LONGEST_PAGE
    if not (text.isascii() and text.isdigit() and len(text) < 5 and 0 < int(text) <= LONGEST_PAGE):
        raise RequestError(
            "'limit' is not a number of models.",
            code="invalid_value",
            param="limit",
            fix=f"Ask for 1 to {LONGEST_PAGE:,}, or for none: then all are listed.",
        )
    return int(text)


def _place(name: str, param: str, names: Sequence[str]) -> int:
    if name not in names:
        raise RequestError(
            f"'{param}' is no model of this list.",
            code="invalid_value",
            param=param,
            fix="Send the last_id or first_id of the page before.",
        )
    return names.index(name)


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
