"""One comparison: premium's answer to what cheap has answered, and a judge's two rulings."""

from __future__ import annotations

import asyncio

import msgspec

from headgate.analysis.judging import (
    MOST_TOKENS,
    SYSTEM,
    Ruling,
    Verdict,
    both_orders,
    case,
    ruling,
)
from headgate.analysis.questions import said, transcript
from headgate.errors import RequestError, UpstreamError
from headgate.gateway.plant import Plant
from headgate.gateway.record import Attempt, estimated
from headgate.gateway.sampled import Sampled
from headgate.gateway.served import Served
from headgate.gateway.upstream import Endpoint
from headgate.ledger.entry import Entry
from headgate.monitor.quality import Outcome
from headgate.prices.charge import charge
from headgate.routing.tier import Tier
from headgate.values import Draft, Usage
from headgate.wire.drafts import draft_of, streamed_draft
from headgate.wire.lane import DIALECTS, UnusableAnswerError, small_request
from headgate.wire.neutral import Request

__all__ = ["FIRST_ATTEMPT", "DayPurse", "Trial", "UndecidedError"]

FIRST_ATTEMPT = 1000
"""Attempt numbers of a shadow's rows begin here, above all that a request can reach by itself."""
MOST_ANSWER_TOKENS = 8192
"""What premium may say where the caller set no limit, or a higher one."""
TEMPLATE_TOKENS = 64
"""What a provider's own template may add to the tokens of a body."""
DAY_SECONDS = 86_400


class DayPurse:
    """What the comparisons of a day (UTC) may cost, nano-USD; spent and held never pass the cap.

    Args:
        cap: of one process for one day.
        spent: what was spent of it today before this process began.
        today: the day's number since 1970.
    """

    def __init__(self, cap: int, *, spent: int = 0, today: int = 0) -> None:
        self.cap = cap
        self.spent = spent
        self.held = 0
        self._today = today

    def hold(self, amount: int, today: int) -> bool:
        """Lay so much aside; False where it is not there."""
        if today != self._today:
            self._today, self.spent = today, 0
        if self.spent + self.held + amount > self.cap:
            return False
        self.held += amount
        return True

    def settle(self, amount: int, cost: int) -> None:
        """What was laid aside is over, and cost so much."""
        self.held -= amount
        self.spent += cost


