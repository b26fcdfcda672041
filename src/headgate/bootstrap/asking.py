"""Asking models outside the gateway: one call at a time, paid from an allowance, with receipts."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from hashlib import sha256
from typing import NamedTuple

from msgspec.structs import replace

from headgate.analysis.purse import Allowance
from headgate.analysis.questions import said
from headgate.analysis.receipts import Receipt, Receipts
from headgate.analysis.vectors import packed
from headgate.bootstrap.book import card_of
from headgate.bootstrap.clock import SystemClock
from headgate.bootstrap.gateway import provider_of, secrets_of
from headgate.errors import ConfigError, UpstreamError
from headgate.gateway.provider import Provider
from headgate.gateway.retry_after import seconds_of
from headgate.gateway.upstream import Upstream
from headgate.prices.book import Book
from headgate.prices.card import Card
from headgate.prices.charge import charge
from headgate.settings.schema import Settings
from headgate.values import Clock, ModelRef, Usage
from headgate.wire import embeddings
from headgate.wire.lane import DIALECTS, UnusableAnswerError
from headgate.wire.neutral import Request
from headgate.wire.passed import speaks

__all__ = ["Asker", "Embedder", "Patience", "Said", "Seat", "embedder_of", "seats_of"]

TEMPLATE_TOKENS = 64
"""What a provider's own template may add to the tokens of a body."""
LEAST_OUTPUT = 16
"""Of OpenAI's Responses: a smaller limit is raised to it."""
NEVER_BILLED = frozenset({"connect", "status"})
"""Failures after which a provider has surely charged nothing."""
WRONG_USE = frozenset({401, 403, 404})
WORTH_ANOTHER = frozenset({408, 409, 425, 429})


class Said(NamedTuple):
    """What a model answered: what a receipt keeps of it, why it ended, and its tokens."""

    text: str
    stop: str
    usage: Usage | None


class Seat(NamedTuple):
    """A model that is asked, with its provider, its price and how long an answer may take."""

    ref: ModelRef
    provider: Provider
    card: Card
    timeout: float

    def body(self, request: Request) -> bytes:
        """The call.

        Raises:
            RequestError: its dialect cannot say the request.
        """
        dialect = DIALECTS[self.provider.dialect]
        dialect.check(request, dialect.words)
        return dialect.write_request(request, self.ref.model)

    def key(self, body: bytes) -> str:
        """What a receipt for this call goes by."""
        return sha256(f"{self.ref}\0".encode() + body).hexdigest()

    def worst(self, body: bytes, most_tokens: int) -> int:
        """The most that a call can cost, nano-USD: a token is no shorter than a byte."""
        found = charge(
            self.card, Usage(len(body) + TEMPLATE_TOKENS, max(LEAST_OUTPUT, most_tokens))
        )
        assert found is not None  # noqa: S101 - `seats_of` sees to it
        return found

    def cost(self, usage: Usage | None, worst: int) -> int:
        """What these tokens cost; the worst where they, or the price of a kind, are not known."""
        found = None if usage is None else charge(self.card, usage)
        return worst if found is None else found

    @property
    def path(self) -> str:
        """Where the call goes, below the provider's base URL."""
        return DIALECTS[self.provider.dialect].path

    def read(self, told: bytes, _: bytes) -> Said:
        """An answer, to the body that was sent.

        Raises:
            UnusableAnswerError: it is none.
        """
        answer = DIALECTS[self.provider.dialect].read_answer(told, False)
        return Said(said(answer), answer.stop, answer.usage)


class Embedder(Seat):
    """A model that makes embeddings; a body of its calls is a list of texts."""

    __slots__ = ()

    def worst(self, body: bytes, _: int = 0) -> int:
        """The most that a call can cost, nano-USD: a token is no shorter than a byte."""
        found = charge(self.card, Usage(len(body) + TEMPLATE_TOKENS))
        assert found is not None  # noqa: S101 - `embedder_of` sees to it
        return found

    @property
    def path(self) -> str:
        """Where the call goes, below the provider's base URL."""
        return embeddings.PATH

    def read(self, told: bytes, body: bytes) -> Said:
        """The embeddings, packed by the digests of their texts.

        Raises:
            UnusableAnswerError: they are not those of the texts that were sent.
        """
        texts = embeddings.texts(body)
        usage, _ = embeddings.measured(told)
        return Said(packed(texts, embeddings.vectors(told, len(texts))), "stop", usage)


