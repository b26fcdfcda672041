"""What a caller is told whose key lets a request in not at all, not for this, or not now."""

from __future__ import annotations

import math
from collections.abc import Sequence

from headgate.access.limits import Budget
from headgate.errors import RequestError
from headgate.gateway.till import Shortage
from headgate.values import ModelRef, usd

__all__ = [
    "invalid",
    "no_choice",
    "no_longer_good",
    "not_open",
    "nothing_open",
    "told_later",
    "too_dear",
    "too_fast",
    "unpriced",
    "unread",
    "untold",
]


# ---- not at all


def invalid() -> RequestError:
    """There is no key, or none that is known: the same words for all of them."""
    return RequestError(
        "The API key is missing or not valid.",
        status=401,
        code="invalid_api_key",
        fix="Send `Authorization: Bearer KEY` or `x-api-key: KEY` with this gateway's key.",
    )


def no_longer_good(key: str, state: str) -> RequestError:
    """The key of that id has expired, or was revoked."""
    return RequestError(
        f"The API key `{key}` is {state}.",
        status=401,
        code="key_expired" if state == "expired" else "key_revoked",
        fix="Ask whoever runs this gateway for a new one.",
    )


def unread() -> RequestError:
    """It is not known which keys there are."""
    return RequestError(
        "The virtual keys cannot be read: the ledger that they are in does not answer.",
        status=503,
        code="keys_unavailable",
        fix="Try again in some seconds; whoever runs this gateway finds the reason in its log.",
        retry_after=5.0,
    )


# ---- not for this


def not_open(code: str, name: str, allowed: Sequence[str]) -> RequestError:
    """What is asked for is closed to the key; `allowed` is what is not."""
    return RequestError(
        f"`{name[:100]}` is not open to this API key.",
        status=403,
        code=code,
        param="model",
        fix="It may use " + ", ".join(f"`{one}`" for one in allowed) + ".",
    )


def nothing_open() -> RequestError:
    """Each tier is closed to the key, or its model is."""
    return RequestError(
        "No tier of this gateway is open to this API key.",
        status=403,
        code="tier_not_allowed",
        param="model",
        fix="Ask whoever runs this gateway to open a tier and its model to it.",
    )


def no_choice() -> RequestError:
    """The key asks for a tier or a model, and may not."""
    return RequestError(
        "This API key may not choose a tier or a model itself.",
        status=403,
        code="pin_not_allowed",
        param="model",
        fix="Ask for `auto`.",
    )


def unpriced(model: ModelRef) -> RequestError:
    """What the request would cost is not known, and the key has a budget."""
    return RequestError(
        f"The price of {model} is not known, and this API key has a budget.",
        status=403,
        code="unpriced_model",
        param="model",
        fix="State its price in [prices], or set [keys] on_unpriced to allow it.",
    )


def untold(model: ModelRef) -> RequestError:
    """What the request has cost will not be known, and the key has a budget."""
    return RequestError(
        f"What this request costs on {model} cannot be told from its answer, and this API key has "
        "a budget.",
        status=403,
        code="unpriced_model",
        param="model",
        fix="Name a model whose answers count their tokens and whose prices are all known; or "
        "state its price in [prices], or set [keys] on_unpriced to allow it.",
    )


def told_later() -> RequestError:
    """The answer is made in the background, and the key has a budget."""
    return RequestError(
        "What a response in the background costs is not known when it is given, and this API key "
        "has a budget.",
        status=403,
        code="unpriced_model",
        param="background",
        fix="Leave `background` out; or set [keys] on_unpriced to allow it.",
    )


# ---- not now


def too_fast(scope: str, unit: str, per_minute: int, wait: float) -> RequestError:
    """A key or a team goes too fast; `wait` in seconds, infinite where waiting does not help."""
    kind, _, name = scope.partition(":")
    return RequestError(
        f"The {kind} `{name}` may use {per_minute:,} {unit} a minute.",
        status=429,
        code="rate_limit_exceeded",
        fix="Send fewer at a time, or ask for a higher limit.",
        retry_after=wait if math.isfinite(wait) else None,
    )


def too_dear(short: Shortage, amount: int, budgets: Sequence[tuple[str, Budget]]) -> RequestError:
    """A request that may cost `amount` nano-USD, and what one of the budgets lacks for it."""
    scope, period, _ = short.account
    limit = next(b.nano for name, b in budgets if name == scope and b.period == period)
    kind, _, name = scope.partition(":")
    whose = f"The {kind} `{name}` may spend ${usd(limit)} a {period}"
    need = f"this request may cost up to ${usd(amount)}"
    if short.kind == "unavailable":
        return RequestError(
            "The budgets cannot be looked at just now.",
            status=503,
            code="budget_unavailable",
            fix="Try again in a moment.",
            retry_after=short.retry_after,
        )
    if short.kind == "reserved":
        return RequestError(
            f"{whose}; requests under way may need what is left of it, and {need}.",
            status=429,
            code="budget_reserved",
            fix="Try again in a moment, or set a lower limit to the answer's tokens.",
            retry_after=short.retry_after,
        )
    return RequestError(
        f"{whose}; ${usd(short.left)} is left, and {need}.",
        status=429,
        code="budget_exhausted",
        fix=f"Wait for the next {period} (UTC), ask for a higher budget, or set a lower limit to "
        "the answer's tokens.",
        retry_after=short.retry_after,
    )
