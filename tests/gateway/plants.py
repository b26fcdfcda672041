"""A plant without a network: providers that answer from a script, a clock that tests move."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

import msgspec

from headgate.gateway.books import Books
from headgate.gateway.deadline import Deadlines
from headgate.gateway.plant import Plant
from headgate.gateway.provider import Provider
from headgate.gateway.record import Pricer
from headgate.gateway.upstream import Endpoint, Reply
from headgate.prices.book import Book
from headgate.routing.breaker import Brakes, Breaker, Retries
from headgate.routing.controls import Helm
from headgate.routing.exchange import Exchange, Limits
from headgate.routing.guard import NOTHING
from headgate.routing.policies import Origin, Policies
from headgate.routing.policy import Decision, Policy
from headgate.routing.tier import Tier
from headgate.values import ModelRef
from headgate.wire.lane import DIALECTS, Inbound
from tests.gateway.clocks import Stopped
from tests.gateway.house import Kept

__all__ = [
    "CHEAP",
    "PREMIUM",
    "SMALL",
    "Came",
    "Scripted",
    "answer",
    "books",
    "exchange",
    "inbound",
    "plant",
    "stream",
]

CHEAP = Tier(name="cheap", model=ModelRef("anthropic", "claude-haiku-4-5"))
PREMIUM = Tier(name="premium", model=ModelRef("anthropic", "claude-sonnet-4-6"), premium=True)
SMALL = Tier(name="judge", model=ModelRef("openai", "gpt-5-mini"))
"""A third model, of a provider that speaks another dialect."""

Chunk = bytes | Exception | Callable[[], Awaitable[bytes]]
"""What comes next of an answer: bytes, a failure, or bytes that take some waiting for."""

JSON = ("content-type", "application/json")
EVENTS = ("content-type", "text/event-stream; charset=utf-8")


class Came:
    """An answer from the script, and what was done with it."""

    def __init__(
        self,
        *chunks: Chunk,
        status: int = 200,
        headers: Iterable[tuple[str, str]] = (JSON,),
    ) -> None:
        self.status = status
        self._headers = dict(headers)
        self._chunks = list(chunks)
        self.idles: list[float] = []
        """How long each chunk might have taken."""
        self.released = self.closed = False

    def header(self, name: str) -> str | None:
        return self._headers.get(name)

    async def read(self) -> bytes:
        return b"".join([await _come(chunk) for chunk in self._chunks])

    async def chunk(self, idle: float) -> bytes | None:
        self.idles.append(idle)
        return await _come(self._chunks.pop(0)) if self._chunks else None

    async def pour(self, into: Callable[[bytes], bool], idle: float) -> bool:
        while (chunk := await self.chunk(idle)) is not None:
            if not into(chunk):
                return True
        return False

    def release(self) -> None:
        self.released = True

    def close(self) -> None:
        self.closed = True


async def _come(chunk: Chunk) -> bytes:
    if isinstance(chunk, Exception):
        raise chunk
    return chunk if isinstance(chunk, bytes) else await chunk()


class Scripted:
    """An upstream that answers one call after another from its script, and keeps what was sent."""

    def __init__(self, script: Sequence[Came | Exception]) -> None:
        self._script = list(script)
        self.sent: list[tuple[Endpoint, bytes]] = []

    async def send(self, endpoint: Endpoint, body: bytes) -> Reply:
        self.sent.append((endpoint, body))
        came = self._script.pop(0)
        if isinstance(came, Exception):
            raise came
        return came

    async def close(self) -> None: ...


def plant(
    *script: Came | Exception,
    clock: Stopped | None = None,
    tiers: Sequence[Tier] = (CHEAP, PREMIUM),
    failures: int = 20,
) -> tuple[Plant, Scripted, Kept]:
    """A plant whose providers answer as scripted; where they are asked, and the rows it writes.

    A model's breaker opens after so many `failures` in a row.
    """
    upstream, kept = Scripted(script), Kept()
    models = [*(tier.model for tier in tiers), SMALL.model]
    made = Plant(
        policies=Policies(tiers, [Policy(tiers, default=tiers[0].name)]),
        helm=Helm(),
        providers={
            "anthropic": Provider("anthropic", "anthropic", "http://anthropic.test"),
            "openai": Provider("openai", "openai", "http://openai.test/v1"),
        },
        limits=Limits(),
        brakes=Brakes(models, breaker=lambda: Breaker(failures=failures)),
        retries=Retries(("anthropic", "openai")),
        idle_timeout=7.0,
        upstream=upstream,
        recorder=kept,
        pricer=Pricer(Book.shipped(), {}),
        clock=clock or Stopped(),
        deadlines=Deadlines(),
        jitter=lambda: 0.5,
        config="0123456789abcdef",
    )
    return made, upstream, kept


def exchange(
    made: Plant, decision: Decision | None = None, barred: Mapping[str, str] = NOTHING
) -> Exchange:
    """The exchange of a request that is decided, or not yet."""
    return Exchange(made.terms[None], decision, barred)


def books(made: Plant, request: Inbound, talk: Exchange | None = None) -> Books:
    """The books of a request that arrives now."""
    origin = Origin("/v1/messages", "a-key", "a-team")
    return Books(made, request, "req_1", origin, made.clock.monotonic(), talk or exchange(made))


def inbound(
    question: str = "What is the answer, please?",
    *,
    dialect: str = "anthropic",
    headers: Mapping[str, str] | None = None,
    **fields: object,
) -> Inbound:
    """A caller's request."""
    body = {"model": "auto", "messages": [{"role": "user", "content": question}], **fields}
    if dialect == "anthropic":
        body = {"max_tokens": 99, **body}
    return DIALECTS[dialect].read(msgspec.json.encode(body), headers or {})


def answer(text: str, *, model: str = "claude-haiku-4-5-20251001", **fields: object) -> bytes:
    """A whole answer in Anthropic's dialect, of 12 tokens in and 5 out."""
    body = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": model,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 5},
        **fields,
    }
    return msgspec.json.encode(body)


def stream(*texts: str, model: str = "claude-haiku-4-5-20251001") -> list[bytes]:
    """A whole stream in Anthropic's dialect, of 12 tokens in and 5 out, event by event."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": model, "content": []}
    usage = {"input_tokens": 12, "output_tokens": 1}
    events: list[dict[str, object]] = [
        {"type": "message_start", "message": {**message, "usage": usage}},
        {
            "type": "content_block_start",
            "index": 0,
            "content_block": {"type": "text", "text": ""},
        },
        *(
            {
                "type": "content_block_delta",
                "index": 0,
                "delta": {"type": "text_delta", "text": text},
            }
            for text in texts
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn"},
            "usage": {"output_tokens": 5},
        },
        {"type": "message_stop"},
    ]
    return [
        f"event: {event['type']}\ndata: ".encode() + msgspec.json.encode(event) + b"\n\n"
        for event in events
    ]
