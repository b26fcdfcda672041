"""Runs one exchange: carries out its commands, tells it what came of them, writes down attempts."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

import msgspec

from headgate.errors import HeadgateError, InternalError, RequestError, UpstreamError
from headgate.gateway.asking import Asking
from headgate.gateway.books import REJECTED, Books
from headgate.gateway.caller import Caller
from headgate.gateway.classifying import classified
from headgate.gateway.conversation import Conversation, conversation_of
from headgate.gateway.holding import Held, hold
from headgate.gateway.jury import Jury
from headgate.gateway.opening import opened
from headgate.gateway.passing import passed_on
from headgate.gateway.plant import Plant
from headgate.gateway.record import Attempt, estimated
from headgate.gateway.retry_after import patience_of, told_of
from headgate.gateway.served import Served
from headgate.gateway.unanswered import Refusal, kind_of, late, resting, told, unfit
from headgate.gateway.upstream import UNSENT, Reply, reference_of, unreachable
from headgate.routing.checks import Finding
from headgate.routing.exchange import Exchange
from headgate.routing.guard import NOTHING
from headgate.routing.policies import Origin
from headgate.routing.policy import Decision, Policy
from headgate.routing.signals import (
    Answered,
    Broke,
    Call,
    Classify,
    Command,
    Ended,
    Event,
    Failed,
    Finish,
    Forward,
    Judge,
    Judged,
    Left,
    Opened,
    Refuse,
    Serve,
    Start,
    Wait,
    Woke,
)
from headgate.values import ModelRef
from headgate.wire.drafts import RESPONSES
from headgate.wire.lane import (
    Flow,
    Inbound,
    Lane,
    UnusableAnswerError,
    asking_logprobs,
    in_background,
    lane,
)

if TYPE_CHECKING:
    from headgate.gateway.transcript import Transcript

__all__ = ["ANSWERED", "ENDED", "JSON", "OPENED", "REFERENCE", "START", "Driver", "Plant"]

START, OPENED, ANSWERED, ENDED = Start(), Opened(), Answered(), Ended()
LEFT_OUT = "x-headgate-left-out"
"""Names the fields that are not sent: by a translation, or because the model has refused them."""
REFERENCE = "x-headgate-provider-request-id"
"""What the provider calls the call."""
JSON = ("content-type", "application/json")
SSE = [
    ("content-type", "text/event-stream; charset=utf-8"),
    ("cache-control", "no-cache"),
    ("x-accel-buffering", "no"),  # or nginx in front of us would hold events back
]


class Driver:
    """One request on its way. `run` returns when the caller has its answer or has left."""

    # what most requests never have stands here once, and not in each of them
    _talk: Conversation | None = None
    _questions: Asking | None = None
    _jury: Jury | None = None
    _draft: tuple[Attempt, Held] | None = None
    """An answer that is held, and its attempt."""
    _findings: Sequence[Finding] = ()
    _reply: Reply | None = None
    _way: Lane | None = None
    """Of the last call."""
    _last: Attempt | None = None
    """The last call that was made for the answer."""
    _flow: Flow | None = None
    _opening = b""
    """A stream's first bytes, held until it is clear that they may go out."""
    _answer = b""
    _answer_id: str | None = None
    _refusal: Refusal | None = None
    _mended: Lane | None = None
    """The provider's refusal says how to ask so that it answers: without what another model had
    signed."""
    transcript: Transcript | None = None
    """Takes down what is answered, where that is kept."""

    def __init__(
        self,
        plant: Plant,
        caller: Caller,
        inbound: Inbound,
        request_id: str,
        origin: Origin,
        policy: Policy | None,
        arrived: float,
    ) -> None:
        self._plant = plant
        self._caller = caller
        self._inbound = inbound
        self._request_id, self._origin = request_id, origin
        policies, ask = plant.policies, inbound.ask
        self._policy = policy
        decision: Decision | None
        barred = NOTHING
        if policy is None:
            decision, cascade = policies.pinned(ask.model), None
        else:
            decision = policy.decide(ask, plant.helm.controls)
            if plant.sessions is not None:
                owner = (origin.key, policy.name)
                talk = conversation_of(plant.sessions, inbound, owner, arrived)
                decision, self._talk = talk.decide(decision, policy.name), talk
            cascade = policy.cascade
            barred = policies.guard.bars(ask)
            if origin.barred:
                barred = {**barred, **origin.barred}
        self._exchange = Exchange(plant.terms[policy], decision, barred)
        self._books = Books(plant, inbound, request_id, origin, arrived, self._exchange)
        if cascade is not None:
            self._jury = Jury(plant, inbound, self._books, self._asking, cascade)

    @property
    def served(self) -> Served | None:
        """How the request was decided and who answered it, once it is over; None before that."""
        exchange, inbound = self._exchange, self._inbound
        if exchange.decision is None:
            return None
        return Served(
            inbound,
            self._request_id,
            self._origin,
            exchange.policy,
            exchange.decision,
            exchange.tier,
        )

    @property
    def _asking(self) -> Asking:
        """Puts the request's questions to small models; few requests have any."""
        if self._questions is None:
            self._questions = Asking(self._plant, self._inbound, self._books)
        return self._questions

    async def run(self) -> None:
        """See the request through; never raises for what a caller or an upstream does.

        Where its task is cancelled, because the caller has left, or where it fails inside, what was
        begun is written down all the same.
        """
        now, step = self._plant.clock.monotonic, self._exchange.step
        event: Event = START
        try:
            while True:
                command = step(event, now())
                # by type, and what most are told first: a case of a `match` that is passed over
                # costs ten times as much in Python 3.11
                if type(command) is Call:
                    event = await self._call(command, command.cause)
                    if self._mended is not None:
                        event = await self._call_again(command, event)
                elif type(command) is Serve:
                    draft = self._draft
                    event = self._serve() if draft is None else await self._serve_draft(*draft)
                elif type(command) is Finish:
                    return
                elif type(command) is Forward:
                    event = await self._forward()
                else:
                    event = await self._do(command)
        except (asyncio.CancelledError, ConnectionError):
            self._leave("caller-left")
            raise
        except Exception:
            self._leave("internal")
            raise
        finally:
            if self.transcript is not None and self._books.attempts:  # else no row says it came
                self.transcript.over()

    async def _do(self, command: Command) -> Event:
        """What few requests are told to do."""
        match command:
            case Classify():
                assert self._policy is not None  # noqa: S101 - no request is left open without one
                return await classified(
                    self._plant, self._inbound, self._asking, self._policy, command.timeout
                )
            case Judge():
                return await self._judge(command)
            case Wait():
                await asyncio.sleep(command.seconds)
                return Woke()
            case Refuse():
                return self._refuse(command)
            case _:
                raise InternalError(f"Nobody carries out {command}.")

    def _leave(self, why: str) -> None:
        """End early: stop paying for what nobody reads, and write down what was begun.

        `why` is the ledger's word for it: "caller-left", or "internal" for a defect of ours.
        """
        first = None if self._questions is None else self._questions.reply
        second = None if self._jury is None else self._jury.reply
        for reply in (self._reply, first, second):
            if reply is not None:
                reply.close()
        attempt = self._books.open
        if attempt is not None:
            attempt.error = attempt.error or why
            flow = self._flow
            partial = flow.usage if flow else None
            if flow is not None or attempt.usage_source == "none":
                attempt.usage = estimated(
                    self._inbound.ask,
                    flow.delivered_chars if flow else 0,
                    partial,
                    flow.service_tier if flow else None,
                )
                attempt.usage_source = "estimated"
            if flow is not None and self._inbound.dialect == RESPONSES:
                self._note_stored(attempt, flow.id)
            self._books.close(attempt, served=flow is not None, aborted=True)
        if self._draft is not None and self._draft[0] is not attempt:  # it was being judged
            draft, self._draft = self._draft[0], None
            draft.error = why
            self._books.close(draft, served=False, findings=self._findings)
        self._exchange.step(Left(), self._plant.clock.monotonic())

    # ---- commands

    async def _judge(self, command: Judge) -> Judged:
        """Judge the draft in hand; its row is written when it is rejected, or served."""
        assert self._draft and self._jury  # noqa: S101, PT018 - only a cascade holds drafts
        attempt, held = self._draft
        attempt.ended = self._plant.clock.monotonic()
        self._findings = await self._jury.judge(held.draft, command.timeout)
        good = all(finding.good for finding in self._findings)
        if not good:
            attempt.error, self._draft = REJECTED, None
            self._books.close(attempt, served=False, findings=self._findings)
        return Judged(good)

    def _lane(self, dialect: str, model: ModelRef) -> Lane:
        way = lane(self._inbound, dialect, at=self._plant.clock.time())
        if self._talk is not None and (first := self._talk.foreign(model)):
            way.forget(first)
        if self._plant.eased and self._policy is not None:
            way.ease(self._plant.eased.get(model, ()))
        return way

    def _eased(self, way: Lane, status: int, body: bytes) -> bool:
        """Whether a refusal was of what only tunes an answer, which is now left out.

        Who routes cannot know what each model takes; who names a model is told what it says.
        """
        return self._policy is not None and bool(way.refused(status, body))

    async def _call_again(self, command: Call, event: Event) -> Event:
        """Make a refused call as its refusal says, and at once: nothing was paid.

        All that is made of one call has its time together.
        """
        left, now = command.timeout, self._plant.clock.monotonic
        while (way := self._mended) is not None and self._last is not None:
            left -= now() - self._last.began
            if left <= 0:
                break
            rest = msgspec.structs.replace(command, timeout=left)
            event = await self._call(rest, "retry", way)
            if way.heeded and type(event) is not Failed:
                # it was accepted so: what was refused was the reason
                self._plant.heed(command.tier.model, way.heeded)
        return event

    async def _call(self, command: Call, cause: str, way: Lane | None = None) -> Event:
        """One call and what came of it; a lane that is `mended` is gone once more."""
        self._mended = None
        model = command.tier.model
        provider = self._plant.providers[model.provider]
        try:
            if way is None:
                way = self._lane(provider.dialect, model)
            endpoint = provider.endpoint(way.path, way.passed())
            body = way.request(model.model)
            self._way = way
        except RequestError as impossible:  # nothing was sent, so nothing is written down
            return self._not_served(Failed("unsupported"), impossible)
        if command.held and self._policy and self._policy.cascade and self._policy.cascade.logprobs:
            body = asking_logprobs(provider.dialect, body, self._inbound.fields)
        self._reply = self._flow = None
        attempt = self._last = self._books.begin("answer", command.tier, cause)
        try:
            with self._plant.deadlines.within(command.timeout):
                reply = self._reply = await self._plant.upstream.send(endpoint, body)
                attempt.status = reply.status
                attempt.reference = reference_of(reply)
                if not 200 <= reply.status < 300:
                    return await self._turned_down(attempt, way, reply)
                if command.held:
                    held = await hold(
                        self._plant, self._inbound, attempt, way, reply, self.transcript
                    )
                    self._draft, self._books.open = (attempt, held), None
                    return ANSWERED
                if self._inbound.stream:
                    self._flow, self._opening = await opened(
                        self._plant,
                        self._inbound,
                        attempt,
                        way,
                        reply,
                        partial(self._books.cost, attempt),
                        self.transcript,
                    )
                    return OPENED
                return self._read(attempt, way, await reply.read())
        except TimeoutError:
            error = UpstreamError(
                f"{command.tier.model} did not answer within {command.timeout:g} s.",
                kind="timeout",
                status=504,
            )
            attempt.lost(estimated(self._inbound.ask, 0))
        except UpstreamError as failure:
            error = failure
            attempt.detail = str(failure) if failure.kind in UNSENT else None
            if failure.kind == "connect":
                error = unreachable(command.tier.model.provider)
            elif isinstance(failure, UnusableAnswerError):
                attempt.measured(failure.usage, estimated(self._inbound.ask, 0))
            elif attempt.status is not None:  # it broke off in the answer: what came is billed
                attempt.lost(estimated(self._inbound.ask, 0))
        attempt.error = error.kind
        self._books.close(attempt, served=False)
        return self._not_served(Failed(error.kind), error)

    async def _turned_down(self, attempt: Attempt, way: Lane, reply: Reply) -> Event:
        """The provider answered with an error: its status and its words reach the caller."""
        body = await reply.read()
        attempt.error = "status"
        self._books.close(attempt, served=False)
        if way.mended(reply.status, body) or self._eased(way, reply.status, body):
            self._mended = way
        self._refusal = (reply.status, way.error(reply.status, body), told_of(reply.header))
        wait = patience_of(reply.header, self._plant.clock.time())
        pinned, kept = self._policy is None, self._inbound.ask.continues is not None
        kind = kind_of(reply.status, body, pinned=pinned, kept=kept)
        return Failed(kind, status=reply.status, retry_after=wait)

    def _read(self, attempt: Attempt, way: Lane, body: bytes) -> Event:
        """A whole answer."""
        answered = way.answer(body)
        attempt.model_answered = answered.model
        counted = answered.usage
        attempt.measured(counted, counted or estimated(self._inbound.ask, len(answered.body)))
        if counted is None and in_background(self._inbound):
            attempt.usage = estimated(self._inbound.ask, 0)
            attempt.untold = True
        self._answer, self._answer_id = answered.body, answered.id
        return ANSWERED

    def _serve(self) -> Event:
        attempt = self._books.open
        assert attempt is not None  # noqa: S101 - the exchange serves only what was answered
        # the row is safe before the caller has the answer: what was acknowledged is never lost
        self._served(attempt)
        headers = [JSON, *self._headers(attempt, final=True)]
        self._caller.respond(200, headers, self._answer)
        return ENDED

    async def _serve_draft(self, attempt: Attempt, held: Held) -> Event:
        """A draft that was found good, in one piece, streamed or not."""
        self._draft = None
        self._served(attempt, self._findings)
        headers = self._headers(attempt, final=True)
        if self._inbound.stream:
            await self._caller.stream(200, [*SSE, *headers]).send(held.body)
        else:
            self._caller.respond(200, [JSON, *headers], held.body)
        return ENDED

    async def _forward(self) -> Event:
        """Pass the stream on; the row is written before the event that completes it goes out."""
        attempt, flow, reply = self._books.open, self._flow, self._reply
        assert attempt is not None and flow is not None and reply is not None  # noqa: PT018, S101
        if flow.complete:
            self._complete(attempt, flow)
        out = self._caller.stream(200, [*SSE, *self._headers(attempt, final=False)])
        if self._opening:
            opening, self._opening = self._opening, b""  # a quarter of a MB, if it came at once
            await out.send(opening)
            del opening
        try:
            complete = flow.complete or await passed_on(
                attempt,
                flow,
                reply,
                out,
                idle_timeout=self._plant.idle_timeout,
                complete=self._complete,
            )
        except UpstreamError as error:
            attempt.error, complete = error.kind, False
        if complete:
            reply.release()
            return ENDED
        attempt.error = attempt.error or ("stream-error" if flow.error else "reset")
        attempt.usage = estimated(
            self._inbound.ask, flow.delivered_chars, flow.usage, flow.service_tier
        )
        attempt.usage_source = "estimated"
        if self._inbound.dialect == RESPONSES:
            self._note_stored(attempt, flow.id)
        self._books.close(attempt, served=True, aborted=True)
        reply.close()
        if ending := flow.end():  # an error event: what broke off never looks whole
            await out.send(ending)
        return Broke()

    def _complete(self, attempt: Attempt, flow: Flow) -> None:
        ask = self._inbound.ask
        attempt.model_answered = flow.model
        guess = estimated(ask, flow.delivered_chars, service_tier=flow.service_tier)
        attempt.measured(flow.usage, guess)
        self._answer_id = flow.id
        self._served(attempt)

    def _refuse(self, command: Refuse) -> Event:
        plant, exchange, dialect = self._plant, self._exchange, self._inbound.dialect
        failure = command.failure
        if failure is not None and failure.kind == "breaker":
            model = exchange.tier.model
            seconds = plant.brakes.opens_in(model, plant.clock.monotonic())
            self._refusal = resting(dialect, model, seconds)
        elif failure is not None and failure.kind == "unfit":
            self._refusal = unfit(dialect, exchange.barred)
        elif failure is None or self._refusal is None:
            self._refusal = late(dialect, plant.limits.request_timeout)
        status, body, told_when = self._refusal
        headers = [JSON, *self._books.headers(exchange.tier, final=True), *told_when]
        if self._last is not None and self._last.reference is not None:
            headers.append((REFERENCE, self._last.reference))
        self._caller.respond(status, headers, body)
        return ENDED

    def _headers(self, attempt: Attempt, *, final: bool) -> list[tuple[str, str]]:
        """What an answer tells of its decision, and of what was left out to get it."""
        headers, way = self._books.headers(attempt.tier, final=final), self._way
        if way is not None and (names := way.left_out(attempt.tier.model.model)):
            headers.append((LEFT_OUT, ", ".join(names)))
        if attempt.reference is not None:
            headers.append((REFERENCE, attempt.reference))
        return headers

    # ---- attempts

    def _not_served(self, failed: Failed, error: HeadgateError) -> Failed:
        self._refusal = told(self._inbound.dialect, error)
        return failed

    def _served(self, attempt: Attempt, findings: Sequence[Finding] = ()) -> None:
        """The attempt's answer is what the caller gets: the row, and the conversation's memory."""
        exchange = self._exchange
        if self._answer_id is not None and self._inbound.dialect == RESPONSES:
            self._note_stored(attempt, self._answer_id)
        if self._talk is not None:
            self._talk.answered(
                attempt, exchange.decision, self._answer_id, rejected=exchange.rejected
            )
        self._books.close(attempt, served=True, findings=findings)

    def _note_stored(self, attempt: Attempt, answer_id: str | None) -> None:
        """The provider has stored the answer, where the caller has not said that it shall not.

        What a translation has made of another dialect's answer is stored nowhere.
        """
        store, plant = self._inbound.fields.get("store"), self._plant
        spoken = plant.providers[attempt.tier.model.provider].dialect
        if spoken == RESPONSES and (store is None or bytes(store) != b"false"):
            attempt.answer_id = answer_id
