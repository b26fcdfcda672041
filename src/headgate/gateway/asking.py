"""A short question of our own to a small model: the classifier's, the judge's, an embedding."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from headgate.errors import UpstreamError
from headgate.gateway.books import Books
from headgate.gateway.plant import Plant
from headgate.gateway.record import estimated
from headgate.gateway.upstream import UNSENT, Reply
from headgate.ledger.entry import Purpose
from headgate.routing.tier import Tier
from headgate.values import Usage, tokens_in
from headgate.wire import embeddings
from headgate.wire.lane import (
    DIALECTS,
    Inbound,
    UnusableAnswerError,
    small_answer,
    small_request,
)

__all__ = ["Asking"]

T = TypeVar("T")


class Asking:
    """Puts questions for one request, and writes down what they cost."""

    def __init__(self, plant: Plant, inbound: Inbound, books: Books) -> None:
        self._plant = plant
        self._inbound = inbound
        self._books = books
        self.reply: Reply | None = None
        """The one under way, or the last."""

    async def ask(
        self,
        purpose: Purpose,
        tier: Tier,
        words: tuple[str, str],
        seconds: float,
        read: Callable[[str], T | None],
        *,
        max_tokens: int,
    ) -> T | None:
        """What `read` makes of the model's answer; None where it failed or made no sense.

        Args:
            purpose: the ledger's word for the call.
            tier: the model, dressed as a tier.
            words: the system prompt and the user message.
            seconds: how long it may take; without any, nothing is asked.
            read: the meaning of an answer's text; None where it has none.
            max_tokens: longest answer.
        """
        dialect = self._plant.providers[tier.model.provider].dialect

        def reading(answer: bytes) -> tuple[T | None, Usage | None]:
            text, usage = small_answer(dialect, answer)
            return read(text), usage

        body = small_request(dialect, tier.model.model, *words, max_tokens)
        # an answer that never came may still be billed for what was sent
        sent = estimated(self._inbound.ask, 0)
        return await self._put(purpose, tier, DIALECTS[dialect].path, body, sent, seconds, reading)

    async def embed(
        self, tier: Tier, text: str, seconds: float, read: Callable[[Sequence[float]], T]
    ) -> T | None:
        """What `read` makes of the embedding of a text; None where there is none that fits.

        `read` may raise ValueError for an embedding that makes no sense to it.
        """

        def reading(answer: bytes) -> tuple[T | None, Usage | None]:
            (vector,) = embeddings.vectors(answer, 1)
            usage, _ = embeddings.measured(answer)
            try:
                return read(vector), usage
            except ValueError:  # of another size than the router was trained with
                return None, usage

        body = embeddings.asking(tier.model.model, [text])
        sent = Usage(input=tokens_in(text))
        return await self._put("classifier", tier, embeddings.PATH, body, sent, seconds, reading)

    async def _put(
        self,
        purpose: Purpose,
        tier: Tier,
        path: str,
        body: bytes,
        sent: Usage,
        seconds: float,
        reading: Callable[[bytes], tuple[T | None, Usage | None]],
    ) -> T | None:
        plant = self._plant
        if seconds <= 0 or not plant.brakes.may_call(tier.model, plant.clock.monotonic()):
            return None  # without time or hope nothing is sent, and so nothing paid
        provider = plant.providers[tier.model.provider]
        attempt = self._books.begin(purpose, tier, "first")
        found: T | None = None
        try:
            with plant.deadlines.within(seconds):
                endpoint = provider.endpoint(path)
                reply = self.reply = await plant.upstream.send(endpoint, body)
                attempt.status = reply.status
                answer = await reply.read()
            if reply.status != 200:
                attempt.error = "status"
            else:
                found, usage = reading(answer)
                attempt.measured(usage, sent)
                attempt.error = None if found is not None else "verdict"
        except TimeoutError:
            attempt.error = "timeout"
            attempt.measured(None, sent)
        except UnusableAnswerError as error:
            attempt.error = error.kind
            attempt.measured(error.usage, sent)
        except UpstreamError as error:
            attempt.error = error.kind
            attempt.detail = str(error) if error.kind in UNSENT else None
        self._books.close(attempt, served=False)
        return found
