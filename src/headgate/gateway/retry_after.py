"""How long a provider asks to wait: the header Retry-After as seconds."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

__all__ = ["seconds_of"]


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
