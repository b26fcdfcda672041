"""One client request as a state machine: events go in, commands come out, nothing else happens.

The rules of the file:
- One attempt answers a request; those before it failed before anything reached the caller.
- Only the tier a request starts on is retried, up to its `attempts`; each further tier is tried
  once. So a request costs at most `attempts + tiers - 1` answer calls, and one classifier call
  (a refused call that the driver repeats without foreign reasoning is not billed, nor counted).
- A draft is held whole and judged once. Rejected, it never reaches the caller: the premium tier
  answers, retried up to its own `attempts`, and failing that the tiers between the two, once each.
  So a cascade costs at most both tiers' attempts and one call for each tier between, or the bound
  above where that is more; and the calls of one judgement.
- A tier that cannot serve the request is never called for it.
- A slow failure (a time-out) is not retried on the same tier: the next tier has the better chance.
- A tier whose circuit breaker is open is passed over, also by a retry that was waiting when it
  opened; a retry beyond the retry budget is not made.
- A Retry-After is honoured when it is bearable; otherwise the next tier answers, or the caller is
  told.
- Once the first byte has gone out there is no way back: no retry, no other tier.
- No call begins after the request's deadline.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, Protocol

import msgspec
from msgspec.structs import replace

from headgate.errors import InternalError
from headgate.routing.guard import NOTHING, fitting, others
from headgate.routing.policy import Decision
from headgate.routing.signals import (
    FINISH,
    FORWARD,
    SERVE,
    Answered,
    Broke,
    Call,
    Cause,
    Classify,
    Command,
    Ended,
    Event,
    Failed,
    Judge,
    Judged,
    Left,
    Opened,
    Refuse,
    Start,
    Verdict,
    Wait,
    Woke,
)
from headgate.routing.tier import Tier
from headgate.values import ModelRef

__all__ = ["Exchange", "Gate", "Limits", "Terms"]

RETRIED_STATUSES = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 520, 522, 524, 529})
"""Statuses that say "not now"; every other 4xx says "not like this" and goes to the caller.

409 is the lock conflict that OpenAI's and Anthropic's own SDKs retry; 52x are Cloudflare's, 529 is
Anthropic's "overloaded".
"""

FINAL_KINDS = frozenset({"account", "overflow", "timeout", "unsupported"})
"""Failures that the same tier would only repeat, late or for certain: the next one is tried."""


_NOBODY: Iterator[Tier] = iter(())


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How long and how often, in seconds."""

    request_timeout: float = 600.0
    backoff_base: float = 0.25
    backoff_max: float = 8.0
    max_retry_after: float = 30.0


class Gate(Protocol):
    """What the other requests have learnt of the upstreams; see `breaker.Brakes`."""

    def may_call(self, model: ModelRef, at: float) -> bool:
        """Whether a model may be called now."""

    def may_retry(self, model: ModelRef, at: float) -> bool:
        """Whether a failed call of it may be repeated."""

    def rests(self, model: ModelRef) -> bool:
        """Whether it is not called at present."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What all exchanges under one policy have in common; made once for each."""

    tiers: Sequence[Tier]
    """All tiers, cheapest first."""
    safe: Tier
    """The tier that answers when the classifier does not."""
    limits: Limits
    """Time-outs and back-off."""
    gate: Gate
    """Which models may be called and retried at present."""
    jitter: Callable[[], float]
    """A number in [0, 1) at each call, for the spread of the waits."""
    classifier_timeout: float = 3.0
    """Seconds that the classifier may take."""
    judge_timeout: float = 30.0
    """Seconds that the judgement of a draft may take."""
    policy: str = ""
    """Name of the policy, for the decisions that fall here."""


