"""One client request as a state machine: events go in, commands come out, nothing else happens.

The rules of the file:
- One attempt answers a request; those before it failed before anything reached the caller.
- Only the tier a request starts on is retried, up to its `attempts`; each further tier is tried
  once. So a request costs at most `attempts + tiers - 1` answer calls, and one classifier call
  (a refused call that the driver repeats without foreign reasoning is not billed, nor counted).
- A slow failure (a time-out) is not retried on the same tier: the next tier has the better chance.
- A tier whose circuit breaker is open is passed over; a retry beyond the retry budget is not made.
- A Retry-After is honoured when it is bearable; otherwise the next tier answers, or the caller is
  told.
- Once the first byte has gone out there is no way back: no retry, no other tier.
- No call begins after the request's deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, TypeAlias

import msgspec

from headgate.errors import InternalError
from headgate.routing.policy import Decision
from headgate.routing.tier import Tier
from headgate.values import ModelRef

__all__ = [
    "Answered",
    "Broke",
    "Call",
    "Cause",
    "Classify",
    "Command",
    "Ended",
    "Event",
    "Exchange",
    "Failed",
    "Finish",
    "Forward",
    "Gate",
    "Left",
    "Limits",
    "Opened",
    "Refuse",
    "Serve",
    "Start",
    "Verdict",
    "Wait",
    "Woke",
]

Cause: TypeAlias = Literal["first", "retry", "fallback"]

RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Statuses that say "not now"; every other 4xx says "not like this" and goes to the caller.

409 is the lock conflict that OpenAI's and Anthropic's own SDKs retry; 52x are Cloudflare's, 529 is
Anthropic's "overloaded".
"""

FINAL_KINDS = frozenset({"timeout", "unsupported"})
"""Failures that the same tier would only repeat, late or for certain: the next one is tried."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often, in seconds."""

    request_timeout: float = 300.0
    backoff_base: float = 0.25
    backoff_max: float = 8.0
    max_retry_after: float = 30.0


class Gate(Protocol):
    """What the other requests have learnt of the upstreams; see `breaker.Brakes`."""

    def may_call(self, model: ModelRef, at: float) -> bool:
        """Whether a model may be called now."""

    def may_retry(self, model: ModelRef, at: float) -> bool:
        """Whether a failed call of it may be repeated."""


# ---- events: what has happened


class Start(msgspec.Struct, frozen=True):
    """The request has been read and admitted."""


class Verdict(msgspec.Struct, frozen=True):
    """The classifier's answer: the index of a tier, or None when it failed or made no sense."""

    tier: int | None


class Opened(msgspec.Struct, frozen=True):
    """A stream has begun well and its first bytes are in hand, not yet sent."""


class Answered(msgspec.Struct, frozen=True):
    """A whole, usable answer is in hand."""


