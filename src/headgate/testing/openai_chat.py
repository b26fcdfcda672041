"""The simulated provider's OpenAI dialect: chat completions, strictly read, whole or streamed.

Written from the public API reference and recorded exchanges, and on purpose without the gateway's
own translation code: a mistake there must not be repeated here and so go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import msgspec

from headgate.testing.brain import Prompt
from headgate.testing.dialect import Json, Piece, Refused, Reply, pieces
from headgate.testing.openai_chat_request import read

__all__ = ["OpenAIChat"]


class OpenAIChat:
    """`POST /v1/chat/completions` as OpenAI defines it."""

    name = "openai"
    path = "/v1/chat/completions"

    def admit(self, headers: Mapping[str, str], key: str | None) -> None:
        """A bearer token is needed. Raises Refused (401)."""
        scheme, _, sent = headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not sent.strip():
            raise Refused(
                401,
                "invalid_request_error",
                "No API key was sent. Put it into an Authorization header as a bearer token.",
            )
        if key is not None and sent.strip() != key:
            raise Refused(
                401,
                "invalid_request_error",
                "The API key is not one of this provider's.",
                code="invalid_api_key",
            )

    def read(self, body: bytes) -> Prompt:
        """Read and check a request. Raises Refused (400)."""
        return read(body)

    def unknown_model(self, model: str) -> Refused:
        """404 with the code `model_not_found`."""
        return Refused(
            404,
            "invalid_request_error",
            f"The model `{model}` does not exist here.",
            code="model_not_found",
        )

    def failure(self, fault: str, retry_after: int) -> Refused:
        """503, 429 or 500."""
        if fault == "overloaded":
            return Refused(
                503, "server_error", "The servers are overloaded.", retry_after=retry_after
            )
        if fault == "rate_limited":
            return Refused(
                429,
                "requests",
                "Too many requests for this key; slow down.",
                code="rate_limit_exceeded",
                retry_after=retry_after,
            )
        return Refused(500, "server_error", "The server had an error while answering.")

    def refusal(self, refused: Refused, request_id: str) -> bytes:  # noqa: ARG002 - in a header here
        """`{"error": {"message", "type", "param", "code"}}`."""
        return msgspec.json.encode(
            {
                "error": {
                    "message": refused.message,
                    "type": refused.kind,
                    "param": refused.param,
                    "code": refused.code,
                }
            }
        )

    def models(self, names: tuple[str, ...]) -> bytes:
        """A list object."""
        data = [
            {"id": name, "object": "model", "created": 0, "owned_by": "simulated"} for name in names
        ]
        return msgspec.json.encode({"object": "list", "data": data})

    def whole(self, reply: Reply) -> bytes:
        """A `chat.completion` object."""
        message: Json = {"role": "assistant", "content": reply.text or None, "refusal": None}
        if reply.tools:
            message["tool_calls"] = _calls(reply)
        choices = [
            {
                "index": index,
                "message": message,
                "logprobs": None,
                "finish_reason": _finish(reply),
            }
            for index in range(0 if reply.empty else reply.prompt.choices)
        ]
        return msgspec.json.encode(
            {**_frame(reply, "chat.completion"), "choices": choices, "usage": _usage(reply)}
        )

    def stream(self, reply: Reply) -> Iterator[Piece]:
        """Chunks, the token counts in the last one if asked for, and `[DONE]`."""
        frame = _frame(reply, "chat.completion.chunk")
        if reply.prompt.include_usage:
            frame["usage"] = None
        for index in range(0 if reply.empty else reply.prompt.choices):
            for delta, characters, finish in _deltas(reply):
                choice = {
                    "index": index,
                    "delta": delta,
                    "logprobs": None,
                    "finish_reason": finish,
                }
                yield Piece(_event({**frame, "choices": [choice]}), characters)
        if reply.prompt.include_usage:
            yield Piece(_event({**frame, "choices": [], "usage": _usage(reply)}))
        yield Piece(b"data: [DONE]\n\n")


def _frame(reply: Reply, kind: str) -> Json:
    return {
        "id": f"chatcmpl-{reply.id}",
        "object": kind,
        "created": reply.created,
        "model": reply.prompt.model,
        "service_tier": reply.usage.service_tier or "default",
        "system_fingerprint": None,
    }


def _finish(reply: Reply) -> str:
    return "tool_calls" if reply.finish == "tools" else reply.finish


def _calls(reply: Reply) -> list[Json]:
    return [
        {
            "id": f"call_{reply.id}{index}",
            "type": "function",
            "function": {"name": use.name, "arguments": use.arguments},
        }
        for index, use in enumerate(reply.tools)
    ]


def _usage(reply: Reply) -> Json:
    usage = reply.usage
    return {
        "prompt_tokens": usage.total_input,
        "completion_tokens": usage.output,
        "total_tokens": usage.total_input + usage.output,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _deltas(reply: Reply) -> Iterator[tuple[Json, int, str | None]]:
    """The deltas of one choice, how much of the answer each holds, and its finish reason."""
    yield {"role": "assistant", "content": None if reply.tools else "", "refusal": None}, 0, None
    for text in pieces(reply.text):
        yield {"content": text}, len(text), None
    for index, (call, use) in enumerate(zip(_calls(reply), reply.tools, strict=True)):
        opening = {**call, "index": index, "function": {"name": use.name, "arguments": ""}}
        yield {"tool_calls": [opening]}, len(use.name), None
        for text in pieces(use.arguments):
            part = {"index": index, "function": {"arguments": text}}
            yield {"tool_calls": [part]}, len(text), None
    yield {}, 0, _finish(reply)


def _event(data: Json) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
