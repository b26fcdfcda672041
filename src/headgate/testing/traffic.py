"""Sends requests through a gateway with the official `openai` SDK, so many at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from headgate.errors import ConfigError

if TYPE_CHECKING:
    from openai import AsyncOpenAI, AsyncStream
    from openai.types.chat import ChatCompletion, ChatCompletionChunk

__all__ = ["Body", "Outcome", "sdk", "send"]

Body: TypeAlias = Mapping[str, object]
"""A chat completion request without `stream`."""

TIMEOUT = 60.0


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller got for one request."""

    number: int
    """Its place among the requests sent, from 0."""
    streamed: bool
    text: str = ""
    tools: int = 0
    """Tool calls in the answer."""
    finish: str | None = None
    """The finish reason; None where the answer never ended."""
    model: str = ""
    tier: str = ""
    reason: str = ""
    request_id: str = ""
    seconds: float
    error: str | None = None
    """What went wrong, in the SDK's words."""

    @property
    def ended(self) -> bool:
        """The answer came to its end."""
        return self.error is None and self.finish is not None

    @property
    def usable(self) -> bool:
        """The answer came to its end, and there is something in it."""
        return self.ended and bool(self.text or self.tools)


def sdk() -> type[AsyncOpenAI]:
    """The official SDK's client; it comes with the extra `demo`.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        from openai import AsyncOpenAI
    except ImportError as error:
        raise ConfigError(
            "The requests are sent with the official openai SDK, which is not installed.",
            fix='Install it: pip install "headgate[demo]"',
        ) from error
    return AsyncOpenAI


def send(
    base_url: str,
    key: str,
    bodies: Sequence[Body],
    *,
    concurrency: int = 16,
    streamed: Callable[[int], bool] = lambda _number: False,
    done: Callable[[Outcome], None] = lambda _outcome: None,
) -> list[Outcome]:
    """Send all bodies and wait for all answers; the outcomes are in the order of the bodies.

    The SDK's own retries are off: what fails is the gateway's to mend.

    Args:
        base_url: as the SDK wants it, `/v1` included.
        key: sent as the API key.
        bodies: the requests.
        concurrency: most requests under way at once.
        streamed: whether the request of that number is streamed.
        done: called with every outcome as it comes.

    Raises:
        ConfigError: the SDK is not installed.
    """
    client = sdk()(base_url=base_url, api_key=key, max_retries=0, timeout=TIMEOUT)
    return asyncio.run(_send(client, bodies, concurrency, streamed, done))


async def _send(
    client: AsyncOpenAI,
    bodies: Sequence[Body],
    concurrency: int,
    streamed: Callable[[int], bool],
    done: Callable[[Outcome], None],
) -> list[Outcome]:
    waiting = iter(enumerate(bodies))
    outcomes: dict[int, Outcome] = {}

    async def lane() -> None:
        for number, body in waiting:
            outcomes[number] = await _ask(client, number, body, stream=streamed(number))
            done(outcomes[number])

    async with client, asyncio.TaskGroup() as group:
        for _ in range(min(concurrency, len(bodies))):
            group.create_task(lane())
    return [outcomes[number] for number in sorted(outcomes)]


async def _ask(client: AsyncOpenAI, number: int, body: Body, *, stream: bool) -> Outcome:
    from openai import OpenAIError

    began = time.monotonic()
    create: Any = client.chat.completions.with_raw_response.create
    options = {"stream_options": {"include_usage": True}} if stream else {}
    answer: dict[str, Any] = {}
    try:
        raw = await create(**body, stream=stream, **options)
        answer = {
            "tier": raw.headers.get("x-headgate-tier", ""),
            "reason": raw.headers.get("x-headgate-reason", ""),
            "request_id": raw.headers.get("x-headgate-request-id", ""),
        }
        answer |= await _streamed(raw.parse()) if stream else _whole(raw.parse())
    except OpenAIError as error:
        answer["error"] = f"{type(error).__name__}: {error}"
    return Outcome(number=number, streamed=stream, seconds=time.monotonic() - began, **answer)


def _whole(completion: ChatCompletion) -> dict[str, Any]:
    if not completion.choices:
        return {"model": completion.model}
    choice = completion.choices[0]
    return {
        "text": choice.message.content or "",
        "tools": len(choice.message.tool_calls or ()),
        "finish": choice.finish_reason,
        "model": completion.model,
    }


async def _streamed(chunks: AsyncStream[ChatCompletionChunk]) -> dict[str, Any]:
    text: list[str] = []
    tools: set[int] = set()
    finish: str | None = None
    model = ""
    async for chunk in chunks:
        model = chunk.model or model
        for choice in chunk.choices:
            text.append(choice.delta.content or "")
            tools |= {call.index for call in choice.delta.tool_calls or ()}
            finish = choice.finish_reason or finish
    return {"text": "".join(text), "tools": len(tools), "finish": finish, "model": model}
