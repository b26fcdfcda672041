"""Damaged requests, answers and streams through all that lies between a caller and a provider.

Real traffic of coding agents and real streams are damaged at random, as JSON (fields lost, renamed,
of another type, nested, huge) and as bytes (flipped, cut, repeated), and go through reading,
deciding's features, and every translation, both ways. What must hold:

- A request is read, or refused with a 4xx that says why. What is sent on is JSON.
- An answer is read, or unusable. A stream ends complete or with an error, one of the two.
- Whatever a caller is handed is events that its own dialect's reader accepts.
- A stream split anywhere gives the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from typing import Any

import msgspec
from tests.wire.agents import AGENTS, Traffic
from tests.wire.recordings import (
    OPENAI_TOOL_STREAM,
    RESPONSES_EVENTS,
    RESPONSES_STREAM,
    TOOL_STREAM,
    USAGE,
)

from headgate.errors import RequestError
from headgate.routing.features import request_of, traits, words
from headgate.wire.lane import DIALECTS, Flow, Inbound, UnusableAnswerError, lane, read
from headgate.wire.sse import Decoder

__all__ = ["body_case", "damaged", "scratched", "stream_case"]

MODELS = {
    "openai": ("gpt-5-mini", "gemini-2.5-flash", "gpt-4o"),
    "openai-responses": ("gpt-5", "o4-mini"),
    "anthropic": ("claude-haiku-4-5", "claude-opus-4-7", "claude-3-haiku-20240307"),
}
LONGEST_BODY = 8_000
"""Of the traffic that is damaged: longer requests only repeat the same turns."""
JUNK: tuple[Any, ...] = (
    None, True, 0, -1, 1, 2**53, 10**30, 1e308, -0.5, "", " ", "\x00", "é☕🦊", "\ud800", "null",
    [], {}, [[]], [None], {"": ""}, {"type": "text"}, {"type": None}, "x" * 3000, "text", "tool",
    "user", "assistant", "function", "https://example.com/a.png", "data:image/png;base64,aGk=",
)  # fmt: skip


def damaged(value: Any, chance: random.Random) -> Any:
    """A copy of decoded JSON with one place damaged."""
    if not isinstance(value, dict | list) or not value or chance.random() < 0.08:
        return _junk(value, chance)
    if isinstance(value, list):
        place = chance.randrange(len(value))
        return _damaged_list(list(value), place, chance)
    name = chance.choice(list(value))
    found = dict(value)
    match chance.randrange(8):
        case 0:
            del found[name]
        case 1:
            found[chance.choice(["type", "role", "content", "name", "x_new"])] = found.pop(name)
        case 2:
            found["x_new"] = _junk(None, chance)
        case _:
            found[name] = damaged(found[name], chance)
    return found


def _damaged_list(items: list[Any], place: int, chance: random.Random) -> list[Any]:
    match chance.randrange(8):
        case 0:
            del items[place]
        case 1:
            items.insert(place, items[place])
        case 2:
            chance.shuffle(items)
        case _:
            items[place] = damaged(items[place], chance)
    return items


def _junk(value: Any, chance: random.Random) -> Any:
    if chance.random() < 0.1:
        for _ in range(chance.choice([3, 40, 600])):
            value = [value] if chance.random() < 0.5 else {"content": value}
        return value
    return chance.choice(JUNK)


def written(value: Any, *, ascii_only: bool = True) -> bytes:
    """The value as JSON; one that is nested too deeply for Python's own writer is all brackets."""
    try:
        return json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    except RecursionError:
        return b"[" * 5000 + b"]" * 5000


def scratched(data: bytes, chance: random.Random) -> bytes:
    """The bytes with one place flipped, cut out, repeated, or something put in."""
    if not data:
        return data
    at, to = sorted((chance.randrange(len(data)), chance.randrange(len(data))))
    to = min(to, at + 400)
    inserted = chance.choice(
        [b"\r", b"\n", b"\n\n", b"\x00", b"\xff", b'"', b"{", b"}", b"[", b",", b"\\", b"\\ud800"]
    )
    changed = bytes([chance.randrange(256)])
    return chance.choice(
        [
            data[:at],
            data[:at] + data[to:],
            data[:to] + data[at:],
            data[:at] + changed + data[at + 1 :],
            data[:at] + inserted + data[at:],
        ]
    )


_BODIES = [one for one in AGENTS if len(json.dumps(one.body)) < LONGEST_BODY]
_STREAMS = {
    "openai": OPENAI_TOOL_STREAM,
    "openai-responses": RESPONSES_STREAM,
    "anthropic": TOOL_STREAM,
}
_CALL = {"name": "get_weather", "arguments": '{"city": "Porto"}'}
_ANSWERS: dict[str, Any] = {
    "openai": {
        "id": "chatcmpl-9",
        "object": "chat.completion",
        "created": 1755137921,
        "model": "gpt-5-nano",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "I look.",
                    "reasoning_content": "Hm.",
                    "refusal": None,
                    "tool_calls": [{"id": "call_1", "type": "function", "function": _CALL}],
                },
                "finish_reason": "tool_calls",
            }
        ],
        "usage": USAGE,
    },
    "openai-responses": next(
        event["response"] for event in RESPONSES_EVENTS if event["type"] == "response.completed"
    ),
    "anthropic": {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "EqQB"},
            {"type": "text", "text": "I look.", "citations": None},
            {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"city": "Porto"}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 25, "output_tokens": 9, "cache_read_input_tokens": 4},
    },
}


