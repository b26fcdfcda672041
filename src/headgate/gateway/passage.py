"""Passes a request through to the model that it names, and sees it to its end.

Nothing is decided here and no other model takes its place; what may be tried again is, by the rules
of all requests (`routing/exchange.py`). An answer in JSON is read whole; any other, events or
sound, goes to the caller as it comes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec

from headgate.errors import InternalError, UpstreamError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import ANSWERED, ENDED, JSON, OPENED, START
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.passage_books import DIALECT, PassageBooks
from headgate.gateway.passed_model import model_for
from headgate.gateway.plant import Plant
from headgate.gateway.record import Attempt
from headgate.gateway.retry_after import patience_of, told_of
from headgate.gateway.unanswered import Refusal, late, told
from headgate.gateway.upstream import UNSENT, Endpoint, Reply, reference_of, unreachable
from headgate.routing.exchange import Exchange
from headgate.routing.policy import Decision
from headgate.routing.signals import (
    Call,
    Event,
    Failed,
    Finish,
    Forward,
    Refuse,
    Serve,
    Wait,
    Woke,
)
from headgate.routing.tier import PINNED, Tier
from headgate.wire.passed import Listener, Passed

__all__ = ["Passage", "passage_of"]

ATTEMPTS = 2
"""How often a call is made at most: SDKs try again as well, and a picture takes a minute."""
EVENTS = "text/event-stream"


def passage_of(
    plant: Plant, caller: Caller, asked: Passed, request_id: str, visitor: Visitor = NOBODY
) -> Passage:
    """A request that is passed through, to be run once it has been paid for.

    Raises:
        RequestError: it names no model that can be called, or one that is not open to the visitor.
    """
    model, limit = model_for(plant, visitor, asked), plant.limits.request_timeout
    tier = Tier(name=PINNED, model=model, attempts=ATTEMPTS, timeout=limit, fallback=False)
    books = PassageBooks(plant, asked, model, request_id, caller.path, caller.headers, visitor)
    return Passage(plant, caller, asked, tier, books)


class Passage:
    """One request: its calls, the answer as it comes, its tokens metered."""

    _reply: Reply | None = None
    _answer = b""
    _refusal: Refusal | None = None

    def __init__(
        self, plant: Plant, caller: Caller, asked: Passed, tier: Tier, books: PassageBooks
    ) -> None:
        self._plant = plant
        self._caller = caller
        self._asked = asked
        self._tier = tier
        self.books = books
        """What it may cost, and what it has cost."""
        terms = msgspec.structs.replace(plant.terms[None], gate=plant.retries)
        self._step = Exchange(terms, Decision(tier, PINNED, routed=False)).step

    async def run(self) -> None:
        """Answer it.

        Where its task is cancelled, because the caller has left, or where it fails inside, what was
        begun is written down all the same.
        """
        now = self._plant.clock.monotonic
        event: Event = START
        try:
            while True:
                match self._step(event, now()):
                    case Call() as call:
                        event = await self._call(call)
                    case Wait(seconds):
                        await asyncio.sleep(seconds)
                        event = Woke()
                    case Serve():
                        event = self._serve()
                    case Forward():
                        event = await self._forward()
                    case Refuse():
                        event = self._refuse()
                    case Finish():
                        return
                    case command:
                        raise InternalError(f"Nobody carries out {command}.")
        except (asyncio.CancelledError, ConnectionError):
            self._leave("caller-left")
            raise
        except Exception:
            self._leave("internal")
            raise

    def _leave(self, why: str) -> None:
        """End early: the provider is to stop, and what was begun is written down."""
        if self._reply is not None:
            self._reply.close()
        self.books.leave(why)

    async def _call(self, call: Call) -> Event:
        """One call, until its answer is in hand or has begun to come."""
        plant, books = self._plant, self.books
        self._reply = None
        body = self._asked.body(self._tier.model.model)
        attempt = books.begin(self._tier, call.cause)
        try:
            with plant.deadlines.within(call.timeout):
                reply = self._reply = await plant.upstream.send(self._endpoint(), body)
                attempt.status, attempt.reference = reply.status, reference_of(reply)
                if reply.status == 200 and self._flows(reply):
                    books.streams = True
                    return OPENED
                answer = await reply.read()
        except TimeoutError:
            books.lost(attempt)
            error = UpstreamError(
                f"{self._tier.model} did not answer within {call.timeout:g} s.",
                kind="timeout",
                status=504,
            )
        except UpstreamError as failure:
            error = failure
            attempt.detail = str(failure) if failure.kind in UNSENT else None
            if failure.kind == "connect":
                error = unreachable(self._tier.model.provider)
            elif attempt.status is not None:  # it broke off in the answer: what came is billed
                books.lost(attempt)
        else:
            return self._read(attempt, reply, answer)
        books.close(attempt, error.kind)
        self._refusal = told(DIALECT, error)
        return Failed(error.kind)

    def _read(self, attempt: Attempt, reply: Reply, answer: bytes) -> Event:
        if reply.status == 200:
            self.books.hear(attempt, answer)
            self._answer = answer
            return ANSWERED
        self.books.close(attempt, "status")
        self._refusal = reply.status, answer, told_of(reply.header)
        wait = patience_of(reply.header, self._plant.clock.time())
        return Failed("status", status=reply.status, retry_after=wait)

    def _endpoint(self) -> Endpoint:
        provider, asked = self._plant.providers[self._tier.model.provider], self._asked
        if asked.content_type:
            return provider.once(asked.kind.path, [("content-type", asked.content_type)])
        return provider.endpoint(asked.kind.path)

    def _flows(self, reply: Reply) -> bool:
        """Whether an answer is passed on as it comes; one without a type is taken for JSON."""
        media_type = (reply.header("content-type") or JSON[1]).partition(";")[0]
        return not self._asked.kind.text_only and media_type.strip().lower() != JSON[1]

    def _serve(self) -> Event:
        self.books.close(self.books.last, None, served=True)
        self._caller.respond(200, [JSON, *self.books.headers(final=True)], self._answer)
        return ENDED

    async def _forward(self) -> Event:
        """Give the caller what comes, until all has; the row is written before its end goes out.

        Raises:
            ConnectionError: the caller has gone; or the provider has broken off, and the caller's
                connection is to be cut, so that what it has does not look whole.
        """
        reply, books = self._reply, self.books
        assert reply is not None  # noqa: S101 - only what has opened is passed on
        attempt, clock = books.last, self._plant.clock
        sort = reply.header("content-type") or JSON[1]
        listener: Listener | None = None
        if sort.lower().startswith(EVENTS):
            listener = books.listener = Listener(self._asked.kind)
        out = self._caller.stream(200, [("content-type", sort), *books.headers(final=False)])

        def forward(chunk: bytes) -> bool:
            if attempt.first_token is None:
                attempt.first_token = clock.monotonic()
            if listener is not None:
                listener.feed(chunk)
            return out.write(chunk)

        try:
            while await reply.pour(forward, self._plant.idle_timeout):
                await out.send(b"")  # until the caller has taken enough
        except UpstreamError as error:
            books.close(attempt, error.kind, served=True, aborted=True)
            raise ConnectionError("the provider broke off") from error
        failed = listener is not None and listener.error
        books.close(attempt, "stream-error" if failed else None, served=True)
        return ENDED

    def _refuse(self) -> Event:
        """The provider's own words, or what has kept it from answering."""
        limit = self._plant.limits.request_timeout
        status, body, when = self._refusal or late(DIALECT, limit)
        headers: Sequence[tuple[str, str]] = [JSON, *self.books.headers(final=True), *when]
        self._caller.respond(status, headers, body)
        return ENDED
