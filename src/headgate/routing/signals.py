"""What an exchange is told, its events, and what it says is to be done, its commands."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from headgate.routing.policy import Decision
from headgate.routing.tier import Tier

__all__ = [
    "FINISH",
    "FORWARD",
    "SERVE",
    "Answered",
    "Broke",
    "Call",
    "Cause",
    "Classify",
    "Command",
    "Ended",
    "Event",
    "Failed",
    "Finish",
    "Forward",
    "Judge",
    "Judged",
    "Left",
    "Opened",
    "Refuse",
    "Serve",
    "Start",
    "Verdict",
    "Wait",
    "Woke",
]

Cause: TypeAlias = Literal["first", "retry", "fallback", "escalation"]


# ---- events: what has happened


class Start(msgspec.Struct, frozen=True):
    """The request has been read and admitted."""


class Verdict(msgspec.Struct, frozen=True):
    """The classifier's answer: the index of a tier, or None when it failed or made no sense.

    Where a learned router had to ask for an embedding, `decision` is what it makes of it.
    """

    tier: int | None
    decision: Decision | None = None


class Judged(msgspec.Struct, frozen=True):
    """The draft has been judged."""

    good: bool


class Opened(msgspec.Struct, frozen=True):
    """A stream has begun well and its first bytes are in hand, not yet sent."""


class Answered(msgspec.Struct, frozen=True):
    """A whole, usable answer is in hand."""


class Failed(msgspec.Struct, frozen=True):
    """The attempt failed before anything reached the caller.

    `kind` is "status" (with the upstream's `status`), "connect", "timeout", "reset", "unusable",
    "stream-error", "overloaded" (this side had no file for a connection), "account" (the provider
    does not serve this gateway's key, or not this model), "overflow" (a routed request is longer
    than this model reads), "unsupported" (the tier's dialect cannot carry the request), "breaker"
    (no tier that may answer is being called at present), or "unfit" (no tier can serve the
    request).
    """

    kind: str
    status: int | None = None
    retry_after: float | None = None


class Woke(msgspec.Struct, frozen=True):
    """The wait is over."""


class Ended(msgspec.Struct, frozen=True):
    """The answer has been handed to the caller completely."""


class Broke(msgspec.Struct, frozen=True):
    """The upstream broke off after bytes had reached the caller."""


class Left(msgspec.Struct, frozen=True):
    """The caller has gone."""


Event: TypeAlias = (
    Start | Verdict | Judged | Opened | Answered | Failed | Woke | Ended | Broke | Left
)


# ---- commands: what to do now


class Classify(msgspec.Struct, frozen=True):
    """Ask the classifier model, within `timeout` seconds; answer with Verdict."""

    timeout: float


class Call(msgspec.Struct, frozen=True, gc=False):
    """Send the request to a tier; answer with Opened, Answered or Failed.

    A `held` answer is a draft: it is read whole, streamed or not, and answered with Answered.
    """

    tier: Tier
    cause: Cause
    timeout: float
    held: bool = False


class Judge(msgspec.Struct, frozen=True):
    """Judge the draft in hand, within `timeout` seconds; answer with Judged."""

    timeout: float


class Wait(msgspec.Struct, frozen=True):
    """Do nothing for so many seconds; answer with Woke."""

    seconds: float


class Serve(msgspec.Struct, frozen=True):
    """Give the caller the whole answer in hand; answer with Ended."""


class Forward(msgspec.Struct, frozen=True):
    """Pass the stream on as it comes; answer with Ended, Broke or Left."""


class Refuse(msgspec.Struct, frozen=True):
    """Tell the caller that it failed; `failure` is the last one, None where time ran out first."""

    failure: Failed | None


class Finish(msgspec.Struct, frozen=True):
    """Nothing is left to do."""


Command: TypeAlias = Classify | Call | Judge | Wait | Serve | Forward | Refuse | Finish

SERVE, FORWARD, FINISH = Serve(), Forward(), Finish()
"""Commands that hold nothing: one of each is enough."""