# ---- the two kinds of case


def body_case(chance: random.Random) -> str:
    """One damaged request through everything; what became of it, in a word."""
    traffic: Traffic = chance.choice(_BODIES)
    fields: Any = traffic.body
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        fields = damaged(fields, chance)
    body = written(fields, ascii_only=chance.random() < 0.8)
    if chance.random() < 0.3:
        body = scratched(body, chance)
    try:
        inbound = read(traffic.dialect, body, traffic.headers)
    except RequestError as refusal:
        _check_refusal(refusal)
        return "refused"
    request = request_of(inbound.ask)
    traits(request, len(words(request.text)))
    return "+".join([_sent(inbound, target, chance) for target in DIALECTS])


def _sent(inbound: Inbound, target: str, chance: random.Random) -> str:
    try:
        way = lane(inbound, target, at=0)
        way.passed()
        sent = way.request(chance.choice(MODELS[target]))
    except RequestError as refusal:
        _check_refusal(refusal)
        return "no"
    try:
        told = msgspec.json.decode(sent)
    except msgspec.ValidationError:  # 41e308, beyond a float, is JSON all the same
        told = json.loads(sent)
    assert isinstance(told, dict), "what is sent is no JSON object"
    return "yes"


def _check_refusal(refusal: RequestError) -> None:
    assert 400 <= refusal.status < 500, f"status {refusal.status}"
    assert len(str(refusal)) > 15, "a refusal without a reason"
    str(refusal).encode()


def stream_case(chance: random.Random) -> str:
    """One damaged stream and one damaged answer, to a caller of any dialect."""
    provider, caller = chance.choice(list(_STREAMS)), chance.choice(list(_STREAMS))
    data = _STREAMS[provider]
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        data = _damaged_stream(data, chance)
    inbound = _asking(caller)
    whole, flow = _passed(inbound, provider, [data])
    cuts = sorted(chance.randrange(len(data) + 1) for _ in range(chance.choice([1, 2, 30])))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    again, second = _passed(inbound, provider, pieces)
    assert whole == again, "a split changed the bytes"
    assert flow.usage == second.usage, "a split changed the usage"
    assert flow.complete != (flow.error is not None), "neither complete nor broken, or both"
    _check_events(caller, whole, complete=flow.complete)
    return f"{'complete' if flow.complete else 'broken'}, {_answered(inbound, provider, chance)}"


def _damaged_stream(data: bytes, chance: random.Random) -> bytes:
    if chance.random() < 0.5:
        return scratched(data, chance)
    events = data.split(b"\n\n")
    at = chance.randrange(len(events))
    head, found, tail = events[at].partition(b"data: ")
    try:
        told = json.loads(tail) if found else None
    except ValueError:
        told = None
    if told is None or chance.random() < 0.2:
        if chance.random() < 0.5:
            chance.shuffle(events)
        else:
            del events[at]
        return b"\n\n".join(events)
    events[at] = head + found + written(damaged(told, chance))
    return b"\n\n".join(events)


def _asking(dialect: str) -> Inbound:
    turn = [{"role": "user", "content": "Hi"}]
    body: dict[str, Any] = {"model": "auto", "stream": True}
    body |= {"input": turn} if dialect == "openai-responses" else {"messages": turn}
    if dialect == "anthropic":
        body["max_tokens"] = 100
    return read(dialect, json.dumps(body).encode(), {})


def _passed(inbound: Inbound, provider: str, pieces: Sequence[bytes]) -> tuple[bytes, Flow]:
    flow = lane(inbound, provider, at=0).flow()
    out = b"".join([flow.feed(piece) for piece in pieces]) + flow.end()
    return out, flow


def _check_events(caller: str, out: bytes, *, complete: bool) -> None:
    """The caller's own reader accepts every event, and the last says how it ended."""
    decoder, reader = Decoder(), DIALECTS[caller].reader()
    kinds = [
        type(said).__name__
        for event in [*decoder.feed(out), *decoder.end()]
        for said in reader.read(event)
    ]
    done = kinds.count("Done") == 1
    assert done == complete, f"complete is {complete}, but it ends {kinds[-3:]}"
    assert complete or "Failure" in kinds, f"broken, but it ends {kinds[-3:]}"


def _answered(inbound: Inbound, provider: str, chance: random.Random) -> str:
    """A damaged answer, and the same taken for an error's body."""
    told: Any = _ANSWERS[provider]
    for _ in range(chance.choice([0, 1, 1, 2, 4])):
        told = damaged(told, chance)
    body = written(told)
    if chance.random() < 0.3:
        body = scratched(body, chance)
    way = lane(inbound, provider, at=0)
    msgspec.json.decode(way.error(500, body))
    try:
        answered = way.answer(body)
    except UnusableAnswerError:
        return "unusable"
    if provider != inbound.dialect:  # else it is the provider's own, byte for byte
        msgspec.json.decode(answered.body)
    return "usable"
