"""The books of one request: its attempts are begun, priced and written down here, and added up."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import lru_cache
from math import trunc

import msgspec

from headgate.gateway.plant import Plant
from headgate.gateway.record import TAGS_HEADER, Attempt
from headgate.ledger.entry import Entry, Purpose
from headgate.routing.breaker import Turn
from headgate.routing.checks import Finding
from headgate.routing.exchange import Exchange
from headgate.routing.features import CATEGORY_HEADER
from headgate.routing.policies import Origin
from headgate.routing.policy import Decision
from headgate.routing.session import SESSION_HEADER
from headgate.routing.tier import Tier
from headgate.values import ModelRef, Usage, usd
from headgate.wire.lane import DIALECTS, Inbound
from headgate.wire.neutral import MODELS_AT_HAND

__all__ = ["REJECTED", "Books", "complain"]

log = logging.getLogger("headgate.gateway")

OUTAGES = frozenset({"connect", "timeout", "reset", "stream-error"})
OUR_END = frozenset({"caller-left", "internal", "overloaded"})
"""Attempts that ended on this side say nothing about the upstream."""

REJECTED = "rejected"
"""The ledger's word for a draft that a check has rejected; such an attempt has not failed."""


class Books(msgspec.Struct, eq=False, gc=False):
    """What one request has tried, and what that cost.

    Args:
        plant: where prices and the ledger are.
        inbound: the request.
        request_id: what ties its rows together.
        origin: where it came in.
        arrived: when, as a monotonic time in seconds.
        exchange: what was decided, as far as it is.
    """

    _plant: Plant
    _inbound: Inbound
    _request_id: str
    _origin: Origin
    _arrived: float
    _exchange: Exchange
    attempts: int = 0
    """How many were begun."""
    _spent: int | None = 0
    """Nano-USD over all attempts; None once one is unpriced."""
    open: Attempt | None = None
    """The attempt under way."""

    def begin(self, purpose: Purpose, tier: Tier, cause: str) -> Attempt:
        """An attempt is about to be sent."""
        clock = self._plant.clock
        attempt = self.open = Attempt(
            self.attempts, purpose, tier, cause, trunc(clock.time() * 1e6), clock.monotonic()
        )
        self.attempts += 1
        return attempt

    def close(
        self,
        attempt: Attempt,
        *,
        served: bool,
        aborted: bool = False,
        findings: Sequence[Finding] = (),
    ) -> None:
        """Write an attempt down.

        Args:
            attempt: what was sent, and what came of it.
            served: the caller gets its answer.
            aborted: it ended before its end.
            findings: what was found of it, where it was a draft.
        """
        plant, inbound, exchange, origin = self._plant, self._inbound, self._exchange, self._origin
        ask, tier, began = inbound.ask, attempt.tier, attempt.began
        model, headers, error = tier.model, ask.headers, attempt.error
        decision = exchange.decision or Decision(tier, "classifier")
        card, cost, premium = attempt.price(plant.pricer, plant.policies.premium.model)
        self._spent = None if self._spent is None or cost is None else self._spent + cost
        now = plant.clock.monotonic() if attempt.ended is None else attempt.ended
        self.open = None
        if error not in OUR_END:
            turn = plant.brakes.note(model, error is None or not _is_outage(attempt), now, began)
            if turn is not None:
                _announce(model, turn, plant.brakes.opens_in(model, now))
        if error is not None and error != REJECTED:
            complain(self._request_id, attempt)
        first_token = attempt.first_token
        # By position, in the order of the fields, and in two parts: for so many names Python 3.11
        # makes a dictionary, and for more than 30 values a list, which together cost as much as
        # all that is read here ten times over (docs/decisions/0020).
        asked = (
            self._request_id,
            attempt.number,
            attempt.at_us,
            attempt.purpose,
            inbound.dialect,
            plant.providers[model.provider].dialect,
            origin.path,
            ask.model,
            decision.routed,
            tier.name,
            tier.premium,
            model.provider,
            model.model,
            decision.reason,
            attempt.cause,
            served,
            trunc((now - began) * 1e6),
        )
        came_of_it = (
            attempt.model_answered,
            decision.score,
            attempt.status,
            error,
            inbound.stream and attempt.purpose == "answer",
            aborted,
            attempt.usage,
            attempt.usage_source,
            card,
            cost,
            premium,
            None if first_token is None else trunc((first_token - began) * 1e6),
            trunc((began - self._arrived) * 1e6),
            origin.key,
            origin.team,
            exchange.policy,
            decision.router,
            headers.get(CATEGORY_HEADER),
            _trace(exchange.decision, exchange.barred, findings),
            headers.get(SESSION_HEADER),
            headers.get(TAGS_HEADER),
            plant.config,
            attempt.answer_id,
        )
        plant.recorder.record(Entry(*(asked + came_of_it)))

    def cost(self, attempt: Attempt, usage: Usage) -> str | None:
        """US dollars for the request, were this the usage of its last attempt; None: not known."""
        cost = self._plant.pricer.price(attempt.tier.model, usage, attempt.at_us)
        return None if cost is None or self._spent is None else usd(self._spent + cost)

    def headers(self, tier: Tier, *, final: bool) -> list[tuple[str, str]]:
        """What the decision was and why; the cost only where it is final."""
        decision, request_id = self._exchange.decision, self._request_id
        headers = [
            ("x-headgate-request-id", request_id),
            (DIALECTS[self._inbound.dialect].request_id, request_id),
            ("x-headgate-tier", tier.name),
            ("x-headgate-model", _name_of(tier.model)),
            ("x-headgate-reason", self._reason(tier)),
            _ONCE if self.attempts == 1 else ("x-headgate-attempts", str(self.attempts)),
            _ESCALATED if tier.premium else _NOT_ESCALATED,
        ]
        if decision is not None and decision.score is not None:
            headers.append(("x-headgate-score", f"{decision.score:.4g}"))
        if final and self._spent is not None:
            headers.append(("x-headgate-cost-usd", usd(self._spent)))
        return headers

    def _reason(self, tier: Tier) -> str:
        decision = self._exchange.decision
        if decision is None:
            return "none"
        if tier is decision.tier:
            return decision.reason
        return f"{decision.reason}, {'rejected' if self._exchange.rejected else 'fallback'}"


