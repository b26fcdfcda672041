"""Round trips, neutral to dialect to neutral, keep what the dialect can say."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from headgate.wire.anthropic_messages import ANTHROPIC_MESSAGES
from headgate.wire.dialect import Dialect
from headgate.wire.neutral import (
    File,
    Image,
    JsonFormat,
    Message,
    Part,
    Request,
    SealedThinking,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    normal,
)
from headgate.wire.openai_chat import OPENAI_CHAT

_TEXT = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text.strip() == text)
_NAME = st.from_regex(r"[a-z_]{1,8}", fullmatch=True)
_IMAGE = st.builds(
    Image, st.just("aGk="), st.sampled_from(["image/png", "image/jpeg"])
) | st.builds(Image, url=st.just("https://example.com/a.png"))
_PDF = st.builds(
    File, st.just("JVBERi0="), st.just("application/pdf"), name=st.sampled_from(["a.pdf", "b.pdf"])
)
_CALL = st.builds(
    ToolCall,
    _NAME,
    _NAME,
    st.dictionaries(_NAME, st.integers(), max_size=2).map(
        lambda found: json.dumps(found, separators=(",", ":"))
    ),
)
_USER = st.lists(
    _TEXT.map(Text)
    | _IMAGE
    | _PDF
    | st.builds(ToolResult, _NAME, st.lists(_TEXT.map(Text), max_size=1).map(tuple)),
    min_size=1,
    max_size=3,
)
_THOUGHT = st.builds(Thinking, _TEXT, _NAME) | st.builds(SealedThinking, _NAME)


def _conversation(
    assistant: st.SearchStrategy[list[Part]],
) -> st.SearchStrategy[tuple[Message, ...]]:
    turn = st.tuples(_USER, assistant).map(
        lambda pair: [Message("user", tuple(pair[0])), Message("assistant", tuple(pair[1]))]
    )
    return st.tuples(st.lists(turn, max_size=2), _USER).map(
        lambda found: normal(
            [message for turn in found[0] for message in turn] + [Message("user", tuple(found[1]))]
        )
    )


# OpenAI has a turn's text before its calls, Anthropic any order and reasoning
_OPENAI_TURN: st.SearchStrategy[list[Part]] = st.tuples(
    st.lists(_TEXT.map(Text), min_size=1, max_size=2), st.lists(_CALL, max_size=2)
).map(lambda pair: [*pair[0], *pair[1]])
_ANTHROPIC_TURN: st.SearchStrategy[list[Part]] = st.lists(
    _TEXT.map(Text) | _CALL | _THOUGHT, min_size=1, max_size=3
)

_CLOSED: dict[str, object] = {
    "type": "object",
    "properties": {"a": {"type": "string"}},
    "required": ["a"],
    "additionalProperties": False,
}
_TOOLS = st.lists(
    st.builds(Tool, _NAME, st.just(_CLOSED), st.none() | _TEXT, st.booleans()),
    min_size=1,
    max_size=2,
    unique_by=lambda tool: tool.name,
).map(tuple)
_CHOICE = st.none() | st.sampled_from(
    [ToolChoice("auto"), ToolChoice("none"), ToolChoice("required"), ToolChoice("tool", "f")]
)
_REQUESTS = {
    "system": st.just("") | _TEXT,
    "tools": _TOOLS,
    "tool_choice": _CHOICE,
    "max_tokens": st.integers(1, 10_000),
    "temperature": st.none() | st.floats(0, 1),
    "stop": st.lists(_NAME, max_size=4).map(tuple),
    "user": st.none() | _NAME,
    "stream": st.booleans(),
}


def _back(dialect: Dialect, request: Request, model: str) -> Request:
    body = dialect.write_request(request, model)
    return dialect.read_request(dialect.read(body, {}), "another")


OPENAI_REQUESTS = st.builds(
    Request,
    messages=_conversation(_OPENAI_TURN),
    parallel=st.none() | st.booleans(),
    top_p=st.none() | st.floats(0, 1),
    format=st.none()
    | st.just(JsonFormat())
    | st.builds(JsonFormat, st.just(_CLOSED), _NAME, st.none() | _TEXT, st.booleans()),
    **_REQUESTS,
)
ANTHROPIC_REQUESTS = st.builds(
    Request,
    messages=_conversation(_ANTHROPIC_TURN),
    parallel=st.none(),
    format=st.none() | st.just(JsonFormat(_CLOSED, strict=True)),
    **_REQUESTS,
)


@given(OPENAI_REQUESTS)
def test_openai_keeps_what_it_can_say(request):
    found = _back(OPENAI_CHAT, request, "some-model")
    said = Request(
        **{
            name: getattr(request, name)
            for name in Request.__struct_fields__
            if name != "stream_usage"
        },
        stream_usage=request.stream,
    )
    assert found == said


@given(ANTHROPIC_REQUESTS)
def test_anthropic_keeps_what_it_can_say(request):
    assert _back(ANTHROPIC_MESSAGES, request, "claude-haiku-4-5") == request