class UndecidedError(Exception):
    """No verdict; `outcome` is the comparison's word for it."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome: Outcome = outcome


class Trial:
    """One comparison: premium's answer, and the judge's two rulings."""

    def __init__(self, plant: Plant, served: Served, judge: Tier, purse: DayPurse) -> None:
        self._plant = plant
        self._served = served
        self._judge = judge
        self._purse = purse
        self._attempts = FIRST_ATTEMPT
        self.cost: int | None = 0

    async def verdict(self, sampled: Sampled) -> Verdict:
        """What the judge makes of both answers.

        Raises:
            UndecidedError: nothing.
        """
        plant, inbound = self._plant, self._served.inbound
        premium = plant.premium
        if not (self._priced(premium) and self._priced(self._judge)):
            raise UndecidedError("unfit")  # what it costs cannot be known, so no cap can be held
        dialect = DIALECTS[plant.providers[premium.model.provider].dialect]
        try:
            request = self._request(dialect.name)
            dialect.check(request, DIALECTS[inbound.dialect].words)
            body = dialect.write_request(request, premium.model.model)
            cheap = _heard(inbound.dialect, sampled)
        except (RequestError, UnusableAnswerError):
            raise UndecidedError("unfit") from None
        told = await self._asked(premium, body, request.max_tokens or MOST_ANSWER_TOKENS)
        try:
            answer = said(dialect.read_answer(told, False))
        except UnusableAnswerError:
            raise UndecidedError("failed") from None
        text = transcript(request)
        first = await self._ruled(case(text, cheap, answer))
        second = await self._ruled(case(text, answer, cheap))
        return both_orders(first, second)

    def _request(self, dialect_out: str) -> Request:
        inbound = self._served.inbound
        request = DIALECTS[inbound.dialect].read_request(inbound, dialect_out)
        most = min(request.max_tokens or MOST_ANSWER_TOKENS, MOST_ANSWER_TOKENS)
        return msgspec.structs.replace(request, max_tokens=most, stream=False)

    async def _ruled(self, question: str) -> Ruling:
        provider = self._plant.providers[self._judge.model.provider]
        model = self._judge.model.model
        body = small_request(provider.dialect, model, SYSTEM, question, MOST_TOKENS)
        told = await self._asked(self._judge, body, MOST_TOKENS)
        try:
            found = ruling(said(DIALECTS[provider.dialect].read_answer(told, False)))
        except UnusableAnswerError:
            found = None
        if found is None:
            raise UndecidedError("unread")
        return found

    async def _asked(self, tier: Tier, body: bytes, most_tokens: int) -> bytes:
        """One paid call, its worst case laid aside before; the body of its answer.

        Raises:
            UndecidedError: there is none, or no money for it.
        """
        plant = self._plant
        provider = plant.providers[tier.model.provider]
        now = plant.clock.time()
        most = Usage(len(body) + TEMPLATE_TOKENS, most_tokens)  # a token is no shorter than a byte
        worst = self._charge(tier, most)
        if worst is None:
            raise UndecidedError("unfit")
        if not plant.brakes.may_call(tier.model, plant.clock.monotonic()):
            raise UndecidedError("failed")
        if not self._purse.hold(worst, int(now) // DAY_SECONDS):
            raise UndecidedError("unpaid")
        attempt = Attempt(
            self._attempts, "shadow", tier, "first", int(now * 1e6), plant.clock.monotonic()
        )
        self._attempts += 1
        try:
            return await self._sent(
                attempt, provider.endpoint(DIALECTS[provider.dialect].path), body
            )
        finally:  # also where it is cancelled: what was under way may have been billed
            cost = self._written(attempt)
            self._purse.settle(worst, worst if cost is None else cost)
            self.cost = None if self.cost is None or cost is None else self.cost + cost

    def _priced(self, tier: Tier) -> bool:
        return self._charge(tier, Usage(1, 1)) is not None

    def _charge(self, tier: Tier, usage: Usage) -> int | None:
        card = self._plant.pricer.card(tier.model, int(self._plant.clock.time() * 1e6))
        return None if card is None else charge(card, usage)

    async def _sent(self, attempt: Attempt, endpoint: Endpoint, body: bytes) -> bytes:
        """The body of a 200; what came of the call is noted in the attempt.

        Raises:
            UndecidedError: anything else.
        """
        sent = estimated(self._served.inbound.ask, 0)
        try:
            with self._plant.deadlines.within(attempt.tier.timeout):
                reply = await self._plant.upstream.send(endpoint, body)
                attempt.status = reply.status
                told = await reply.read()
        except TimeoutError:
            attempt.error = "timeout"
            attempt.measured(None, sent)
        except UpstreamError as error:
            attempt.error = error.kind
            if attempt.status is not None:  # it broke off in the answer: what came is billed
                attempt.measured(None, sent)
        except asyncio.CancelledError:
            attempt.error = "given-up"
            attempt.measured(None, sent)
            raise
        else:
            if attempt.status == 200:
                self._count(attempt, told)
                return told
            attempt.error = "status"
        raise UndecidedError("failed")

    def _count(self, attempt: Attempt, told: bytes) -> None:
        provider = self._plant.providers[attempt.tier.model.provider]
        sent = estimated(self._served.inbound.ask, len(told))
        try:
            answer = DIALECTS[provider.dialect].read_answer(told, True)
            attempt.model_answered = answer.model
            attempt.measured(answer.usage, sent)
        except UnusableAnswerError as error:
            attempt.error = error.kind
            attempt.measured(error.usage, sent)

    def _written(self, attempt: Attempt) -> int | None:
        """Write the attempt down; what it has cost, None where that is not known."""
        plant, served, tier = self._plant, self._served, attempt.tier
        card, cost, _ = attempt.price(plant.pricer, plant.premium.model)
        now = plant.clock.monotonic()
        plant.recorder.record(
            Entry(
                request_id=served.request_id,
                attempt=attempt.number,
                at_us=attempt.at_us,
                purpose="shadow",
                dialect_in=served.inbound.dialect,
                dialect_out=plant.providers[tier.model.provider].dialect,
                route=served.origin.path,
                asked=served.inbound.ask.model,
                routed=True,
                tier=tier.name,
                premium=tier.premium,
                provider=tier.model.provider,
                model_asked=tier.model.model,
                model_answered=attempt.model_answered,
                reason="sampled",
                cause="first",
                served=False,
                status=attempt.status,
                error=attempt.error,
                usage=attempt.usage,
                usage_source=attempt.usage_source,
                card=card,
                cost_nano=cost,
                total_us=int((now - attempt.began) * 1e6),
                policy=served.policy,
                config=plant.config,
            )
        )
        return cost


def _heard(dialect: str, sampled: Sampled) -> str:
    """The answer that the caller got, as text.

    Raises:
        UnusableAnswerError: it is none.
    """
    read = streamed_draft if sampled.streamed else draft_of
    return _text(read(DIALECTS[dialect], sampled.answer))


def _text(draft: Draft) -> str:
    calls = [f"[calls the tool {call.name} with {call.arguments}]" for call in draft.calls]
    return "\n".join([draft.text, *calls]).strip()