_ONCE = ("x-headgate-attempts", "1")
_ESCALATED, _NOT_ESCALATED = ("x-headgate-escalated", "true"), ("x-headgate-escalated", "false")


@lru_cache(maxsize=MODELS_AT_HAND)
def _name_of(model: ModelRef) -> str:
    return f"{model.provider}/{model.model}"


def _trace(
    decision: Decision | None, barred: Mapping[str, str], findings: Sequence[Finding]
) -> str | None:
    """What there is to say beyond the columns, as JSON text; None: nothing."""
    silent = decision is None or (decision.threshold is None and not decision.trace)
    if decision is None or (silent and not barred and not findings):
        return None
    if not (decision.trace or barred or findings):
        return _threshold(decision.threshold)
    said: dict[str, object] = dict(decision.trace or {})
    if decision.threshold is not None:
        said["threshold"] = decision.threshold
    if barred:
        said["ruled_out"] = barred
    if findings:
        said["checks"] = findings
    return msgspec.json.encode(said).decode()


@lru_cache
def _threshold(threshold: float) -> str:
    """The trace of nearly every scored request; thresholds are few."""
    return msgspec.json.encode({"threshold": threshold}).decode()


def _announce(model: ModelRef, turn: Turn, seconds: float) -> None:
    """Say once that a model is left alone, and once that it is not any more."""
    if turn == "opened":
        log.warning("%s keeps failing: it is left alone, and tried every %g s", model, seconds)
    else:
        log.warning("%s works again", model)


def complain(request_id: str, attempt: Attempt) -> None:
    """Say in the log what came of an attempt that has failed."""
    log.warning(
        "%s attempt %d on %s: %s%s%s%s",
        request_id,
        attempt.number,
        attempt.tier.model,
        attempt.error,
        f" {attempt.status}" if attempt.status else "",
        f" ({attempt.detail})" if attempt.detail else "",
        f", there {attempt.reference}" if attempt.reference else "",
    )


def _is_outage(attempt: Attempt) -> bool:
    """The upstream is at fault; a refusal of this one request, or a rate limit, is no outage."""
    return attempt.error in OUTAGES or (attempt.status is not None and attempt.status >= 500)
