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
from headgate.gateway.upstream import Reply, unreachable
from headgate.ledger.entry import Entry
from headgate.routing.policy import AUTO
from headgate.routing.session import SESSION_HEADER
from headgate.routing.tier import PINNED, Tier
from headgate.values import ModelRef, Usage, usd
from headgate.wire.embeddings import PATH, Embeddings, measured, read, speaks
from headgate.wire.lane import DIALECTS, refuse

__all__ = ["Embedding", "embedding_of"]

log = logging.getLogger("headgate.gateway")

DIALECT = "openai"


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
            if error.kind == "connect":
                log.warning("%s on %s: connect (%s)", self._request_id, self._tier.model, error)
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
        retry_after = reply.header("retry-after")
        if not good and retry_after is not None and retry_after.isprintable():
            headers.append(("retry-after", retry_after))
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
        plant.recorder.record(
            Entry(
                request_id=self._request_id,
                attempt=attempt.number,
                at_us=attempt.at_us,
                purpose="embedding",
                dialect_in=DIALECT,
                dialect_out=plant.providers[tier.model.provider].dialect,
                route=self._caller.path.rstrip("/"),
                asked=self._asked.model,
                routed=False,
                tier=tier.name,
                premium=False,
                provider=tier.model.provider,
                model_asked=tier.model.model,
                model_answered=attempt.model_answered,
                reason="pinned",
                cause=attempt.cause,
                served=served,
                status=attempt.status,
                error=error,
                aborted=aborted,
                usage=attempt.usage,
                usage_source=attempt.usage_source,
                card=card,
                cost_nano=cost,
                premium_nano=cost,
                total_us=int((plant.clock.monotonic() - attempt.began) * 1e6),
                key=self._visitor.key_id,
                team=self._visitor.team_name,
                session=self._caller.headers.get(SESSION_HEADER),
                tags=self._caller.headers.get(TAGS_HEADER),
                config=plant.config,
            )
        )
        return cost