class Failed(msgspec.Struct, frozen=True):
    """The attempt failed before anything reached the caller.

    `kind` is "status" (with the upstream's `status`), "connect", "timeout", "reset", "unusable",
    "stream-error", "unsupported" (the tier's dialect cannot carry the request), or "breaker" (no
    tier that may answer is being called at present).
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


Event: TypeAlias = Start | Verdict | Opened | Answered | Failed | Woke | Ended | Broke | Left


# ---- commands: what to do now


class Classify(msgspec.Struct, frozen=True):
    """Ask the classifier model, within `timeout` seconds; answer with Verdict."""

    timeout: float


class Call(msgspec.Struct, frozen=True):
    """Send the request to a tier; answer with Opened, Answered or Failed."""

    tier: Tier
    cause: Cause
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


Command: TypeAlias = Classify | Call | Wait | Serve | Forward | Refuse | Finish


class Exchange:
    """The state of one request. `step` takes an event and the time, and says what to do next.

    Args:
        tiers: all tiers, cheapest first.
        decision: where to start; None asks the classifier first.
        safe: the tier that answers when the classifier does not.
        limits: time-outs and back-off.
        gate: which models may be called and retried at present.
        jitter: a number in [0, 1) at each call, for the spread of the waits.
        classifier_timeout: seconds that the classifier may take.
        policy: name of the policy, for the decisions that fall here.
        barred: names of tiers that are not open to the caller; not all of them.
    """

    def __init__(
        self,
        tiers: Sequence[Tier],
        decision: Decision | None,
        *,
        safe: Tier,
        limits: Limits,
        gate: Gate,
        jitter: Callable[[], float],
        classifier_timeout: float = 3.0,
        policy: str = "",
        barred: frozenset[str] = frozenset(),
    ) -> None:
        self._tiers = tiers
        self._safe = safe
        self._limits = limits
        self._gate = gate
        self._jitter = jitter
        self._classifier_timeout = classifier_timeout
        self._policy = policy
        self._barred = barred
        self._state = "new"
        self._deadline = 0.0
        self._ahead: list[Tier] = []
        self._tries = 0
        self._cause: Cause = "first"
        self.decision = decision
        self.tier = decision.tier if decision else safe
        """The tier called now, or last."""

    def step(self, event: Event, at: float) -> Command:  # noqa: PLR0911 - the table of all moves
        """The next command. `at` is a monotonic time in seconds.

        Raises:
            InternalError: the event cannot happen in this state (a defect in the driver).
        """
        match self._state, event:
            case _, Left():
                self._state = "done"
                return Finish()
            case "new", Start():
                return self._start(at)
            case "classifying", Verdict() as verdict:
                return self._classified(verdict, at)
            case "calling", Failed() as failure:
                return self._failed(failure, at)
            case "calling", Answered():
                return self._hand_over(Serve())
            case "calling", Opened():
                return self._hand_over(Forward())
            case "waiting", Woke():
                return self._retry(at)
            case "handing over", Ended() | Broke():
                self._state = "done"
                return Finish()
        raise InternalError(f"{type(event).__name__} cannot happen while {self._state}.")

    # ---- moves, in the order of a request's life

    def _start(self, at: float) -> Command:
        self._deadline = at + self._limits.request_timeout
        if self.decision is not None:
            return self._begin(self.decision, at)
        self._state = "classifying"
        return Classify(min(self._classifier_timeout, self._limits.request_timeout))

    def _classified(self, verdict: Verdict, at: float) -> Command:
        if verdict.tier is None:
            return self._begin(Decision(self._safe, "classifier-failed", policy=self._policy), at)
        top = max(1, len(self._tiers) - 1)
        tier, score = self._tiers[verdict.tier], verdict.tier / top
        return self._begin(Decision(tier, "classifier", score, policy=self._policy), at)

    def _begin(self, decision: Decision, at: float) -> Command:
        if decision.routed and decision.tier.name in self._barred:
            decision = self._opened(decision)
        self.decision = decision
        self._ahead = [decision.tier, *self._others(decision)]
        return self._advance(None, at)

    def _advance(self, failure: Failed | None, at: float) -> Command:
        """Call the next tier that may be called; `failure` is what is told where there is none."""
        while self._ahead:
            tier = self._ahead.pop(0)
            if at >= self._deadline:
                break
            if self._gate.may_call(tier.model, at):
                chosen = self.decision is not None and tier is self.decision.tier
                return self._call(tier, "first" if chosen else "fallback", at)
            failure = failure or Failed("breaker")
        return self._hand_over(Refuse(failure))

    def _others(self, decision: Decision) -> list[Tier]:
        """The tiers that may still answer: dearer ones first, so that quality falls last."""
        if not decision.routed or not decision.tier.fallback:
            return []
        here = self._tiers.index(decision.tier)
        others = [*self._tiers[here + 1 :], *reversed(self._tiers[:here])]
        return [tier for tier in others if tier.name not in self._barred]

    def _opened(self, decision: Decision) -> Decision:
        """The same decision within what is open to the caller: the next cheaper tier, else dearer.

        A key is barred from a tier for what that costs; so the cheaper side is tried first.
        """
        here = self._tiers.index(decision.tier)
        near = [*reversed(self._tiers[:here]), *self._tiers[here + 1 :]]
        tier = next(tier for tier in near if tier.name not in self._barred)
        return msgspec.structs.replace(decision, tier=tier, reason=f"{decision.reason}, key")

    def _call(self, tier: Tier, cause: Cause, at: float) -> Command:
        self._tries = self._tries + 1 if cause == "retry" else 1
        self.tier, self._cause = tier, cause
        self._state = "calling"
        return Call(tier, cause, min(tier.timeout, self._deadline - at))

    def _failed(self, failure: Failed, at: float) -> Command:
        if failure.kind == "status" and failure.status not in RETRIED_STATUSES:
            return self._hand_over(Refuse(failure))
        wait = self._patience(failure)
        if (
            wait is not None
            and at + wait < self._deadline
            and self._gate.may_retry(self.tier.model, at)
        ):
            self._state = "waiting"
            return Wait(wait)
        return self._advance(failure, at)

    def _retry(self, at: float) -> Command:
        if at >= self._deadline:  # the wait took longer than it should have
            return self._hand_over(Refuse(None))
        return self._call(self.tier, "retry", at)

    def _patience(self, failure: Failed) -> float | None:
        """Seconds until the same tier is tried again, or None: not again."""
        if self._cause == "fallback" or self._tries >= self.tier.attempts:
            return None
        if failure.kind in FINAL_KINDS:
            return None
        step = min(self._limits.backoff_max, self._limits.backoff_base * 2.0 ** (self._tries - 1))
        spread = step * (0.5 + 0.5 * self._jitter())
        if failure.retry_after is None:
            return spread
        if failure.retry_after > self._limits.max_retry_after:
            return None
        # never before the provider asked; a little after it, so that callers do not return at once
        return failure.retry_after + 0.1 * spread

    def _hand_over(self, command: Command) -> Command:
        self._state = "handing over"
        return command
