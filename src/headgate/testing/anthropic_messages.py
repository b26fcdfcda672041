"""The simulated provider's Anthropic dialect: Messages, strictly read, whole or streamed.

Written from the public API reference, and on purpose without the gateway's own translation code: a
mistake there must not be repeated here and so go unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import msgspec

from headgate.testing.anthropic_request import bad, read, read_count, signature
from headgate.testing.brain import Prompt
from headgate.testing.dialect import Json, Piece, Refused, Reply, pieces
from headgate.values import Usage

__all__ = ["AnthropicMessages"]


class AnthropicMessages:
    """`POST /v1/messages` as Anthropic defines it."""

    name = "anthropic"
    path = "/v1/messages"
    count_path = "/v1/messages/count_tokens"

    def admit(self, headers: Mapping[str, str], key: str | None) -> None:
        """A key and a version are needed. Raises Refused (401, 400)."""
        bearer = headers.get("authorization", "").removeprefix("Bearer ")
        sent = headers.get("x-api-key", "") or bearer  # the official SDK 2.x sends a bearer token
        if not sent:
            raise Refused(401, "authentication_error", "The x-api-key header is required.")
        if key is not None and sent != key:
            raise Refused(401, "authentication_error", "The x-api-key is not valid.")
        if not headers.get("anthropic-version"):
            raise bad("anthropic-version: the header is required")

    def read(self, body: bytes) -> Prompt:
        """Read and check a request. Raises Refused (400)."""
        return read(body)

    def count(self, body: bytes) -> Prompt:
        """Read and check a request for a count of its tokens. Raises Refused (400)."""
        return read_count(body)

    def counted(self, prompt: Prompt) -> bytes:
        """The count."""
        return msgspec.json.encode({"input_tokens": prompt.input_tokens})

    def unknown_model(self, model: str) -> Refused:
        """404 `not_found_error`."""
        return Refused(404, "not_found_error", f"model: {model}")

    def failure(self, fault: str, retry_after: int) -> Refused:
        """529, 429 or 500."""
        if fault == "overloaded":
            return Refused(529, "overloaded_error", "Overloaded", retry_after=retry_after)
        if fault == "rate_limited":
            return Refused(
                429,
                "rate_limit_error",
                "This key has exceeded its rate limit.",
                retry_after=retry_after,
            )
        return Refused(500, "api_error", "Internal server error")

    def refusal(self, refused: Refused, request_id: str) -> bytes:
        """`{"type": "error", "error": {"type", "message"}, "request_id"}`."""
        return msgspec.json.encode(
            {
                "type": "error",
                "error": {"type": refused.kind, "message": refused.message},
                "request_id": request_id,
            }
        )

    def models(self, names: tuple[str, ...]) -> bytes:
        """A page with everything on it."""
        data = [
            {
                "type": "model",
                "id": name,
                "display_name": name,
                "created_at": "1970-01-01T00:00:00Z",
            }
            for name in names
        ]
        ends = (names[0], names[-1]) if names else (None, None)
        return msgspec.json.encode(
            {"data": data, "has_more": False, "first_id": ends[0], "last_id": ends[1]}
        )

    def whole(self, reply: Reply) -> bytes:
        """A `message` object."""
        content: list[Json] = [_thought(reply)] if reply.prompt.thinking else []
        content += [{"type": "text", "text": reply.text}] if reply.text else []
        content += [
            {**_use(reply, index), "input": json.loads(use.arguments)}
            for index, use in enumerate(reply.tools)
        ]
        return msgspec.json.encode(
            {
                **_frame(reply),
                "content": [] if reply.empty else content,
                "stop_reason": _stop_reason(reply),
                "usage": _usage(reply.usage, reply.usage.output),
            }
        )

    def stream(self, reply: Reply) -> Iterator[Piece]:
        """`message_start`, the blocks with a `ping` among them, `message_delta`, `message_stop`."""
        opening = {**_frame(reply), "usage": _usage(reply.usage, min(1, reply.usage.output))}
        yield Piece(_event("message_start", message=opening))
        if not reply.empty:
            yield from _blocks(reply)
        yield Piece(
            _event(
                "message_delta",
                delta={"stop_reason": _stop_reason(reply), "stop_sequence": None},
                usage={"output_tokens": reply.usage.output},
            )
        )
        yield Piece(_event("message_stop"))


def _frame(reply: Reply) -> Json:
    return {
        "id": f"msg_{reply.id}",
        "type": "message",
        "role": "assistant",
        "model": reply.prompt.model,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
    }


def _stop_reason(reply: Reply) -> str:
    return {"stop": "end_turn", "length": "max_tokens", "tools": "tool_use"}[reply.finish]


def _use(reply: Reply, index: int) -> Json:
    return {
        "type": "tool_use",
        "id": f"toolu_{reply.id}{index}",
        "name": reply.tools[index].name,
    }


def _usage(usage: Usage, output: int) -> Json:
    tier = usage.service_tier
    served = {"service_tier": "standard", "speed": "fast"} if tier == "fast" else {}
    return {
        "input_tokens": usage.input,
        "cache_creation_input_tokens": usage.cache_write_5m + usage.cache_write_1h,
        "cache_read_input_tokens": usage.cache_read,
        "cache_creation": {
            "ephemeral_5m_input_tokens": usage.cache_write_5m,
            "ephemeral_1h_input_tokens": usage.cache_write_1h,
        },
        "output_tokens": output,
        "service_tier": tier or "standard",
        **served,
    }


def _thought(reply: Reply) -> Json:
    """Some reasoning. It is not billed, so that thinking leaves the bill as it is without it."""
    thinking = f"What is to be said to {reply.prompt.last_user[:40]!r}?"
    sign = signature(reply.prompt.model, thinking)
    return {"type": "thinking", "thinking": thinking, "signature": sign}


def _blocks(reply: Reply) -> Iterator[Piece]:
    index = 0
    if reply.prompt.thinking:
        thought = _thought(reply)
        deltas: list[Json] = [
            {"type": "thinking_delta", "thinking": thought["thinking"]},
            {"type": "signature_delta", "signature": thought["signature"]},
        ]
        start = {"type": "thinking", "thinking": "", "signature": ""}
        yield Piece(_event("content_block_start", index=0, content_block=start))
        for delta in deltas:
            yield Piece(_event("content_block_delta", index=0, delta=delta))
        yield Piece(_event("content_block_stop", index=0))
        index = 1
    if reply.text:
        opening: Json = {"type": "text", "text": ""}
        yield Piece(_event("content_block_start", index=index, content_block=opening))
        yield Piece(_event("ping"))
        for text in pieces(reply.text):
            delta = {"type": "text_delta", "text": text}
            yield Piece(_event("content_block_delta", index=index, delta=delta), len(text))
        yield Piece(_event("content_block_stop", index=index))
        index += 1
    for number, use in enumerate(reply.tools):
        opening = {**_use(reply, number), "input": {}}
        yield Piece(
            _event("content_block_start", index=index + number, content_block=opening),
            len(use.name),
        )
        for text in ("", *pieces(use.arguments)):
            delta = {"type": "input_json_delta", "partial_json": text}
            yield Piece(_event("content_block_delta", index=index + number, delta=delta), len(text))
        yield Piece(_event("content_block_stop", index=index + number))


def _event(kind: str, **fields: object) -> bytes:
    return (
        f"event: {kind}\ndata: ".encode() + msgspec.json.encode({"type": kind, **fields}) + b"\n\n"
    )