class Exchange:
    """The state of one request. `step` takes an event and the time, and says what to do next.

    Args:
        terms: what it has in common with others.
        decision: where to start; None asks the classifier first.
        barred: the tiers that cannot serve the request, and what they lack; see `guard`.
    """

    rejected = False
    """The draft has been rejected."""
    _state = "new"
    _deadline = 0.0
    _ahead = _NOBODY
    _instead: Decision | None = None
    """The decision whose other tiers come after those ahead."""
    _tries = 0
    _cause: Cause = "first"
    _held = False
    _failure: Failed | None = None
    """Why a retry is waited for."""

    def __init__(
        self, terms: Terms, decision: Decision | None, barred: Mapping[str, str] = NOTHING
    ) -> None:
        self._terms = terms
        self._gate = terms.gate
        self.policy = terms.policy
        self.barred = barred
        """The tiers that cannot serve the request: name -> why, as far as it is known."""
        self.decision = decision
        self.tier = decision.tier if decision else terms.safe
        """The tier called now, or last."""

    def step(self, event: Event, at: float) -> Command:
        """The next command. `at` is a monotonic time in seconds.

        Raises:
            InternalError: the event cannot happen in this state (a defect in the driver).
        """
        move = _MOVES[self._state].get(type(event))
        if move is not None:
            return move(self, event, at)
        if isinstance(event, Left):
            return self._over(event, at)
        raise InternalError(f"{type(event).__name__} cannot happen while {self._state}.")

    # ---- moves, in the order of a request's life

    def _start(self, _: Start, at: float) -> Command:
        self._deadline = at + self._terms.limits.request_timeout
        if self.decision is not None:
            return self._begin(self.decision, at)
        fit = len(self._terms.tiers) - len(self.barred)
        if fit < 2:  # whatever the classifier said, the same tier would answer
            why = next(iter(self.barred.values()), "single")
            return self._begin(Decision(self._terms.safe, f"guard:{why}", policy=self.policy), at)
        self._state = "classifying"
        return Classify(min(self._terms.classifier_timeout, self._terms.limits.request_timeout))

    def _classified(self, verdict: Verdict, at: float) -> Command:
        if verdict.decision is not None:
            return self._begin(verdict.decision, at)
        if verdict.tier is None:
            return self._begin(
                Decision(self._terms.safe, "classifier-failed", policy=self.policy), at
            )
        top = max(1, len(self._terms.tiers) - 1)
        tier, score = self._terms.tiers[verdict.tier], verdict.tier / top
        return self._begin(Decision(tier, "classifier", score, policy=self.policy), at)

    def _begin(self, decision: Decision, at: float) -> Command:
        """Start on the tier decided for, or on the next that can serve the request."""
        fit = fitting(decision, self._terms.tiers, self.barred) if self.barred else decision
        if fit is None:
            self.decision = decision
            return self._hand_over(Refuse(Failed("unfit")))
        if fit.draft and not self._above(fit.tier):  # nobody could answer in a draft's place
            fit = replace(fit, draft=False)
        self.decision = self._instead = fit
        self._ahead = _NOBODY
        if at >= self._deadline:
            return self._advance(None, at)
        if self._gate.may_call(fit.tier.model, at):
            return self._call(fit.tier, "first", at)
        return self._advance(Failed("breaker"), at)

    def _advance(self, failure: Failed | None, at: float, cause: Cause = "fallback") -> Command:
        """Call the next tier that may be called; `failure` is what is told where there is none."""
        while (tier := self._next()) is not None:
            if at >= self._deadline:
                break
            if self._gate.may_call(tier.model, at):
                return self._call(tier, cause, at)
            failure, cause = failure or Failed("breaker"), "fallback"
        return self._hand_over(Refuse(failure))

    def _next(self) -> Tier | None:
        """The tier to be called next; those that answer instead are looked up on a failure only."""
        tier = next(self._ahead, None)
        if tier is None and self._instead is not None:
            self._ahead, self._instead = iter(self._others(self._instead)), None
            tier = next(self._ahead, None)
        return tier

    def _others(self, decision: Decision) -> list[Tier]:
        """The tiers that may still answer once this one has failed."""
        if not decision.routed or not decision.tier.fallback:
            return []
        found = others(decision.tier, self._terms.tiers)
        return [tier for tier in found if tier.name not in self.barred] if self.barred else found

    def _above(self, tier: Tier) -> list[Tier]:
        """The dearer tiers that can serve the request, the premium one first."""
        dearer = self._terms.tiers[self._terms.tiers.index(tier) + 1 :]
        return [above for above in reversed(dearer) if above.name not in self.barred]

    def _opened(self, _: Opened, __: float) -> Command:
        return self._hand_over(FORWARD)

    def _answered(self, _: Answered, at: float) -> Command:
        if not self._held:
            return self._hand_over(SERVE)
        self._state = "judging"
        return Judge(max(0.0, min(self._terms.judge_timeout, self._deadline - at)))

    def _judged(self, judged: Judged, at: float) -> Command:
        if judged.good:
            return self._hand_over(SERVE)
        self.rejected = True
        above = self._above(self.tier)
        self._ahead, self._instead = iter(above), None
        self.tier = above[0]  # who is told of, where nobody may be called
        return self._advance(None, at, "escalation")

    def _call(self, tier: Tier, cause: Cause, at: float) -> Command:
        self._tries = self._tries + 1 if cause == "retry" else 1
        self.tier, self._cause = tier, cause
        self._state = "calling"
        decision = self.decision
        self._held = decision is not None and decision.draft and tier is decision.tier
        seconds = self._deadline - at
        if tier.timeout < seconds:
            seconds = tier.timeout
        return Call(tier, cause, seconds, self._held)

    def _failed(self, failure: Failed, at: float) -> Command:
        if failure.kind == "status" and failure.status not in RETRIED_STATUSES:
            return self._hand_over(Refuse(failure))
        decision = self.decision
        if failure.kind == "unsupported" and decision and decision.routed:
            self.barred = {**self.barred, self.tier.name: "dialect"}
            if self._cause == "first" and fitting(decision, self._terms.tiers, self.barred):
                return self._begin(decision, at)  # nothing was sent: this is no fallback
        wait = self._patience(failure)
        if (
            wait is not None
            and at + wait < self._deadline
            and self._gate.may_retry(self.tier.model, at)
        ):
            self._state, self._failure = "waiting", failure
            return Wait(wait)
        return self._advance(failure, at)

    def _retry(self, _: Woke, at: float) -> Command:
        if at >= self._deadline:  # the wait took longer than it should have
            return self._hand_over(Refuse(None))
        if self._gate.rests(self.tier.model):  # others have found out meanwhile
            return self._advance(self._failure, at)
        return self._call(self.tier, "retry", at)

    def _patience(self, failure: Failed) -> float | None:
        """Seconds until the same tier is tried again, or None: not again."""
        if self._cause == "fallback" or self._tries >= self.tier.attempts:
            return None
        if failure.kind in FINAL_KINDS:
            return None
        step = min(
            self._terms.limits.backoff_max,
            self._terms.limits.backoff_base * 2.0 ** (self._tries - 1),
        )
        spread = step * (0.5 + 0.5 * self._terms.jitter())
        if failure.retry_after is None:
            return spread
        if failure.retry_after > self._terms.limits.max_retry_after:
            return None
        # never before the provider asked; a little after it, so that callers do not return at once
        return failure.retry_after + 0.1 * spread

    def _hand_over(self, command: Command) -> Command:
        self._state = "handing over"
        return command

    def _over(self, _: Event, __: float) -> Command:
        self._state = "done"
        return FINISH

    _moves: ClassVar[Mapping[str, Mapping[type[Event], Callable[..., Command]]]] = {
        "new": {Start: _start},
        "classifying": {Verdict: _classified},
        "calling": {Opened: _opened, Answered: _answered, Failed: _failed},
        "judging": {Judged: _judged},
        "waiting": {Woke: _retry},
        "handing over": {Ended: _over, Broke: _over},
        "done": {},
    }
    """State -> event -> move: all that can happen, besides that the caller leaves at any time."""


_MOVES = Exchange._moves  # noqa: SLF001 - a global is found at a tenth of an attribute's cost
