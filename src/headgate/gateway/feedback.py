"""`POST /v1/feedback`: a rating of an answer, checked, joined to its request, and kept."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Sequence
from typing import Annotated

import msgspec

from headgate.errors import RequestError
from headgate.ledger.entry import Entry
from headgate.ledger.event import Event
from headgate.monitor.feedback import Signal, signal_event
from headgate.values import Clock

__all__ = ["Feedback", "read_feedback"]

GRACE_SECONDS = 10.0
"""A row may take so long from the journal to the store."""
WAITS = (0.0, 0.2, 0.5, 1.0)
"""Pauses before each look for the row of a request that was made just now, in seconds."""

_ID = re.compile(r"req_(?P<ms>[0-9a-f]{12})[0-9a-f]{20}")
_SOURCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,39}")
_THUMBS = {"up": 1.0, "down": 0.0}


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    request_id: str
    rating: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    thumb: str | None = None
    source: str = "user"


_DECODER = msgspec.json.Decoder(_Body)


def read_feedback(body: bytes) -> tuple[str, float, str]:
    """Request id, rating (0..1) and source of a body.

    Raises:
        RequestError: it is none, and what one looks like.
    """
    try:
        found = _DECODER.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        text = "a comment is not kept; " if b'"comment"' in body else ""
        raise _wrong(f"The feedback cannot be read: {text}{error}.") from None
    if _ID.fullmatch(found.request_id) is None:
        raise _wrong("`request_id` is no id of a request.", param="request_id")
    if _SOURCE.fullmatch(found.source) is None:
        raise _wrong("`source` is not a short word.", param="source")
    if (found.rating is None) == (found.thumb is None):
        raise _wrong("Give either `rating` or `thumb`.", param="rating")
    if found.rating is not None:
        return found.request_id, found.rating, found.source
    rating = _THUMBS.get(found.thumb or "")
    if rating is None:
        raise _wrong("`thumb` is neither up nor down.", param="thumb")
    return found.request_id, rating, found.source


def _wrong(message: str, param: str | None = None) -> RequestError:
    return RequestError(
        message,
        code="invalid_feedback",
        param=param,
        fix='Send {"request_id": "req_…", "rating": 0.8} with a rating from 0 to 1, or "thumb": '
        '"up" or "down"; the id is in the answer\'s header x-headgate-request-id.',
    )


class Feedback:
    """Joins ratings to the requests in a ledger.

    Args:
        attempts: the rows of one request, none for an unknown one; may block, called in a thread.
        note: keeps an event; says whether it is new; may block, called in a thread.
        clock: the time.
    """

    def __init__(
        self,
        attempts: Callable[[str], Sequence[Entry]],
        note: Callable[[Event], bool],
        clock: Clock,
    ) -> None:
        self._attempts = attempts
        self._note = note
        self._clock = clock

    async def take(self, body: bytes, key: str | None) -> bytes:
        """Keep what a caller says; returns the answer's body. `key` is the caller's own.

        Raises:
            RequestError: it is malformed (400), or of no request that this key has made (404).
            StoreError: the ledger does not answer.
        """
        request_id, rating, source = read_feedback(body)
        served = await self._served(request_id)
        if served is None or (served.key is not None and served.key != key):
            raise RequestError(
                "There is no answer to a request of that id.",
                status=404,
                code="unknown_request",
                param="request_id",
                fix="Send the x-headgate-request-id of an answer that this gateway has given.",
            )
        signal = Signal(
            request_id=request_id,
            at_us=int(self._clock.time() * 1e6),
            rating=rating,
            source=source,
            tier=served.tier,
            premium=served.premium,
            model=f"{served.provider}/{served.model_asked}",
            route=served.route,
            policy=served.policy,
            key=served.key,
        )
        new = await asyncio.to_thread(self._note, signal_event(signal))
        return msgspec.json.encode({"object": "feedback", "request_id": request_id, "new": new})

    async def _served(self, request_id: str) -> Entry | None:
        """The attempt that was served, waited for if the request is so young that it may come."""
        match = _ID.fullmatch(request_id)
        assert match is not None  # noqa: S101 - it has been read
        age = self._clock.time() - int(match["ms"], 16) / 1000
        for wait in WAITS if age < GRACE_SECONDS else WAITS[:1]:
            await asyncio.sleep(wait)
            for entry in await asyncio.to_thread(self._attempts, request_id):
                if entry.served:
                    return entry
        return None
