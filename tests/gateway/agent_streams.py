"""Streams of tool calls and of reasoning, in the pieces in which providers send them."""

from __future__ import annotations

import json
from collections.abc import Sequence

__all__ = ["SAYS", "chat", "claude", "responses"]

CALLS = (
    ("read_file", {"path": "src/headgate/wire/sse.py", "from": 10, "to": 95}),
    ("run", {"command": 'grep -rn "tail" src \\\n  | head -5', "seconds": 30}),
)
THOUGHT = "The tail is kept until its blank line has come, so "
SAYS = ("tools", "thinking")
"""What the streams hold: two calls one after the other, or reasoning in thirty words."""

_USAGE = {"prompt_tokens": 200, "completion_tokens": 100, "total_tokens": 300}


def _cut(text: str, pieces: int) -> list[str]:
    size = -(-len(text) // pieces)
    return [text[at : at + size] for at in range(0, len(text), size)]


def _arguments(at: int) -> list[str]:
    """A call's arguments in fifteen pieces at most; one may end within an escape."""
    return _cut(json.dumps(CALLS[at][1]), 15)


def _words() -> Sequence[str]:
    return _cut((THOUGHT * 3)[:150], 30)


def _written(fields: object) -> bytes:
    return json.dumps(fields, separators=(",", ":")).encode()


def _chunk(**fields: object) -> bytes:
    return b"data: " + _written({"id": "c", "model": "gpt-5-mini", **fields}) + b"\n\n"


def _event(kind: str, **fields: object) -> bytes:
    data = _written({"type": kind, **fields})
    return b"event: " + kind.encode() + b"\ndata: " + data + b"\n\n"


def chat(says: str) -> list[bytes]:
    """Of chat completions."""

    def delta(**fields: object) -> bytes:
        return _chunk(choices=[{"index": 0, "delta": fields, "finish_reason": None}])

    events = [delta(role="assistant", content=None)]
    if says == "thinking":
        events += [delta(content=None, reasoning_content=word) for word in _words()]
        events.append(delta(content="Done."))
    else:
        for at, (name, _) in enumerate(CALLS):
            function: dict[str, object] = {"name": name, "arguments": ""}
            call = {"index": at, "id": f"call_{at}", "type": "function", "function": function}
            events.append(delta(tool_calls=[call]))
            events += [
                delta(tool_calls=[{"index": at, "function": {"arguments": piece}}])
                for piece in _arguments(at)
            ]
    reason = "stop" if says == "thinking" else "tool_calls"
    end = {"index": 0, "delta": {}, "finish_reason": reason}
    return [
        *events,
        _chunk(choices=[end]),
        _chunk(choices=[], usage=_USAGE),
        b"data: [DONE]\n\n",
    ]


def claude(says: str) -> list[bytes]:
    """Of Messages."""
    message = {"id": "msg_1", "type": "message", "role": "assistant", "model": "claude-haiku-4-5"}
    usage = {"input_tokens": 200, "output_tokens": 1}
    events = [_event("message_start", message={**message, "content": [], "usage": usage})]

    def block(index: int, begun: dict[str, object], *deltas: dict[str, str]) -> None:
        events.append(_event("content_block_start", index=index, content_block=begun))
        events.extend(_event("content_block_delta", index=index, delta=one) for one in deltas)
        events.append(_event("content_block_stop", index=index))

    if says == "thinking":
        thoughts = ({"type": "thinking_delta", "thinking": word} for word in _words())
        seal = {"type": "signature_delta", "signature": "EqQBCkYIARgCKkA="}
        block(0, {"type": "thinking", "thinking": "", "signature": ""}, *thoughts, seal)
        block(1, {"type": "text", "text": ""}, {"type": "text_delta", "text": "Done."})
    else:
        for at, (name, _) in enumerate(CALLS):
            pieces = ["", *_arguments(at)]
            deltas = ({"type": "input_json_delta", "partial_json": piece} for piece in pieces)
            block(at, {"type": "tool_use", "id": f"toolu_{at}", "name": name, "input": {}}, *deltas)
    stop = {"stop_reason": "end_turn" if says == "thinking" else "tool_use"}
    return [
        *events,
        _event("message_delta", delta=stop, usage={"output_tokens": 100}),
        _event("message_stop"),
    ]


def responses(says: str) -> list[bytes]:
    """Of the Responses API, with a length in each delta that tells nobody its text."""
    response = {"id": "resp_1", "model": "gpt-5-mini", "status": "completed", "usage": {}}
    events: list[bytes] = []

    def tell(kind: str, **fields: object) -> None:
        events.append(_event(kind, sequence_number=len(events), **fields))

    def fill(kind: str, item: str, pieces: Sequence[str], **fields: object) -> None:
        for at, piece in enumerate(pieces):
            pad = "aB3dE6gH9jK2mN5p"[: at % 16]
            tell(kind, item_id=item, **fields, delta=piece, obfuscation=pad)

    tell("response.created", response=response)
    if says == "thinking":
        item: dict[str, object] = {"id": "rs_0", "type": "reasoning", "summary": []}
        tell("response.output_item.added", output_index=0, item=item)
        kind = "response.reasoning_summary_text.delta"
        fill(kind, "rs_0", _words(), output_index=0, summary_index=0)
        tell("response.output_item.done", output_index=0, item=item)
    else:
        for at, (name, arguments) in enumerate(CALLS):
            call = {"id": f"fc_{at}", "type": "function_call", "call_id": f"call_{at}"}
            item = {**call, "name": name, "arguments": ""}
            tell("response.output_item.added", output_index=at, item=item)
            kind = "response.function_call_arguments.delta"
            fill(kind, f"fc_{at}", _arguments(at), output_index=at)
            item = {**item, "arguments": json.dumps(arguments)}
            tell("response.output_item.done", output_index=at, item=item)
    tell("response.completed", response=response)
    return events
