"""Passes a request through to the provider named, and writes down what it cost.

One call is made: nothing decides here, nothing is tried again, no other model takes its place. An
answer in JSON is read whole; any other, events or sound, goes to the caller as it comes.
"""

from __future__ import annotations

import asyncio
import logging

from headgate.errors import RequestError, UpstreamError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import JSON
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.permission import permit_model, permit_own_choice
from headgate.gateway.plant import Plant
from headgate.gateway.record import TAGS_HEADER, Attempt
from headgate.gateway.retry_after import told_of
from headgate.gateway.upstream import UNSENT, Endpoint, Reply, unreachable
from headgate.ledger.entry import Entry, Purpose
from headgate.prices.card import Card
from headgate.prices.charge import charge_media, charge_untold
from headgate.routing.session import SESSION_HEADER
from headgate.routing.tier import PINNED, Tier
from headgate.values import ModelRef, Usage, usd
from headgate.wire.lane import DIALECTS, refuse
from headgate.wire.passed import EMBEDDINGS, Kind, Listener, Passed, Told, speaks, told

__all__ = ["Passage", "named_model", "passage_of"]

log = logging.getLogger("headgate.gateway")

DIALECT = "openai"
EVENTS = "text/event-stream"


def passage_of(
    plant: Plant, caller: Caller, asked: Passed, request_id: str, visitor: Visitor = NOBODY
) -> Passage:
    """A request that is passed through, to be run once it has been paid for.

    Raises:
        RequestError: it names no model that can be called, or one that is not open to the visitor.
    """
    model = named_model(plant, visitor, asked.model, asked.kind)
    permit_own_choice(visitor, model)
    return Passage(plant, caller, asked, model, request_id, "passed", visitor)


def named_model(
    plant: Plant, visitor: Visitor, asked: str, kind: Kind, default: ModelRef | None = None
) -> ModelRef:
    """The model that answers: that of `provider/model`.

    Args:
        plant: knows the providers.
        visitor: it has to be open to.
        asked: the model as the caller spelled it.
        kind: what is asked of it.
        default: what else might have been asked for, for errors.

    Raises:
        RequestError: it names no model that can be called, or one that is not open.
    """
    try:
        model = ModelRef.parse(asked)
    except ValueError:
        model = None
    if model is None or model.provider not in plant.providers:
        hint = f" or ask for `{default.model}`" if default else ""
        what = "embedding model" if kind is EMBEDDINGS else "model"
        raise RequestError(
            f"No provider is known for the {what} `{asked[:100]}`.",
            status=404,
            code="model_not_found",
            param="model",
            fix=f"Name it as `provider/model`, with a configured provider{hint}.",
        )
    if not speaks(plant.providers[model.provider].dialect):
        raise RequestError(
            f"The provider `{model.provider}` has no {kind.name}.",
            code="unsupported_value",
            param="model",
            fix="Name a model of a provider that speaks OpenAI's dialect.",
        )
    permit_model(visitor, model)
    return model


