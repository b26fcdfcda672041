"""drafts: what the checks see of answers and streams in each dialect, and what was wanted."""

from __future__ import annotations

import json

import msgspec
import pytest

from headgate.values import Draft, ToolUse, Wanted
from headgate.wire.drafts import asking_logprobs, draft_of, streamed_draft, wanted_of
from headgate.wire.lane import DIALECTS, read

CHAT, RESPONSES, ANTHROPIC = (
    DIALECTS[name] for name in ("openai", "openai-responses", "anthropic")
)
LOGPROBS = {"content": [{"token": "a", "logprob": -0.5}, {"token": "b", "logprob": -1.5}]}


def chat(message: dict[str, object], finish: str = "stop", **choice: object) -> bytes:
    found = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion", "created": 1, "model": "m"}
    return json.dumps({**body, "choices": [{**found, **choice}]}).encode()


def test_a_whole_chat_completion():
    assert draft_of(CHAT, chat({"content": "Hi"})) == Draft(text="Hi", finish="stop")
    assert draft_of(CHAT, chat({"content": "H"}, "length")).finish == "length"
    assert draft_of(CHAT, chat({"refusal": "No.", "content": None})).refused
    assert draft_of(CHAT, chat({"content": "Hi"}, logprobs=LOGPROBS)).logprob == -1.0


def test_calls_of_a_chat_completion():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    draft = draft_of(CHAT, chat({"content": None, "tool_calls": [call]}, "tool_calls"))
    assert draft == Draft(calls=(ToolUse("f", "{}"),), finish="tool_calls")


def test_a_whole_message():
    body = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "Hm.", "signature": "s"},
            {"type": "text", "text": "Hi"},
            {"type": "tool_use", "id": "t", "name": "f", "input": {"a": 1}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {"input_tokens": 1, "output_tokens": 1},
    }
    draft = draft_of(ANTHROPIC, json.dumps(body).encode())
    assert (draft.text, draft.finish, draft.other) == ("Hi", "tool_calls", False)
    assert [(call.name, json.loads(call.arguments)) for call in draft.calls] == [("f", {"a": 1})]


def test_a_whole_response_with_its_log_probabilities():
    text = {"type": "output_text", "text": "Hi", "annotations": [], "logprobs": [{"logprob": -2}]}
    item = {"type": "message", "id": "i", "role": "assistant", "status": "completed"}
    body = {
        "id": "r",
        "object": "response",
        "created_at": 1,
        "status": "completed",
        "model": "m",
        "output": [{**item, "content": [text]}],
    }
    draft = draft_of(RESPONSES, json.dumps(body).encode())
    assert (draft.text, draft.finish, draft.logprob) == ("Hi", "stop", -2.0)


def chunk(delta: dict[str, object], finish: str | None = None, **choice: object) -> bytes:
    found = {"index": 0, "delta": delta, "finish_reason": finish, **choice}
    return b"data: " + json.dumps({"id": "c", "model": "m", "choices": [found]}).encode() + b"\n\n"


def call(index: int, **function: str) -> dict[str, object]:
    return {"tool_calls": [{"index": index, "id": f"t{index}", "function": function}]}


def test_a_streamed_chat_completion():
    stream = b"".join(
        [
            chunk({"role": "assistant", "content": "H"}, logprobs=LOGPROBS),
            chunk({"content": "i"}, logprobs={"content": [{"logprob": -4}]}),
            chunk({}, "stop"),
            b"data: [DONE]\n\n",
        ]
    )
    assert streamed_draft(CHAT, stream) == Draft(text="Hi", finish="stop", logprob=-2.0)


def test_calls_of_a_streamed_chat_completion_are_put_together():
    stream = b"".join(
        [
            chunk(call(0, name="f", arguments='{"a"')),
            chunk(call(0, arguments=": 1}")),
            chunk(call(1, name="g", arguments="{}")),
            chunk({}, "tool_calls"),
            b"data: [DONE]\n\n",
        ]
    )
    found = streamed_draft(CHAT, stream)
    assert found.calls == (ToolUse("f", '{"a": 1}'), ToolUse("g", "{}"))
    assert found.finish == "tool_calls"


def wanted(dialect: str, **fields: object) -> Wanted:
    turn = [{"role": "user", "content": "hi"}]
    place = "input" if dialect == "openai-responses" else "messages"
    body = {"model": "auto", "max_tokens": 9, place: turn, **fields}
    if dialect == "openai-responses":
        del body["max_tokens"]
    return wanted_of(read(dialect, json.dumps(body).encode(), {}))


SCHEMA = {"type": "object"}
FORM = {"type": "json_schema", "schema": SCHEMA, "name": "n"}


@pytest.mark.parametrize(
    ("dialect", "fields"),
    [
        ("openai", {"response_format": {"type": "json_schema", "json_schema": FORM}}),
        ("openai-responses", {"text": {"format": FORM}}),
        ("anthropic", {"output_config": {"format": FORM}}),
    ],
)
def test_the_schema_is_found_where_each_dialect_has_it(dialect, fields):
    assert wanted(dialect, **fields) == Wanted(json=True, schema=SCHEMA)
    assert wanted(dialect) == Wanted()


def test_json_without_a_schema_is_wanted_as_json():
    form = {"type": "json_object"}
    assert wanted("openai", response_format=form) == Wanted(json=True)
    assert wanted("openai", response_format={"type": "text"}) == Wanted()
    assert wanted("openai-responses", text={"verbosity": "low"}) == Wanted()


@pytest.mark.parametrize(
    ("dialect", "tool"),
    [
        ("openai", {"type": "function", "function": {"name": "f", "parameters": SCHEMA}}),
        ("openai-responses", {"type": "function", "name": "f", "parameters": SCHEMA}),
        ("anthropic", {"name": "f", "input_schema": SCHEMA}),
    ],
)
def test_tools_and_their_schemas_are_found(dialect, tool):
    assert wanted(dialect, tools=[tool]).tools == {"f": SCHEMA}


def test_what_cannot_be_read_is_not_asked_for():
    assert wanted("openai", tools=[5]) == Wanted()
    assert wanted("anthropic", tools=[{"name": "f", "input_schema": 5}]) == Wanted()


def test_log_probabilities_are_asked_for_unless_the_caller_has_said_something():
    asked = asking_logprobs("openai", b'{"model":"m"}', {})
    assert msgspec.json.decode(asked) == {"logprobs": True, "model": "m"}
    asked = asking_logprobs("openai-responses", b'{"model":"m"}', {})
    assert msgspec.json.decode(asked)["include"] == ["message.output_text.logprobs"]
    said = b'{"model":"m","logprobs":false}'
    assert asking_logprobs("openai", said, {"logprobs": False}) == said
    assert asking_logprobs("anthropic", b"{}", {}) == b"{}"
