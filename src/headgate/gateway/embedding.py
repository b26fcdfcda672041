"""Passes a request for embeddings through to the provider named, and writes down what it cost."""

from __future__ import annotations

import asyncio
import logging

from headgate.errors import RequestError, UpstreamError
from headgate.gateway.caller import Caller
from headgate.gateway.driver import JSON
from headgate.gateway.gate import NOBODY, Visitor
from headgate.gateway.permission import permit_model
from headgate.gateway.plant import Plant
from headgate.gateway.record import TAGS_HEADER, Attempt
from headgate.gateway.retry_after import told_of
from headgate.gateway.upstream import UNSENT, Reply, unreachable
from headgate.ledger.entry import Entry, Purpose
from headgate.routing.policy import AUTO
from headgate.routing.session import SESSION_HEADER
from headgate.routing.tier import PINNED, Tier
from headgate.values import ModelRef, Usage, usd
from headgate.wire.embeddings import PATH, Embeddings, measured, read, speaks
from headgate.wire.lane import DIALECTS, refuse

__all__ = ["Embedding", "embedding_of"]

log = logging.getLogger("headgate.gateway")

DIALECT = "openai"
PURPOSE: Purpose = "embedding"


def embedding_of(
    plant: Plant, caller: Caller, body: bytes, request_id: str, visitor: Visitor = NOBODY
) -> Embedding:
    """The request for embeddings that a body is, to be run once it has been paid for.

    Raises:
        RequestError: it is no such request, names no model that can be called, or one that is not
            open to the visitor.
    """
    asked = read(body)
    model = _model(plant, asked.model)
    permit_model(visitor, model)
    return Embedding(plant, caller, asked, model, request_id, visitor)


def _model(plant: Plant, asked: str) -> ModelRef:
    """The model that answers: `provider/model` as asked, else the one that is set, if it is meant.

    Raises:
        RequestError: none is.
    """
    default = plant.embedding_model
    if default is not None and asked in (AUTO, default.model, str(default)):
        return default
    try:
        model = ModelRef.parse(asked)
    except ValueError:
        model = None
    if model is None or model.provider not in plant.providers:
        hint = f" or ask for `{default.model}`" if default else ""
        raise RequestError(
            f"No provider is known for the embedding model `{asked[:100]}`.",
            status=404,
            code="model_not_found",
            param="model",
            fix=f"Name it as `provider/model`, with a configured provider{hint}.",
        )
    if not speaks(plant.providers[model.provider].dialect):
        raise RequestError(
            f"The provider `{model.provider}` has no embeddings.",
            code="unsupported_value",
            param="model",
            fix="Name a model of a provider that speaks OpenAI's dialect.",
        )
    return model


class Embedding:
    """One request: one call, its answer as it comes, its tokens metered."""

    def __init__(
        self,
        plant: Plant,
        caller: Caller,
        asked: Embeddings,
        model: ModelRef,
        request_id: str,
        visitor: Visitor,
    ) -> None:
        self._plant = plant
        self._caller = caller
        self._asked = asked
        self._tier = Tier(name=PINNED, model=model, attempts=1, fallback=False)
        self._request_id = request_id
        self._visitor = visitor
        self.model = model
        self.tokens = asked.tokens
        """Estimated input tokens."""

    async def run(self) -> None:
        """Answer it."""
        plant = self._plant
        clock = plant.clock
        attempt = Attempt(
            0, "embedding", self._tier, "first", int(clock.time() * 1e6), clock.monotonic()
        )
        reply: Reply | None = None
        provider = plant.providers[self._tier.model.provider]
        limit = plant.limits.request_timeout
        try:
            with plant.deadlines.within(limit):
                request = self._asked.request(self._tier.model.model)
                reply = await plant.upstream.send(provider.endpoint(PATH), request)
                attempt.status = reply.status
                body = await reply.read()
        except asyncio.CancelledError:
            if reply is not None:
                reply.close()
            self._close(attempt, "caller-left", aborted=True)
            raise
        except TimeoutError:
            message = f"{self._tier.model} did not answer within {limit:g} s."
            self._failed(attempt, UpstreamError(message, kind="timeout", status=504))
        except UpstreamError as error:
            if error.kind in UNSENT:
                model = self._tier.model
                log.warning("%s on %s: %s (%s)", self._request_id, model, error.kind, error)
            if error.kind == "connect":
                error = unreachable(self._tier.model.provider)
            self._failed(attempt, error)
        else:
            self._answer(attempt, reply, body)

    def _answer(self, attempt: Attempt, reply: Reply, body: bytes) -> None:
        good = reply.status == 200
        if good:
            usage, attempt.model_answered = measured(body)
            attempt.measured(usage, Usage(input=self._asked.tokens))
        spent = self._close(attempt, None if good else "status", served=good)
        headers = [JSON, *self._headers(spent)]
        if not good:
            headers += told_of(reply.header)
        self._caller.respond(reply.status, headers, body)

    def _failed(self, attempt: Attempt, error: UpstreamError) -> None:
        billed = error.kind == "timeout" or attempt.status is not None
        if billed:
            attempt.measured(None, Usage(input=self._asked.tokens))
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

    def _close(
        self, attempt: Attempt, error: str | None, *, served: bool = False, aborted: bool = False
    ) -> int | None:
        """Write the attempt down; what it cost in nano-USD, None where no price is known.

        No tier answers such a request, so the all-premium baseline pays for it the same.
        """
        plant, tier = self._plant, self._tier
        if aborted:
            attempt.measured(None, Usage(input=self._asked.tokens))
        card, cost, _ = attempt.price(plant.pricer, tier.model)
        headers = self._caller.headers
        # By position, as `books` does it and for its reasons: by name it takes eight times as long.
        asked = (
            self._request_id,
            attempt.number,
            attempt.at_us,
            PURPOSE,
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
            int((plant.clock.monotonic() - attempt.began) * 1e6),
        )
        came_of_it = (
            attempt.model_answered,
            None,  # no score
            attempt.status,
            error,
            False,  # not streamed
            aborted,
            attempt.usage,
            attempt.usage_source,
            card,
            cost,
            cost,  # all premium would have cost the same
            None,  # no first token
            None,  # nor a wait for the decision
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
