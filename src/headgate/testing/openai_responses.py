"""The simulated provider's Responses dialect: strictly read, whole or streamed.

Written from the public API reference, and on purpose without the gateway's own translation code: a
mistake there must not be repeated here and so go unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

import msgspec

from headgate.testing.brain import Prompt
from headgate.testing.dialect import Json, Piece, Reply, pieces
from headgate.testing.openai_chat import OpenAIChat
from headgate.testing.openai_responses_request import read, sealed

__all__ = ["OpenAIResponses"]


class OpenAIResponses(OpenAIChat):
    """`POST /v1/responses` as OpenAI defines it; keys and errors are those of chat completions."""

    name = "openai-responses"
    path = "/v1/responses"

    def read(self, body: bytes) -> Prompt:
        """Read and check a request. Raises Refused (400)."""
        return read(body)

    def whole(self, reply: Reply) -> bytes:
        """A `response` object."""
        return msgspec.json.encode(_ended(reply))

    def stream(self, reply: Reply) -> Iterator[Piece]:
        """The events, from `response.created` to `response.completed`."""
        for number, (kind, fields, characters) in enumerate(_events(reply)):
            event = {"type": kind, "sequence_number": number, **fields}
            data = b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(event) + b"\n\n"
            yield Piece(data, characters)


def _response(reply: Reply) -> Json:
    return {
        "id": f"resp_{reply.id}",
        "object": "response",
        "created_at": reply.created,
        "status": "in_progress",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": reply.prompt.max_tokens,
        "metadata": {},
        "model": reply.prompt.model,
        "output": [],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "auto",
        "store": True,
        "temperature": 1.0,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "usage": None,
    }


def _ended(reply: Reply) -> Json:
    cut = reply.finish == "length"
    usage = reply.usage
    return _response(reply) | {
        "status": "incomplete" if cut else "completed",
        "incomplete_details": {"reason": "max_output_tokens"} if cut else None,
        "output": _output(reply),
        "service_tier": usage.service_tier or "default",
        "usage": {
            "input_tokens": usage.total_input,
            "input_tokens_details": {"cached_tokens": usage.cache_read, "cache_write_tokens": 0},
            "output_tokens": usage.output,
            "output_tokens_details": {"reasoning_tokens": usage.reasoning},
            "total_tokens": usage.total_input + usage.output,
        },
    }


def _output(reply: Reply) -> list[Json]:
    """The items of the answer."""
    if reply.empty:
        return []
    items: list[Json] = []
    if reply.prompt.thinking:
        item_id = f"rs_{reply.id}"
        summary = {"type": "summary_text", "text": "What is to be said?"}
        items.append({"id": item_id, "type": "reasoning", "summary": [summary]})
        items[-1]["encrypted_content"] = sealed(reply.prompt.model, item_id)
    status = "incomplete" if reply.finish == "length" else "completed"
    if reply.text:
        part = {"type": "output_text", "text": reply.text, "annotations": [], "logprobs": []}
        message = {"type": "message", "role": "assistant", "content": [part], "status": status}
        items.append({"id": f"msg_{reply.id}", **message})
    for index, use in enumerate(reply.tools):
        call = {"call_id": f"call_{reply.id}{index}", "name": use.name, "arguments": use.arguments}
        fc_id = f"fc_{reply.id}{index}"
        items.append({"id": fc_id, "type": "function_call", **call, "status": "completed"})
    return items


_Event: TypeAlias = tuple[str, Mapping[str, object], int]


def _events(reply: Reply) -> Iterator[_Event]:
    """Kind, fields and how much of the answer each event holds."""
    yield "response.created", {"response": _response(reply)}, 0
    yield "response.in_progress", {"response": _response(reply)}, 0
    for index, item in enumerate(_output(reply)):
        fill = {"message": _message, "function_call": _call, "reasoning": _reasoning}
        yield from fill[str(item["type"])](item, index)
        yield "response.output_item.done", {"output_index": index, "item": item}, 0
    ended = _ended(reply)
    yield f"response.{ended['status']}", {"response": ended}, 0


def _added(item: Json, index: int, **bare: object) -> _Event:
    shown = {**item, **bare, "status": "in_progress"}
    return "response.output_item.added", {"output_index": index, "item": shown}, 0


def _message(item: Json, index: int) -> Iterator[_Event]:
    content = item["content"]
    assert isinstance(content, list)  # noqa: S101 - made above
    (part,) = content
    place = {"item_id": item["id"], "output_index": index, "content_index": 0}
    yield _added(item, index, content=[])
    yield "response.content_part.added", {**place, "part": {**part, "text": ""}}, 0
    for text in pieces(part["text"]):
        fields = {**place, "delta": text, "logprobs": [], "obfuscation": "x" * 7}
        yield "response.output_text.delta", fields, len(text)
    done = {**place, "text": part["text"], "logprobs": []}
    yield "response.output_text.done", done, 0
    yield "response.content_part.done", {**place, "part": part}, 0


def _call(item: Json, index: int) -> Iterator[_Event]:
    place = {"item_id": item["id"], "output_index": index}
    kind, fields, _ = _added(item, index, arguments="")
    yield kind, fields, len(str(item["name"]))
    for text in pieces(str(item["arguments"])):
        yield "response.function_call_arguments.delta", {**place, "delta": text}, len(text)
    done = {**place, "name": item["name"], "arguments": item["arguments"]}
    yield "response.function_call_arguments.done", done, 0


def _reasoning(item: Json, index: int) -> Iterator[_Event]:
    summary = item["summary"]
    assert isinstance(summary, list)  # noqa: S101 - made above
    (part,) = summary
    place = {"item_id": item["id"], "output_index": index, "summary_index": 0}
    yield _added(item, index, summary=[], encrypted_content=None)
    kind = "response.reasoning_summary"
    yield f"{kind}_part.added", {**place, "part": {**part, "text": ""}}, 0
    yield f"{kind}_text.delta", {**place, "delta": part["text"]}, 0
    yield f"{kind}_text.done", {**place, "text": part["text"]}, 0
    yield f"{kind}_part.done", {**place, "part": part}, 0
