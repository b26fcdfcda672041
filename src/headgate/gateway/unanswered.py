"""What comes of it where a tier has not answered: may another one, and what is a caller told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from headgate.errors import HeadgateError, RequestError, UpstreamError
from headgate.gateway.caller import Headers
from headgate.gateway.retry_after import whole
from headgate.values import ModelRef
from headgate.wire.lane import overflows, refuse

__all__ = ["Refusal", "kind_of", "late", "resting", "told", "unfit"]

Refusal: TypeAlias = tuple[int, bytes, Headers]
"""Status, body in the caller's dialect, and the headers that say when to try again."""
ACCOUNT_STATUSES = frozenset({401, 402, 403, 404})
"""A provider does not serve this key, or not this model."""


def kind_of(status: int, body: bytes, *, pinned: bool, kept: bool) -> str:
    """The kind of a provider's refusal: whether another tier may serve what this one does not.

    A key that is no longer good, or a model that is no longer there, is no fault of a caller that
    let us choose. What a provider keeps is another matter: nobody else has it.

    Args:
        pinned: the caller has named the model.
        kept: the request goes on from what the provider keeps.
    """
    if pinned:
        return "status"
    if overflows(status, body):
        return "overflow"
    return "account" if status in ACCOUNT_STATUSES and not kept else "status"


def told(dialect: str, error: HeadgateError) -> Refusal:
    """An error, in a dialect."""
    return error.status, refuse(dialect, error), ()


def resting(dialect: str, model: ModelRef, seconds: float) -> Refusal:
    """No tier that may answer is being called at present; the first of them is in so long."""
    error = UpstreamError(
        f"{model} keeps failing and is not called at present.",
        kind="breaker",
        status=503,
        fix="Try again later.",
    )
    return 503, refuse(dialect, error), [("retry-after", whole(seconds))]


def unfit(dialect: str, barred: Mapping[str, str]) -> Refusal:
    """No tier can serve the request; `barred` says what each of them lacks."""
    lacks = ", ".join(f"{tier} ({why})" for tier, why in barred.items())
    error = RequestError(
        f"No tier can serve this request: {lacks}.",
        fix="Send less, or name a model that can; [tiers] in the settings says what each can.",
        code="no_capable_tier",
    )
    return told(dialect, error)


def late(dialect: str, seconds: float) -> Refusal:
    """The time that the settings give a request ran out."""
    error = UpstreamError(
        f"No answer within {seconds:g} s.",
        kind="timeout",
        status=504,
        fix="Try again, or allow more time in [resilience] request_timeout.",
    )
    return told(dialect, error)