class Passage:
    """One request: one call, its answer as it comes, its tokens metered."""

    def __init__(
        self,
        plant: Plant,
        caller: Caller,
        asked: Passed,
        model: ModelRef,
        request_id: str,
        purpose: Purpose,
        visitor: Visitor = NOBODY,
    ) -> None:
        self._plant = plant
        self._caller = caller
        self._asked = asked
        self._tier = Tier(name=PINNED, model=model, attempts=1, fallback=False)
        self._request_id = request_id
        self._purpose = purpose
        self._visitor = visitor
        self._told = Told()
        self._listener: Listener | None = None
        self._streams = False
        """The answer goes to the caller as it comes."""
        self.model = model
        self.tokens = asked.tokens
        """Estimated input tokens."""
        self.outputs = asked.outputs
        """How many answers are billed."""

    def priced(self) -> bool:
        """Whether its model has any price now."""
        return self._card() is not None

    def foreseeable(self) -> bool:
        """Whether what it costs will be known, if the provider answers as its API says."""
        card, asked = self._card(), self._asked
        if card is None:
            return False
        if asked.kind.text_only or charge_untold(card) is not None:
            return True
        read, made = int(asked.kind.reads_media), int(asked.kind.makes_media)
        likely = charge_media(card, Usage(input=1, output=1), read, made)
        return asked.tells and likely is not None

    def _card(self) -> Card | None:
        return self._plant.pricer.card(self.model, int(self._plant.clock.time() * 1e6))

    async def run(self) -> None:
        """Answer it."""
        plant = self._plant
        clock = plant.clock
        attempt = Attempt(
            0, self._purpose, self._tier, "first", int(clock.time() * 1e6), clock.monotonic()
        )
        reply: Reply | None = None
        limit = plant.limits.request_timeout
        try:
            with plant.deadlines.within(limit):
                request = self._asked.body(self._tier.model.model)
                reply = await plant.upstream.send(self._endpoint(), request)
                attempt.status = reply.status
                self._streams = reply.status == 200 and self._flows(reply)
                body = b"" if self._streams else await reply.read()
            if self._streams:
                await self._pass_on(attempt, reply)
        except (asyncio.CancelledError, ConnectionError):
            if reply is not None:
                reply.close()
            self._close(attempt, "caller-left", served=self._streams, aborted=True)
            raise
        except TimeoutError:
            message = f"{self._tier.model} did not answer within {limit:g} s."
            self._failed(attempt, UpstreamError(message, kind="timeout", status=504))
        except UpstreamError as error:
            if self._streams:
                self._close(attempt, error.kind, served=True, aborted=True)
                # the caller's connection is cut, so that what it has does not look whole
                raise ConnectionError("the provider broke off") from error
            if error.kind in UNSENT:
                model = self._tier.model
                log.warning("%s on %s: %s (%s)", self._request_id, model, error.kind, error)
            if error.kind == "connect":
                error = unreachable(self._tier.model.provider)
            self._failed(attempt, error)
        else:
            if not self._streams:
                self._answer(attempt, reply, body)

    def _endpoint(self) -> Endpoint:
        provider, asked = self._plant.providers[self._tier.model.provider], self._asked
        if asked.content_type:
            return provider.once(asked.kind.path, [("content-type", asked.content_type)])
        return provider.endpoint(asked.kind.path)

    def _flows(self, reply: Reply) -> bool:
        """Whether an answer is passed on as it comes; one without a type is taken for JSON."""
        media_type = (reply.header("content-type") or JSON[1]).partition(";")[0]
        return not self._asked.kind.text_only and media_type.strip().lower() != JSON[1]

    async def _pass_on(self, attempt: Attempt, reply: Reply) -> None:
        """Give the caller what comes, until all has; the row is written before its end goes out.

        Raises:
            UpstreamError: it broke off, or was silent for too long.
            ConnectionError: the caller has gone.
        """
        sort = reply.header("content-type") or JSON[1]
        listener = Listener(self._asked.kind) if sort.lower().startswith(EVENTS) else None
        self._listener = listener
        out = self._caller.stream(200, [("content-type", sort), *self._headers(None)])

        def forward(chunk: bytes) -> bool:
            if attempt.first_token is None:
                attempt.first_token = self._plant.clock.monotonic()
            if listener is not None:
                listener.feed(chunk)
            return out.write(chunk)

        while await reply.pour(forward, self._plant.idle_timeout):
            await out.send(b"")  # until the caller has taken enough
        failed = listener is not None and listener.error
        self._close(attempt, "stream-error" if failed else None, served=True)

    def _answer(self, attempt: Attempt, reply: Reply, body: bytes) -> None:
        good = reply.status == 200
        if good:
            self._told = told(self._asked.kind, body)
            attempt.measured(self._told.usage, Usage(input=self.tokens))
            attempt.model_answered = self._told.model
        spent = self._close(attempt, None if good else "status", served=good)
        headers = [JSON, *self._headers(spent)]
        if not good:
            headers += told_of(reply.header)
        self._caller.respond(reply.status, headers, body)

    def _failed(self, attempt: Attempt, error: UpstreamError) -> None:
        billed = error.kind == "timeout" or attempt.status is not None
        if billed:
            attempt.measured(None, Usage(input=self.tokens))
        spent = self._close(attempt, error.kind)
        headers = [JSON, *self._headers(spent)]
        self._caller.respond(error.status, headers, refuse(DIALECT, error))

    def _headers(self, spent: int | None) -> list[tuple[str, str]]:
        headers = [
            ("x-headgate-request-id", self._request_id),
            (DIALECTS[DIALECT].request_id, self._request_id),
            ("x-headgate-model", str(self._tier.model)),
        ]
        if spent is not None:
            headers.append(("x-headgate-cost-usd", usd(spent)))
        return headers

    def _price(self, attempt: Attempt) -> tuple[str | None, int | None]:
        """The card's id and what the attempt cost on it, in nano-USD; None: not known."""
        usage, source = attempt.usage, attempt.usage_source
        if self._asked.kind.text_only or source == "none":
            return attempt.price(self._plant.pricer, self._tier.model)[:2]
        card = self._plant.pricer.card(self._tier.model, attempt.at_us, usage.service_tier)
        if card is None:
            return None, None
        said = self._told
        if source != "measured" or said.beside:
            return card.id, charge_untold(card)
        return card.id, charge_media(card, usage, said.other_input, said.other_output)

    def _close(
        self, attempt: Attempt, error: str | None, *, served: bool = False, aborted: bool = False
    ) -> int | None:
        """Write the attempt down; what it cost in nano-USD, None where no price is known.

        No tier answers such a request, so the all-premium baseline pays for it the same.
        """
        plant, tier = self._plant, self._tier
        if self._listener is not None:
            self._told = self._listener.told()
            attempt.model_answered = self._told.model
        if self._streams or aborted:
            attempt.measured(self._told.usage, Usage(input=self.tokens))
        card, cost = self._price(attempt)
        began, first_token, headers = attempt.began, attempt.first_token, self._caller.headers
        # By position, as `books` does it and for its reasons: by name it takes eight times as long.
        asked = (
            self._request_id,
            attempt.number,
            attempt.at_us,
            self._purpose,
            DIALECT,
            plant.providers[tier.model.provider].dialect,
            self._caller.path.rstrip("/"),
            self._asked.model,
            False,  # nobody decided
            tier.name,
            False,  # it is not the premium tier
            tier.model.provider,
            tier.model.model,
            "pinned",
            attempt.cause,
            served,
            int((plant.clock.monotonic() - began) * 1e6),
        )
        came_of_it = (
            attempt.model_answered,
            None,  # no score
            attempt.status,
            error,
            self._streams,
            aborted,
            attempt.usage,
            attempt.usage_source,
            card,
            cost,
            cost,  # all premium would have cost the same
            None if first_token is None else int((first_token - began) * 1e6),
            None,  # no wait for the decision
            self._visitor.key_id,
            self._visitor.team_name,
            "",  # no policy
            None,  # no router
            None,  # no category
            None,  # no trace
            headers.get(SESSION_HEADER),
            headers.get(TAGS_HEADER),
            plant.config,
        )
        plant.recorder.record(Entry(*(asked + came_of_it)))
        return cost