class Patience(NamedTuple):
    """How often a call is tried, and how long is waited between."""

    attempts: int = 4
    backoff_base: float = 0.5
    backoff_max: float = 20.0
    max_retry_after: float = 60.0


def seats_of(
    settings: Settings, env: Mapping[str, str], book: Book, day: date, judge: ModelRef
) -> tuple[Seat, Seat, Seat]:
    """The cheap tier's model, the premium one's, and the judge.

    Raises:
        ConfigError: a provider is not in the file, its key is not set, or a price is not known:
            a cap can be held with known prices only.
    """
    cheap, premium = settings.tiers[0], settings.premium
    wanted = [
        (ModelRef.parse(cheap.model), cheap.timeout),
        (ModelRef.parse(premium.model), premium.timeout),
        (judge, premium.timeout),
    ]
    providers = _providers(settings, env, [ref for ref, _ in wanted])
    found = [
        Seat(ref, providers[ref.provider], _card(book, settings, ref, day), timeout)
        for ref, timeout in wanted
    ]
    return found[0], found[1], found[2]


def embedder_of(
    settings: Settings, env: Mapping[str, str], book: Book, day: date, ref: ModelRef
) -> Embedder:
    """A model for embeddings.

    Raises:
        ConfigError: as for `seats_of`, or its provider does not speak OpenAI's dialect.
    """
    provider = _providers(settings, env, [ref])[ref.provider]
    if not speaks(provider.dialect):
        raise ConfigError(
            f"The provider of {ref} has no embeddings.",
            fix="Name a model of a provider that speaks OpenAI's dialect.",
        )
    card = card_of(book, settings, ref, day)
    if charge(card, Usage(1)) is None:
        raise ConfigError(
            f"The price list has no price of input for {ref}.",
            fix=f'State input, and output = "0", below [prices."{ref}"]: else no cap can be held.',
        )
    return Embedder(ref, provider, card, settings.premium.timeout)


def _providers(
    settings: Settings, env: Mapping[str, str], refs: Sequence[ModelRef]
) -> dict[str, Provider]:
    """The models' providers; no other needs its key."""
    names = {ref.provider for ref in refs}
    entries = tuple(entry for entry in settings.providers if entry.name in names)
    known = {entry.name for entry in entries}
    for ref in refs:
        if ref.provider not in known:
            raise ConfigError(
                f"{ref} is of a provider that is not in the file.",
                fix=f"Add a section [providers.{ref.provider}].",
            )
    server = replace(settings.server, api_key_env=None)
    keys = secrets_of(replace(settings, providers=entries, server=server), env)
    return {entry.name: provider_of(entry, keys, settings.egress) for entry in entries}


def _card(book: Book, settings: Settings, ref: ModelRef, day: date) -> Card:
    card = card_of(book, settings, ref, day)
    if charge(card, Usage(1, 1)) is None:
        raise ConfigError(
            f"The price list has no price of input or output for {ref}.",
            fix=f'State both below [prices."{ref}"]: without them no cap can be held.',
        )
    return card


