"""When a refused call may be made again: as a provider says it to us, and we to callers."""

from __future__ import annotations

import math
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import TypeAlias

__all__ = ["Header", "patience_of", "seconds_of", "told_of", "whole"]

Header: TypeAlias = Callable[[str], str | None]
"""Gives the value of an answer's header, None where it is missing."""

AFTER, AFTER_MS, SHOULD = "retry-after", "retry-after-ms", "x-should-retry"
"""What OpenAI's and Anthropic's APIs tell their SDKs. The last one decides, whatever the status."""


def patience_of(header: Header, now: float) -> float | None:
    """Seconds to wait before the same call is made again; None where the provider does not say.

    Infinite where it says that the call would fail again. `now` is in seconds since 1970.
    """
    if header(SHOULD) == "false":
        return math.inf
    exact = seconds_of(header(AFTER_MS), now)
    return exact / 1000 if exact is not None else seconds_of(header(AFTER), now)


def told_of(header: Header) -> list[tuple[str, str]]:
    """The headers of a refusal that the caller gets too, so that its SDK does as it would there."""
    found = [(name, header(name)) for name in (AFTER, AFTER_MS, SHOULD)]
    return [(name, value) for name, value in found if value is not None and value.isprintable()]


def whole(seconds: float) -> str:
    """A wait of our own, as the header has it: seconds without a fraction, at least 1."""
    return str(max(1, math.ceil(seconds)))


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Retry-After in seconds: a number, or an HTTP date; None where it is missing or nonsense.

    `now` is in seconds since 1970.
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(retry_after).timestamp() - now
        except (ValueError, OverflowError):
            return None
    return max(0.0, seconds) if seconds < float("inf") else None