class Asker:
    """Sends calls, at most `concurrency` at once, and keeps the receipts.

    Args:
        upstream: the HTTP client.
        receipts: what has been paid; a call that is among them is not sent again.
        concurrency: calls under way at once.
        patience: of retries.
        jitter: numbers of 0..1 that spread the waits.
        clock: for Retry-After and receipts.
    """

    def __init__(
        self,
        upstream: Upstream,
        receipts: Receipts,
        *,
        concurrency: int,
        patience: Patience,
        jitter: Callable[[], float],
        clock: Clock | None = None,
    ) -> None:
        self._upstream = upstream
        self._receipts = receipts
        self._gate = asyncio.Semaphore(concurrency)
        self._patience = patience
        self._jitter = jitter
        self._clock = clock or SystemClock()
        self._locks: dict[str, asyncio.Lock] = {}
        self.sent = 0
        """Calls sent, retries among them."""

    async def ask(self, seat: Seat, body: bytes, most_tokens: int, money: Allowance) -> Receipt:
        """The answer to a call: from its receipt, or paid now.

        Two that ask the same at once pay once.

        Raises:
            UpstreamError: the provider failed, for good.
            SpentError: the money does not suffice.
            ConfigError: the provider refuses the key or does not know the model.
        """
        key = seat.key(body)
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key in self._receipts.paid:
                return self._receipts.paid[key]
            async with self._gate:
                return await self._tried(seat, key, body, most_tokens, money)

    async def _tried(
        self, seat: Seat, key: str, body: bytes, most_tokens: int, money: Allowance
    ) -> Receipt:
        for attempt in range(1, self._patience.attempts + 1):
            try:
                return await self._paid(seat, key, body, most_tokens, money)
            except _RefusedError as refusal:
                wait = self._wait(refusal, attempt)
                if wait is None or attempt == self._patience.attempts:
                    raise refusal.error from None
                await asyncio.sleep(wait)
        raise AssertionError("the last attempt returns or raises")  # pragma: no cover

    def _wait(self, refusal: _RefusedError, attempt: int) -> float | None:
        """Seconds until another attempt is worth it; None: never."""
        error = refusal.error
        retryable = error.kind != "status" or error.status in WORTH_ANOTHER or error.status >= 500
        if not retryable:
            return None
        patience, spread = self._patience, self._jitter()
        if refusal.retry_after is not None:
            if refusal.retry_after > patience.max_retry_after:
                return None
            return refusal.retry_after * (1 + 0.1 * spread)
        growing = patience.backoff_base * float(2 ** (attempt - 1))
        return min(patience.backoff_max, growing) * (0.5 + spread / 2)

    async def _paid(
        self, seat: Seat, key: str, body: bytes, most_tokens: int, money: Allowance
    ) -> Receipt:
        worst = seat.worst(body, most_tokens)
        money.draw(worst)
        self._receipts.add(Receipt(key, "sent", worst))
        self.sent += 1
        cost = worst
        ended = False
        try:
            found = await self._call(seat, key, body, worst)
            cost = found.nano
            self._receipts.add(found)
            ended = True
            return found
        except ConfigError:  # the provider refuses every call: going on would only repeat it
            cost = 0
            raise
        except _RefusedError as refusal:
            cost = refusal.cost
            raise
        finally:  # also where it is cancelled: what was under way may have been billed
            if not ended:
                self._receipts.add(Receipt(key, "failed", cost))
            money.settle(worst, cost)

    async def _call(self, seat: Seat, key: str, body: bytes, worst: int) -> Receipt:
        try:
            async with asyncio.timeout(seat.timeout):
                reply = await self._upstream.send(seat.provider.endpoint(seat.path), body)
                told = await reply.read()
        except TimeoutError:
            late = UpstreamError(
                f"{seat.ref} did not answer within {seat.timeout:g} s.", kind="timeout", status=504
            )
            raise _RefusedError(late, worst) from None
        except UpstreamError as error:
            cost = 0 if error.kind in NEVER_BILLED else worst
            raise _RefusedError(error, cost) from error
        if reply.status != 200:
            raise self._turned_down(seat, reply.status, reply.header("retry-after"))
        try:
            answer = seat.read(told, body)
        except UnusableAnswerError as error:
            raise _RefusedError(error, seat.cost(error.usage, worst)) from error
        usage = answer.usage
        return Receipt(
            key,
            "paid",
            seat.cost(usage, worst),
            model=str(seat.ref),
            text=answer.text,
            stop=answer.stop,
            input_tokens=0 if usage is None else usage.total_input,
            output_tokens=0 if usage is None else usage.output,
            at=self._clock.time(),
        )

    def _turned_down(self, seat: Seat, status: int, header: str | None) -> Exception:
        if status in WRONG_USE:
            return ConfigError(
                f"{seat.ref}: the provider {seat.provider.name} answers {status}.",
                fix="Check the key, the model's name and base_url of this provider.",
            )
        error = UpstreamError(f"{seat.ref} answers {status}.", kind="status", status=status)
        return _RefusedError(error, 0, seconds_of(header, self._clock.time()))


class _RefusedError(Exception):
    """An attempt that failed, what it may have cost, and how long the provider asks to wait."""

    def __init__(self, error: UpstreamError, cost: int, retry_after: float | None = None) -> None:
        super().__init__(error.message)
        self.error = error
        self.cost = cost
        self.retry_after = retry_after
